/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listing as the reply to a request for a directory. Runs on the reactor's thread. */
#ifndef STEPS_LISTING_REPLY_H
#define STEPS_LISTING_REPLY_H

#include "request/request.h"

/*
 * Starts to read the directory request->path.file. Returns STEP_NEXT if listing_reply_make() is to run next, or
 * STEP_REPLY with an error.
 */
enum step_result listing_reply_begin(struct request *request);
/*
 * Step: waits for the first part of the listing. Returns STEP_WAIT, or STEP_REPLY with the listing, a 304, a 412, or an
 * error.
 */
enum step_result listing_reply_make(struct request *request);

#endif
