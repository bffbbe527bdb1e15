/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transfer: a body that is read piece by piece, ahead of the client. Its bytes are either copied out in order
 * (transfer_read()), or sent directly from the cache (transfer_gather()). Transfers are used for long bodies, for
 * bodies that do not lie in one extent, and for bodies that may not pin their extent. Each piece is unpinned as soon as
 * it has been copied or sent. A transfer belongs to its request and to the reactor's thread.
 *
 * States of a transfer:
 *
 *	transfer_new()
 *	     |
 *	     v    the next piece, or the proof of the version, is not available
 *	  FILLED ---------------------------------------------------------------> WAITING
 *	   ^  |  <---------------------------------------------------------------
 *	   |  |   the read or the proof has ended: wake()
 *	   |  |
 *	   |  |  transfer_release_window(), or after each copy or send while memory is short
 *	   |  v
 *	 RELEASED   nothing is pinned; transfer_ready(), transfer_read() and transfer_gather() request the pieces again
 *
 * FILLED and WAITING pin the extents of the pieces in the window. An error ends the transfer in any state. The
 * functions return the error, and the caller aborts the body.
 */
#ifndef REQUEST_TRANSFER_H
#define REQUEST_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "request/counters.h"
#include "request/window.h"
#include "store/store.h"

struct transfer;

struct transfer_options {
	struct window_options window;
	bool stale; /* the file could not be revalidated, so its version is not checked while its bytes are cached */
	uint64_t revalidate_ms;	     /* maximum age of a check of a remote file, while no bytes were read after it */
	struct counters *counters;   /* counters of the copied bytes; NULL: not counted */
	void (*wake)(void *context); /* called once after each -EAGAIN, when the bytes are available or have failed */
	void *context;
};

/* Creates a transfer and requests its first pieces. Returns 0 with *transfer owned by the caller, or -ENOMEM. */
int transfer_new(struct transfer **transfer, const struct transfer_options *options);
/* Frees the transfer. Reads in flight complete without it. NULL is allowed. */
void transfer_free(struct transfer *transfer);

/*
 * Returns 0 if the next bytes of the file are available, -EAGAIN if wake() will be called, or the -errno that ends the
 * transfer. The caller calls transfer_ready() before it sends the header, because this function also checks the version
 * of the file.
 */
int transfer_ready(struct transfer *transfer);

/*
 * Copies at most `length` bytes of the body. Returns the number of copied bytes, 0 at the end of the body, -EAGAIN if
 * no bytes are available and wake() will be called, or the -errno that ends the transfer (-ESTALE: the file changed).
 */
ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length);

/*
 * Finds the next bytes of the body without copying them, at most max_bytes. Sets the first *count of iov_max elements.
 * The bytes are valid until the next call of a function for this transfer. Returns the number of bytes, or the same
 * results as transfer_read(). The caller then calls transfer_consume().
 */
ssize_t transfer_gather(struct transfer *transfer, struct iovec *iov, unsigned iov_max, unsigned *count,
			size_t max_bytes);
/*
 * Removes bytes that transfer_gather() has found, because they were sent. If memory is short, also releases the pieces
 * that remain.
 */
void transfer_consume(struct transfer *transfer, size_t bytes);
/* Sets the number of bytes that the next sends will take, so that they are requested together. */
void transfer_set_send_bytes(struct transfer *transfer, size_t bytes);

/*
 * Releases all pieces of the window and resets the readahead, because the client has stalled. The next call of
 * transfer_read() or transfer_gather() requests the pieces again. Does nothing while a call of wake() is pending.
 */
void transfer_release_window(struct transfer *transfer);

/*
 * Releases the readahead, which is all pieces of the file after the next one. Called when a rate limit pauses the
 * response, and when the transfer waits for memory. Otherwise two transfers could each wait for memory that the other
 * transfer has pinned.
 */
void transfer_release_readahead(struct transfer *transfer);

/*
 * Returns the want of the first piece of the file in the window, or NULL if the window has none. Before the first copy,
 * this want reads the first bytes of the body.
 */
const struct store_want *transfer_first(const struct transfer *transfer);

/* Returns the offset in the file at which the transfer continues or has failed, for the log. */
uint64_t transfer_offset(const struct transfer *transfer);

#endif
