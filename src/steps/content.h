/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that turn a file into a reply: prebuilt responses, preconditions, ranges, and the first bytes. They run on
 * the reactor's thread.
 */
#ifndef STEPS_CONTENT_H
#define STEPS_CONTENT_H

#include "request/request.h"

/* Step: uses a prebuilt response if one exists and the request has no conditions. Returns STEP_NEXT or STEP_REPLY. */
enum step_result content_prebuilt(struct request *request);
/*
 * Step: evaluates the preconditions (RFC 9110 section 13.2.2). Returns STEP_NEXT, or STEP_REPLY with 304 or 412.
 */
enum step_result content_preconditions(struct request *request);
/*
 * Step: parses the Range field and makes the header of a 200 or 206. Returns STEP_NEXT, STEP_REPLY with an error, or
 * STEP_TO_FIND if the file may have grown since it was looked up.
 */
enum step_result content_range(struct request *request);
/* Step: requests the first bytes from the store. Returns STEP_NEXT, STEP_REPLY, or STEP_TO_FIND if the file changed. */
enum step_result content_read(struct request *request);
/* Step: waits for the first bytes. Returns STEP_WAIT, STEP_REPLY, or STEP_TO_FIND if the file changed. */
enum step_result content_bytes(struct request *request);

/* Releases the body and the selected file, before another file is looked up. */
void content_drop(struct request *request);

#endif
