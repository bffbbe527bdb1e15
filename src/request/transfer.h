/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A body that is not one extent's on its way to a client: pieces of a plan, read ahead of the client and copied out in
 * order. Each piece is unpinned as soon as it was copied. Belongs to its reactor's thread.
 */
#ifndef REQUEST_TRANSFER_H
#define REQUEST_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "request/counters.h"
#include "request/pins.h"
#include "request/plan.h"
#include "store/file.h"
#include "store/store.h"

#define TRANSFER_WINDOW_MIN 2 /* pieces under way: the one the client takes from, and the one after it */
#define TRANSFER_WINDOW_MAX 32

struct transfer;

struct transfer_options {
	struct store *store;
	struct file *file;		   /* a reference is taken */
	const struct range_set *set;	   /* lives as long as the transfer */
	const struct multipart *multipart; /* likewise; NULL for one range */
	size_t block_bytes;		   /* of a piece: a power of two, 4 KiB … SHARD_EXTENT_BYTES */
	unsigned window_max;		   /* TRANSFER_WINDOW_MIN … TRANSFER_WINDOW_MAX */
	bool at_once; /* a short response: all of it is first bytes, and as much as window_max allows is wanted at once
		       */
	bool exact;   /* memory is short: what is read may be gone before the next piece of it is wanted */
	const void *client;	     /* see struct store_want */
	bool transient, pinned;	     /* likewise */
	struct pins *pins;	     /* lives as long as the transfer; NULL: nobody is charged */
	struct counters *counters;   /* of the bytes that are copied; NULL: none */
	void (*wake)(void *context); /* what was found missing (-EAGAIN) has come or failed; once for each time */
	void *context;
};

/* Wants the first pieces. 0 with *transfer owned by the caller, or -ENOMEM. */
int transfer_new(struct transfer **transfer, const struct transfer_options *options);
/* Reads in flight end by themselves. NULL is fine. */
void transfer_free(struct transfer *transfer);

/* 0: the next bytes of the file are there. -EAGAIN: not yet, wake() will run. Another -errno: the transfer can't go on.
 */
int transfer_ready(struct transfer *transfer);

/*
 * Copies at most length bytes. Their number; 0 at the end; -EAGAIN: none is there yet, wake() will run; another -errno:
 * it can't go on (-ESTALE: the file changed).
 */
ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length);

/*
 * Its client takes nothing: what was pinned ahead of it is given back, and wanted again when it goes on; and less is
 * read ahead from then on. Not while wake() is due.
 */
void transfer_shed(struct transfer *transfer);

/*
 * It waits, and so do others, for memory: what it has read ahead is given back, lest two of them wait for what the
 * other one has. Nothing unless wake() is due.
 */
void transfer_yield(struct transfer *transfer);

/* The first piece of the file, until the client has taken of it; NULL: there is none. */
const struct store_want *transfer_first(const struct transfer *transfer);

/* It is to go on later: what it has read ahead behind the piece that its client takes from is given back. Not while
 * wake() is due. */
void transfer_rest(struct transfer *transfer);

/* Where in the file the transfer stands or failed, for the log. */
uint64_t transfer_offset(const struct transfer *transfer);

#endif
