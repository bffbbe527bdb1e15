/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the first bytes of a body came from, and what they waited for: Cache-Status (RFC 9211) and Server-Timing. */
#ifndef STEPS_PROVENANCE_H
#define STEPS_PROVENANCE_H

#include "request/request.h"

/* The body is about to be wanted: from here on it waits. */
void provenance_begin(struct request *request);

/* The first bytes of the body are there: adds the fields that the blocks ask for. */
void provenance_add(struct request *request);

#endif
