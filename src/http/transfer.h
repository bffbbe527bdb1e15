/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A body longer than one block on its way to a client: pieces of a plan, read ahead of the client and copied out in order. Each
 * piece's memory goes back as soon as it was copied. Belongs to its reactor's thread.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http/plan.h"
#include "store/file.h"
#include "store/store.h"

#define TRANSFER_SLOTS 3 /* pieces under way at most: the one the client takes from, and two ahead of it */

struct transfer;

struct transfer_options {
	struct store *store;
	struct file *file;		   /* a reference is taken */
	const struct range_set *set;	   /* lives as long as the transfer */
	const struct multipart *multipart; /* likewise; NULL for one range */
	size_t block_bytes;		   /* a power of two, POOL_BLOCK_MIN_BYTES … half of POOL_BLOCK_MAX_BYTES */
	void (*wake)(void *context);	   /* what was found missing (-EAGAIN) has come or failed; once for each time */
	void *context;
};

/* Starts reading. 0 with *transfer owned by the caller, or -ENOMEM. */
int transfer_new(struct transfer **transfer, const struct transfer_options *options);
/* Reads in flight end by themselves. NULL is fine. */
void transfer_free(struct transfer *transfer);

/* 0: the next bytes of the file are there. -EAGAIN: not yet, wake() will run. Another -errno: the transfer can't go on. */
int transfer_ready(struct transfer *transfer);

/*
 * Copies at most length bytes. Their number; 0 at the end; -EAGAIN: none is there yet, wake() will run; another -errno: it
 * can't go on (-ESTALE: the file changed).
 */
ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length);

/*
 * Gives back all memory that the transfer holds; what it had read ahead is read again when the client goes on. Not while wake()
 * is due.
 */
void transfer_shed(struct transfer *transfer);

/* Where in the file the transfer stands or failed, for the log. */
uint64_t transfer_offset(const struct transfer *transfer);

#endif
