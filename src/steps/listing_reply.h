/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listing as the reply to a request for a folder. Belongs to the request's reactor's thread. */
#ifndef STEPS_LISTING_REPLY_H
#define STEPS_LISTING_REPLY_H

#include "request/request.h"

/* Begins to read the folder request->path.file. STEP_NEXT: listing_reply_make() is what follows; or STEP_REPLY: a
 * refusal. */
enum step_result listing_reply_begin(struct request *request);
/* STEP_WAIT: wake() will run, and it is called again. STEP_REPLY: the listing, a 304, a 412, or a refusal. */
enum step_result listing_reply_make(struct request *request);

#endif
