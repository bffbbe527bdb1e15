/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request from its header fields to its reply, as a table of steps (request.c). It knows no sockets: the server gives it
 * fields and a wake function, runs it, and sends the reply it made. Belongs to its reactor's thread.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "http/fields.h"
#include "http/mime.h"
#include "http/multipart.h"
#include "http/path.h"
#include "http/range.h"
#include "http/reply.h"
#include "http/rules.h"
#include "http/transfer.h"
#include "http/validator.h"
#include "store/files.h"
#include "store/store.h"

struct request;

/* What all requests of one reactor share. */
struct request_site {
	struct reactor *reactor;
	struct store *store;
	struct files *files;
	const struct mime *mime;
	const struct rules *rules;
	struct cache *cache;
	/* True: the caller has a reply ready for all of request->file, and put it into request->reply. */
	bool (*ready)(void *context, struct request *request);
	void *ready_context;
	size_t ready_bytes; /* that such replies may pin */
	atomic_uint *transfers; /* of the process: the block of a new one shrinks as they multiply */
	bool dotfiles;		/* serve names that begin with a dot */
};

struct request {
	const struct request_site *site;
	void (*wake)(struct request *request);	/* what request_run() or the transfer waited for has come */
	void (*ended)(struct request *request); /* request_fini() said false, and now it is over */
	const void *client; /* between whom the disk's queue goes round */
	/* given */
	enum method method;
	char *target; /* raw; owned */
	struct fields fields;
	/* found on the way */
	const struct request_step *step;
	const struct rule *rule; /* of the path; of the index once that is what is served */
	bool index; /* a directory was asked for: this is its index.html */
	unsigned attempts;
	struct files_want lookup;
	bool looking;
	struct file *file;
	bool whole; /* If-Range did not match */
	struct store_want want;
	struct transfer *transfer;
	size_t copy_bytes; /* of the transfer: what is copied for its client at a time, at most */
	int error; /* of the file or the disk, for the log */
	uint64_t error_offset;
	bool over; /* request_fini() was called; the lookup's answer is still to come */
	struct multipart multipart;
	struct reply reply;
	/* From here on nothing is cleared beforehand: it is large, and filled before it is read. */
	struct validator validator;
	struct path path;
	struct range_set ranges;
};

enum request_state { REQUEST_WAITS, REQUEST_REPLIES };

/* Storage of the caller's, in any state; wake, ended and client are set by the caller after it. target is copied. 0 or -ENOMEM. */
int request_init(struct request *request, const struct request_site *site, const char *target);
/*
 * What it waits for ends by itself; wake() will not run. True: the storage is the caller's again. False: it is once ended() runs,
 * which may be after the server has gone.
 */
bool request_fini(struct request *request);

/* Makes the reply a refusal with this status; the connection must close behind it if the request's body was not read. */
void request_refuse(struct request *request, unsigned status);

/* How much of a transfer is to be copied for its client now. */
size_t request_copy_bytes(const struct request *request);

/* Goes on until it must wait (wake() will run: call again then) or the reply is made. */
enum request_state request_run(struct request *request);

#endif
