/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The status of a response for an errno, decided in one place, and the default bodies of errors. The functions are pure
 * and thread-safe.
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* Returns the status for a -errno that occurred when a file was looked up, opened or read. */
unsigned status_of_error(int error);

/* Returns the body of an error response, such as "404 Not Found\n", or "" for another status. The string is static. */
const char *status_body(unsigned status);

#endif
