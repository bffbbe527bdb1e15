/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether somebody's password is the right one, asked from a reactor that must not wait for the answer: files are read
 * and hashes computed by the offload threads, a few at a time, and what came out is remembered for a short while.
 * Shared by all reactors.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "auth/basic.h"
#include "base/address.h"
#include "engine/offload.h"

struct login;
struct login_file;

enum login_result {
	LOGIN_WAIT, /* done() will run: ask again then */
	LOGIN_GOOD,
	LOGIN_BAD,
	LOGIN_BUSY,	/* too many passwords wait to be checked */
	LOGIN_TOO_MANY, /* too many of this client do */
	LOGIN_BROKEN,	/* it can't be checked, which was logged */
};

/* Who waits: the caller's storage, all zero but for these two; from WAIT to done() it is not the caller's. */
struct login_want {
	struct reactor *reactor;
	void (*done)(struct login_want *want); /* on the reactor's thread */
	/* login.c's */
	struct reactor_message message;
	struct login_want *next;
	enum login_result result;
	bool looked, decided;
};

/* At most half of the offload threads check passwords at a time. 0 with *login owned by the caller, or -errno. Main
 * thread. */
int login_new(struct login **login, struct offload *offload, unsigned offload_threads);
/*
 * A htpasswd file that requests will ask about, from now to the end; twice is once. 0, or -errno, which was logged.
 * Main thread.
 */
int login_add(struct login *login, const char *path);
/* NULL: it was not added. Any thread. */
struct login_file *login_file(const struct login *login, const char *path);

/* Who waits in line gets BUSY, and nobody waits any more: for the end. Any thread. */
void login_stop(struct login *login);
/* After offload_stop(). NULL is fine. */
void login_free(struct login *login);

/*
 * What is known of these credentials, from this client. Never blocks. After WAIT and done() the same want asks again,
 * with the same credentials.
 */
enum login_result login_check(struct login *login, struct login_file *file, const struct basic *basic,
			      const struct address *client, struct login_want *want);

#endif
