/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an errno is on the wire, decided in one place, and the small bodies of errors. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* The status for a -errno met while a file was found, opened or read. */
unsigned status_of_error(int error);

/* "404 Not Found\n": the body of an error; static. */
const char *status_body(unsigned status);

#endif
