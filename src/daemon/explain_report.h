/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the lines of --explain on stdout: the request, the result of each step, and the response. All functions are
 * called on the main thread.
 */
#ifndef DAEMON_EXPLAIN_REPORT_H
#define DAEMON_EXPLAIN_REPORT_H

#include "config/options.h"
#include "request/request.h"

/* Prints the request line of a GET. */
void explain_report_request(const char *target);
/* Prints the result of a step of the request. */
void explain_report_step(const struct options *options, const struct request *request, const struct request_step *step,
			 enum step_result result);
/* Prints the status and the header fields of the response. */
void explain_report_reply(const struct request *request);

#endif
