/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window of a transfer: a ring of slots with the next pieces of the body, in order. Each slot requests its piece of
 * the file from the store, and keeps the extent pinned until the slot is released. A window is embedded in its
 * transfer, and belongs to the reactor's thread.
 */
#ifndef REQUEST_WINDOW_H
#define REQUEST_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/pins.h"
#include "request/plan.h"
#include "store/file.h"
#include "store/forecast.h"
#include "store/store.h"

#define WINDOW_MIN 2 /* pieces: the current piece and the next one */
#define WINDOW_MAX 32

struct window;

struct window_options {
	struct store *store;
	struct file *file;		   /* the window adds a reference */
	const struct range_set *set;	   /* must live as long as the window */
	const struct multipart *multipart; /* must live as long as the window; NULL: one range */
	/* Size of a piece: a power of two from 4 KiB. At most SHARD_EXTENT_BYTES, unless the file has one extent. */
	size_t block_bytes;
	unsigned size_max;	      /* maximum number of slots: WINDOW_MIN to WINDOW_MAX */
	size_t share_bytes;	      /* the memory that the windows of all transfers may use together */
	const atomic_uint *transfers; /* number of transfers; NULL: only this one */
	bool at_once; /* the response is short: requests size_max pieces at once, in the class QUEUE_FIRST */
	bool exact;   /* memory is short: reads pieces, not whole extents, which may be evicted before they are used */
	const void *client;	/* as in struct store_want */
	bool transient, pinned; /* as in struct store_want */
	struct pins *pins;	/* counts the pinned memory; must live as long as the window; NULL: not counted */
};

struct window_slot {
	struct store_want want;
	struct window *window;
	struct plan before;   /* state of the plan before this piece */
	bool is_text;	      /* the piece is the header of a part of a multipart; nothing is read */
	bool is_written;      /* transfer.c has written this text */
	unsigned part;	      /* the part that follows this text */
	uint64_t offset;      /* offset of the piece in the file, in bytes */
	size_t length, taken; /* size of the piece, and number of bytes sent from it */
	bool ready;	      /* the read has ended */
	int error;	      /* result of the read: 0 or -errno */
};

struct window {
	struct window_options options;
	void (*read_ended)(struct window *window, const struct window_slot *slot);
	struct descriptor *descriptor; /* a reference, which keeps the file open; NULL: not opened yet */
	struct store_opening *opening; /* the opening of the file in the background; NULL: none */
	struct forecast_reader reader; /* spares the extents that the body will soon need */
	struct plan plan;	       /* the pieces after the last slot */
	unsigned head, count;	       /* index of the head slot, and number of filled slots */
	unsigned size;		       /* number of slots to fill, for readahead */
	unsigned send_size;	       /* number of slots to fill, for the next send */
	bool started;		       /* the first piece was requested; later pieces must not fail with -EBUSY */
	bool released;		       /* no slot is filled; the plan continues with the piece that was the head */
	size_t taken;		       /* if `released`: number of bytes sent from that piece */
	unsigned lean_pieces;	       /* number of small pieces still to request, because memory was short */
	struct window_slot *slots;     /* array of size_max slots; memory of the caller */
};

/*
 * Initialises a window, and requests its first pieces. `slots` is memory for options->size_max slots, all zero.
 * read_ended() is called when the read of a slot has ended, which may be before this function returns.
 */
void window_init(struct window *window, const struct window_options *options, struct window_slot *slots,
		 void (*read_ended)(struct window *window, const struct window_slot *slot));
/*
 * Releases all slots and the file. Reads in flight complete without the window. read_ended() is not called afterwards.
 */
void window_fini(struct window *window);

/* Returns the slot of the next piece, filled if necessary, or NULL at the end of the body. */
struct window_slot *window_head(struct window *window);
/* Returns the first slot with a piece of the file, or NULL. The client waits for this piece next. */
struct window_slot *window_first_span(const struct window *window);
/* Returns the slot `i` places after the head, or NULL. The window is not filled further. */
struct window_slot *window_slot(const struct window *window, unsigned i);
/* Returns true if the slot `i` places after the head has the last piece of the body. */
bool window_is_last(const struct window *window, unsigned i);
/*
 * Sets the number of bytes that the client takes at a time. If memory permits, the window has room for them. If the
 * number shrinks, the client is slower than the disk, so that less is read ahead.
 */
void window_set_send_bytes(struct window *window, size_t bytes);
/* Releases the head slot, and requests the next piece unless the window is lean. */
void window_advance(struct window *window);

/*
 * Handles a piece that the client needs now and that is not available yet. Changes its class from QUEUE_AHEAD to
 * QUEUE_STREAM. Doubles the window, because too few pieces were read ahead.
 */
void window_promote(struct window *window, struct window_slot *slot);

/*
 * Returns true if the window is lean, because memory is short. A lean window has no readahead and requests small
 * pieces. It should not pin memory while the client receives bytes.
 */
bool window_is_lean(const struct window *window);
/* Releases all slots, and resets the plan to the first byte that was not sent. At least one slot must be filled. */
void window_release(struct window *window);
/* Releases all slots after the next piece of the file, and resets the size of the window. */
void window_release_readahead(struct window *window);
/* Requests the pieces of a released window again. */
void window_refill(struct window *window);
/*
 * If there was no memory for the next piece, requests smaller pieces in its place and returns true. Otherwise returns
 * false.
 */
bool window_divide(struct window *window);

#endif
