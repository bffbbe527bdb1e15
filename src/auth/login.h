/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asynchronous password checks. Workers must not block, so the offload threads read password files and compute hashes,
 * a few at a time, and results are cached for a short time. All workers share one struct login, which belongs to the
 * process.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "auth/basic.h"
#include "base/address.h"
#include "engine/offload.h"

struct login;
struct login_file;

enum login_result {
	LOGIN_WAIT,	/* the check is pending; call login_check() again after done() */
	LOGIN_GOOD,	/* the password is correct */
	LOGIN_BAD,	/* unknown user or wrong password */
	LOGIN_BUSY,	/* the queue of pending checks is full */
	LOGIN_TOO_MANY, /* the client has too many queued checks */
	LOGIN_ERROR,	/* the check failed; the error was logged */
};

/*
 * A request that waits for a check. The caller provides the storage, sets the first two members, and sets the other
 * members to zero. From LOGIN_WAIT until done() runs, only login.c may access the struct.
 */
struct login_waiter {
	struct reactor *reactor;		   /* reactor of the calling worker */
	void (*done)(struct login_waiter *waiter); /* called on the thread of `reactor` */
	/* The members below are used by login.c only. */
	struct reactor_message message;
	struct login_waiter *next;
	enum login_result result;
	bool revalidated; /* the password file was revalidated for this waiter */
	bool decided;	  /* `result` is final */
};

/*
 * Creates the checker. At most half of the offload threads check passwords at the same time. Returns 0 or -errno. On
 * success, the caller owns *login. Called on the main thread.
 */
int login_new(struct login **login, struct offload *offload, unsigned offload_threads);
/*
 * Reads a htpasswd file that requests will use, and keeps it until login_free(). Adding a file again has no effect.
 * Returns 0, or -errno after logging the error. Called on the main thread.
 */
int login_add(struct login *login, const char *path);
/* Returns the file with this path, or NULL if login_add() has not added it. Thread-safe. */
struct login_file *login_file(const struct login *login, const char *path);

/*
 * Stops the checker. All queued checks end with LOGIN_BUSY, and no further check is queued. Must be called before
 * offload_stop(). Thread-safe.
 */
void login_stop(struct login *login);
/* Frees the checker and its password files. Must be called after offload_stop(). NULL is allowed. */
void login_free(struct login *login);

/*
 * Checks the credentials of a request from this client. Never blocks. After LOGIN_WAIT and done(), the caller calls
 * login_check() again with the same waiter and the same credentials. Must be called on the thread of waiter->reactor.
 */
enum login_result login_check(struct login *login, struct login_file *file, const struct basic *basic,
			      const struct address *client, struct login_waiter *waiter);

#endif
