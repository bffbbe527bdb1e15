/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request to the admin listener and its answer, independent of the HTTP library. Each resource in the table of
 * admin.c receives a call. A resource runs on the thread of the connection, so it may block, but it must not hold a
 * lock that a reactor waits for. A resource calls one of the functions below to set the answer. If it sets no answer,
 * the status is 500.
 */
#ifndef ADMIN_ADMIN_CALL_H
#define ADMIN_ADMIN_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;

#define ADMIN_CALL_ARGUMENTS_MAX 8

/* An argument of the query, percent-decoded. The value is "" if there is no "=". */
struct admin_call_argument {
	const char *name, *value;
};

/*
 * Produces the next part of a streamed body: stores up to `bytes` bytes in buffer and returns their number. Returns 0
 * at the end of the body. Returns -EAGAIN if no bytes are available yet. The server then calls the function again at
 * once, so the function must wait for about 100 ms before it returns -EAGAIN. Any other -errno aborts the connection.
 * Runs on the thread of the connection.
 */
typedef ssize_t (*admin_call_read_fn)(void *context, char *buffer, size_t bytes);
/* Frees the context. Called once, after the body was sent or the client has disconnected. */
typedef void (*admin_call_free_fn)(void *context);

struct admin_call {
	struct process *process;
	const atomic_bool *stopping; /* true: the process stops, so the resource must return at once. Relaxed order */
	const char *path;
	const char *accept; /* value of the Accept field; "" if absent */
	bool post;	    /* false for GET and HEAD, which are answered alike */
	bool local;	    /* the connection uses a Unix socket */
	struct admin_call_argument arguments[ADMIN_CALL_ARGUMENTS_MAX];
	unsigned argument_count;
	/* the answer */
	unsigned status; /* 0: not set */
	const char *type;
	const char *policy; /* Content-Security-Policy of a page, or NULL; lives as long as the process */
	const char *text;   /* the body; NULL: read() produces the body */
	size_t length;
	char *owned; /* the text if it must be freed after sending, otherwise NULL */
	admin_call_read_fn read;
	admin_call_free_fn free;
	void *context; /* argument of read() and free() */
};

#define ADMIN_CALL_TEXT "text/plain; charset=utf-8"
#define ADMIN_CALL_JSON "application/json"
#define ADMIN_CALL_LINES "application/jsonl"

/* Returns the value of the first argument with this name, or NULL. */
const char *admin_call_argument(const struct admin_call *call, const char *name);

/* Answers with a text. type and text must be constants or live as long as the process. */
void admin_call_answer(struct admin_call *call, unsigned status, const char *type, const char *text, size_t length);
/*
 * Answers with a text that is freed with free() after sending. A NULL text means that memory ran out; the status is
 * then 503.
 */
void admin_call_answer_owned(struct admin_call *call, unsigned status, const char *type, char *text, size_t length);
/* Answers with one line of plain text. Appends the newline. */
void admin_call_say(struct admin_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Answers with a stream. read() is called until it returns 0 or an error. Then free() is called, which may be NULL. */
void admin_call_stream(struct admin_call *call, unsigned status, const char *type, admin_call_read_fn read,
		       admin_call_free_fn free, void *context);

#endif
