/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The admin listener's sockets and threads: one that accepts ("ranged-admin"), and one for each connection, so that
 * what answers may block. It takes its own connections only, few of them, and none of the workers' turns. Requests by
 * TCP must name a loopback host (a page of another origin that had its name resolve to 127.0.0.1 would not), and may
 * only read: what changes something comes by a Unix socket, whose permissions (0660) say who may.
 */
#ifndef ADMIN_ADMIN_LISTENER_H
#define ADMIN_ADMIN_LISTENER_H

#include "admin/admin_call.h"
#include "site/settings.h"

#define ADMIN_LISTENER_CONNECTIONS 32 /* who comes beyond that is told 503 */

enum admin_methods { ADMIN_GET = 1, ADMIN_POST = 2 }; /* bits; a HEAD is a GET */

struct admin_resource {
	const char *path; /* exactly */
	unsigned methods;
	void (*fn)(struct admin_call *call);
};

struct admin_listener;

struct admin_listener_options {
	const struct text_list *addresses;	/* of listen_address_admin_fault(): at least one */
	const struct admin_resource *resources; /* the last one has no path */
	struct process *process;		/* for the calls */
};

#define ADMIN_LISTENER_FAULT_BYTES 512

/* Listens. 0 with *listener owned by the caller, or -errno with the reason in `fault`. Main thread, before others have
 * begun. */
int admin_listener_open(struct admin_listener **listener, const struct admin_listener_options *options,
			char fault[ADMIN_LISTENER_FAULT_BYTES]);
/* Begins to answer. 0 or -errno. Main thread. */
int admin_listener_start(struct admin_listener *listener);
/* Gives its Unix sockets to this user and group. 0 or -errno. Main thread. */
int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/*
 * Ends what is under way, joins the threads, removes Unix sockets. False: a thread waits for a disk that does not
 * answer, and all is left as it is. NULL is fine. Main thread.
 */
bool admin_listener_close(struct admin_listener *listener);

/* The addresses really bound, "127.0.0.1:9180" or "unix:/path", into text; returns text, or NULL past the last. */
char *admin_listener_address(const struct admin_listener *listener, size_t i, char *text, size_t text_bytes);

#endif
