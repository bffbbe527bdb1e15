/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP client of the admin listener, over its Unix socket or over TCP, for one request at a time. client.c is the
 * only file that includes the header of libcurl. Functions that return int return 0 on success, or an exit status of
 * sysexits.h. After a failure, ctl_client_fault() returns the message. A client must be used by one thread at a time.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_CLIENT_FAULT_BYTES 512
#define CTL_CLIENT_ANSWER_MS 10000 /* time limit for a complete response; streams have no limit */

struct ctl_client;

/* Receives the next part of the body of a 200 response. */
typedef void (*ctl_client_body_fn)(void *context, const char *bytes, size_t count);

/*
 * Creates a client. Exactly one of socket_path and url is NULL. The strings must outlive the client. Returns NULL if
 * libcurl cannot be initialised or memory runs out.
 */
struct ctl_client *ctl_client_open(const char *socket_path, const char *url);
/* Cancels a request in progress and frees the client. NULL is allowed. */
void ctl_client_close(struct ctl_client *client);

/*
 * Starts a request for a resource, such as "/status". on_body receives the body. If on_body is NULL, the client stores
 * the body. The body of an error response is always stored.
 */
int ctl_client_start(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		     void *context);

/*
 * Transfers data until this number of milliseconds has passed or one of the `count` descriptors in fds is readable.
 * Returns true if the request has ended.
 */
bool ctl_client_wait(struct ctl_client *client, const int *fds, unsigned count, int milliseconds);

/* Ends the request. Cancels a request that is still in progress. Returns the result of the request. */
int ctl_client_end(struct ctl_client *client);

/* Starts a request, waits until it has ended, and returns its result. */
int ctl_client_request(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		       void *context);

/* Returns the stored body of the last request, terminated by a NUL. *bytes is the length without the NUL. */
const char *ctl_client_body(const struct ctl_client *client, size_t *bytes);
/* Returns the HTTP status of the last request, or 0 if there was no response. */
unsigned ctl_client_status(const struct ctl_client *client);
/* Returns the message of the last failure. */
const char *ctl_client_fault(const struct ctl_client *client);

/*
 * Returns a copy of the text, percent-encoded for a query. The caller frees the copy with free(). Returns NULL if
 * memory runs out.
 */
char *ctl_client_escape(const char *text);

/* Returns the version of libcurl. */
const char *ctl_client_library(void);

#endif
