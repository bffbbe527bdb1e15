/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks ranged's admin listener, by its Unix socket or by TCP, one thing at a time. The only file that knows libcurl.
 * Results are of sysexits.h, 0 is good, and what to say of a failure is in `fault`. One thread.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_CLIENT_FAULT_BYTES 512
#define CTL_CLIENT_ANSWER_MS 10000 /* an answer that is no stream has come by then */

struct ctl_client;

/* What comes of a body, as it comes, if the status is 200. NULL as the function: it is kept. */
typedef void (*ctl_client_take_fn)(void *context, const char *bytes, size_t count);

/* Either `socket_path` or `url` is NULL; both are the caller's for as long. NULL: libcurl can't. */
struct ctl_client *ctl_client_open(const char *socket_path, const char *url);
void ctl_client_close(struct ctl_client *client);

/* Begins to ask for a resource, "/status". 0 or a sysexit. */
int ctl_client_start(struct ctl_client *client, bool post, const char *resource, ctl_client_take_fn take,
		     void *context);

/* Goes on with it for up to so many milliseconds, or until one of `count` descriptors can be read. True: it has ended.
 */
bool ctl_client_turn(struct ctl_client *client, const int *fds, unsigned count, int milliseconds);

/* What came of it, and stops what has not ended. `fault` may be set though the result is 0: there is none then. */
int ctl_client_end(struct ctl_client *client);

/* All three. */
int ctl_client_ask(struct ctl_client *client, bool post, const char *resource, ctl_client_take_fn take, void *context);

/* Of what was asked last: the body (with a NUL behind it; also of an error), the status (0: none came), and the words
 * for a failure. */
const char *ctl_client_body(const struct ctl_client *client, size_t *bytes);
unsigned ctl_client_status(const struct ctl_client *client);
const char *ctl_client_fault(const struct ctl_client *client);

/* Escaped for a query; the caller's, free(). NULL: no memory. */
char *ctl_client_escape(const char *text);

/* The versions of what is in use. */
const char *ctl_client_library(void);

#endif
