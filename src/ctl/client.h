/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP client of the admin listener, over its Unix socket or over TCP, for one request at a time. client.c is the
 * only file that includes the header of libcurl. Functions that return int return an exit status of sysexits.h, where 0
 * is success; ctl_client_fault() then has the message. One thread uses a client.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_CLIENT_FAULT_BYTES 512
#define CTL_CLIENT_ANSWER_MS 10000 /* time limit for a complete response; streams have none */

struct ctl_client;

/* Receives the next part of the body of a 200 response. */
typedef void (*ctl_client_body_fn)(void *context, const char *bytes, size_t count);

/*
 * Makes a client. Either socket_path or url is NULL; both strings must outlive the client. Returns NULL if libcurl
 * cannot be initialised or memory runs out.
 */
struct ctl_client *ctl_client_open(const char *socket_path, const char *url);
/* Cancels a request in progress. NULL is allowed. */
void ctl_client_close(struct ctl_client *client);

/*
 * Starts a request for a resource, such as "/status". on_body receives the body; with NULL, the client stores the body.
 * The body of an error response is always stored.
 */
int ctl_client_start(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		     void *context);

/*
 * Transfers data for up to this many milliseconds, or until one of `count` descriptors becomes readable. Returns true
 * if the request has ended.
 */
bool ctl_client_wait(struct ctl_client *client, const int *fds, unsigned count, int milliseconds);

/* Ends the request, cancelling it if necessary, and returns its result. After success the fault is meaningless. */
int ctl_client_end(struct ctl_client *client);

/* Runs a request from its start to its end. */
int ctl_client_request(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		       void *context);

/* Returns the stored body of the last request, terminated by a NUL that *bytes does not count. */
const char *ctl_client_body(const struct ctl_client *client, size_t *bytes);
/* Returns the HTTP status of the last request, or 0 if there was no response. */
unsigned ctl_client_status(const struct ctl_client *client);
/* Returns the message of the last failure. */
const char *ctl_client_fault(const struct ctl_client *client);

/* Returns a text percent-encoded for a query, which the caller frees with free(); NULL if memory runs out. */
char *ctl_client_escape(const char *text);

/* Returns the version of libcurl. */
const char *ctl_client_library(void);

#endif
