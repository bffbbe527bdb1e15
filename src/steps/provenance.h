/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields Cache-Status (RFC 9211) and Server-Timing, with the source of the first bytes and the time to read them.
 */
#ifndef STEPS_PROVENANCE_H
#define STEPS_PROVENANCE_H

#include "request/request.h"

/* Starts the measurement, directly before the first bytes are requested from the store. */
void provenance_begin(struct request *request);

/* Adds the fields that the rules enable. The first bytes of the body must be available. */
void provenance_add(struct request *request);

#endif
