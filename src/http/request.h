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

#include "engine/pool.h"
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

/* What all requests of one reactor share. */
struct request_site {
	struct reactor *reactor;
	struct store *store;
	struct files *files;
	const struct mime *mime;
	const struct rules *rules;
	struct pool *pool;
	atomic_uint *transfers; /* of the process: the block of a new one shrinks as they multiply */
	bool dotfiles;		/* serve names that begin with a dot */
};

struct request {
	const struct request_site *site;
	void (*wake)(struct request *request); /* what request_run() or the transfer waited for has come */
	void *owner; /* of the server */
	/* given */
	enum method method;
	char *target; /* raw; owned */
	struct fields fields;
	/* found on the way */
	const struct request_step *step;
	struct path path;
	const struct rule *rule; /* of the path; of the index once that is what is served */
	bool index; /* a directory was asked for: this is its index.html */
	unsigned attempts;
	struct files_want lookup;
	bool looking;
	struct file *file;
	struct validator validator;
	bool whole; /* If-Range did not match */
	struct range_set ranges;
	struct multipart multipart;
	struct store_want want;
	struct transfer *transfer;
	size_t block_bytes; /* of the transfer */
	int error; /* of the file or the disk, for the log */
	uint64_t error_offset;
	bool freed; /* to be freed when the lookup's answer arrives */
	struct reply reply;
};

enum request_state { REQUEST_WAITS, REQUEST_REPLIES };

/* target is copied. NULL: no memory. */
struct request *request_new(const struct request_site *site, const char *target, void (*wake)(struct request *));
/* What it waits for ends by itself; wake() will not run. */
void request_free(struct request *request);

/* Makes the reply a refusal with this status; the connection must close behind it if the request's body was not read. */
void request_refuse(struct request *request, unsigned status);

/* Goes on until it must wait (wake() will run: call again then) or the reply is made. */
enum request_state request_run(struct request *request);

#endif
