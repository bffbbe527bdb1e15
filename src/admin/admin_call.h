/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request to the admin listener and the answer to it, apart from how either travels. What answers it is a function
 * of the table in admin.c; it runs on a thread of its connection, so it may block, and takes nothing that a reactor
 * must wait for. It sets one answer, by one of the functions below; without one the answer is 500.
 */
#ifndef ADMIN_ADMIN_CALL_H
#define ADMIN_ADMIN_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;

#define ADMIN_CALL_ARGUMENTS_MAX 8

struct admin_call_argument {
	const char *name, *value; /* decoded; "" without "=" */
};

/*
 * A body that is made as it goes: up to `bytes` of it into buffer: how many; 0: that was all; -EAGAIN: nothing yet, it
 * is called again at once, so it has waited some 100 ms; other -errno: the connection is cut. On the connection's
 * thread.
 */
typedef ssize_t (*admin_call_read_fn)(void *context, char *buffer, size_t bytes);
/* The body was sent, or its client has left. Once. */
typedef void (*admin_call_free_fn)(void *context);

struct admin_call {
	struct process *process;
	const atomic_bool *stopping; /* the process ends: finish at once */
	const char *path;
	const char *accept; /* the field's value; "" when it is not there */
	bool post;	    /* else it is a GET, or a HEAD, which is answered as one */
	bool local;	    /* it came in on a Unix socket */
	struct admin_call_argument arguments[ADMIN_CALL_ARGUMENTS_MAX];
	unsigned argument_count;
	/* the answer */
	unsigned status; /* 0: none yet */
	const char *type;
	const char *policy; /* Content-Security-Policy, of a page; as long as the process lives */
	const char *text;   /* length bytes; NULL: read() makes them */
	size_t length;
	char *owned; /* text, if it is to be freed */
	admin_call_read_fn read;
	admin_call_free_fn free;
	void *context;
};

#define ADMIN_CALL_TEXT "text/plain; charset=utf-8"
#define ADMIN_CALL_JSON "application/json"
#define ADMIN_CALL_LINES "application/jsonl"

/* The first of that name in the query; NULL: it was not given. */
const char *admin_call_argument(const struct admin_call *call, const char *name);

/* type and text are constants, or live as long as the process. */
void admin_call_answer(struct admin_call *call, unsigned status, const char *type, const char *text, size_t length);
/* Takes text over, which free() frees; NULL: there was no memory, 503. */
void admin_call_answer_owned(struct admin_call *call, unsigned status, const char *type, char *text, size_t length);
/* One line of plain text; the newline is added. */
void admin_call_say(struct admin_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* read() is called until it says 0, then free(), which may be NULL. */
void admin_call_stream(struct admin_call *call, unsigned status, const char *type, admin_call_read_fn read,
		       admin_call_free_fn free, void *context);

#endif
