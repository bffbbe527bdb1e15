/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transfer is a ring of slots in the order of the body. Each slot has one piece of the plan. The client's bytes are
 * copied from the head slot. The other slots are being read, or have been read ahead. When the head slot is copied, the
 * next piece of the plan takes its place. The transfer belongs to its request; everything runs on the reactor's thread.
 *
 * Versions. If the first bytes came from the cache, the version of the file is checked again before the header is sent,
 * because the file may have changed since its lookup. For a remote file, the last slot is held back until all bytes are
 * proven to belong to one version (see store/proof.h). The version is also checked once a second during the transfer,
 * so that it ends early if the file has changed.
 *
 * Readahead. The number of filled slots is the window. It doubles each time that the client had to wait for the disk.
 * When the client stalls, the window is reset and all slots are released. Each slot stores the state of the plan before
 * its piece, so that the plan can continue from there.
 *
 * Memory. Slots pin extents. At the limits of pins.c, a transfer is lean: it has no readahead, requests LEAN_BYTES at a
 * time, and pins nothing while its client receives the copied bytes.
 */
#include "request/transfer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container_of.h"

#define NO_PART UINT_MAX
#define LEAN_BYTES ((size_t)16 * 1024)
#define LEAN_PIECES 64 /* number of small pieces to request after a large one has failed for lack of memory */

struct slot {
	struct store_want want;
	struct transfer *transfer;
	struct plan before;   /* the state of the plan before this piece */
	bool is_text;	      /* the header of a part of a multipart: nothing to read */
	unsigned part;	      /* the part that follows this text */
	uint64_t offset;      /* in the file */
	size_t length, taken; /* size of the piece; number of its bytes that were copied */
	bool ready;	      /* the read has ended */
	int error;	      /* of the read; 0 or -errno */
};

struct transfer {
	struct transfer_options options;
	struct plan plan;
	unsigned head, count;
	unsigned window;
	bool started;	      /* the first piece was requested */
	bool checked;	      /* the version was checked before the header */
	bool waiting;	      /* wake() is due */
	struct proof *proof;  /* in progress; NULL: none */
	uint64_t begin_ns;    /* when the first bytes were available */
	uint64_t read_ns;     /* the latest read of all slots so far: the proof must be newer */
	int error;	      /* of the last proof */
	bool released;	      /* no slot is filled; the plan continues with the piece that was the head */
	size_t taken;	      /* if `released`: number of bytes of that piece that were copied */
	unsigned lean_pieces; /* number of small pieces still to request for lack of memory */
	char *text;	      /* the header of text_part, formatted when it is copied; NULL: not a multipart */
	unsigned text_part;
	struct slot slots[]; /* options.window_max of them */
};

static struct slot *slot_at(struct transfer *transfer, unsigned i)
{
	return &transfer->slots[(transfer->head + i) % transfer->options.window_max];
}

/* Returns the first slot with a piece of the file, which is the next one that the client waits for, or NULL. */
static struct slot *first_span(struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->count; i++) {
		struct slot *slot = slot_at(transfer, i);

		if (!slot->is_text)
			return slot;
	}
	return NULL;
}

static bool is_lean(const struct transfer *transfer)
{
	return transfer->lean_pieces > 0 || (transfer->options.pins != NULL && !pins_allow(transfer->options.pins, 0));
}

/*
 * Charges the memory that the slots pin, or will pin when their reads end. Adjacent slots in the same extent count
 * once.
 */
static void charge(struct transfer *transfer)
{
	const struct cache_extent *before = NULL;
	size_t bytes = 0;

	if (transfer->options.pins == NULL)
		return;
	for (unsigned i = 0; i < transfer->count; i++) {
		const struct slot *slot = slot_at(transfer, i);

		if (slot->is_text || (slot->ready && slot->error != 0))
			continue;
		if (slot->want.extent == NULL)
			bytes += slot->length;
		else if (slot->want.extent != before)
			bytes += store_in_use_bytes(&slot->want);
		before = slot->want.extent;
	}
	pins_set(transfer->options.pins, bytes);
}

static void want_done(struct store_want *want)
{
	struct slot *slot = container_of(want, struct slot, want);
	struct transfer *transfer = slot->transfer;

	slot->ready = true;
	slot->error = want->error;
	charge(transfer);
	if (transfer->waiting && slot == first_span(transfer)) {
		transfer->waiting = false;
		transfer->options.wake(transfer->options.context);
	}
}

static int request_piece(struct transfer *transfer, struct slot *slot, enum queue_class class)
{
	const struct transfer_options *options = &transfer->options;

	slot->want = (struct store_want){
		.file = options->file,
		.offset = slot->offset,
		.length = slot->length,
		.class = class,
		.client = options->client,
		.reach = options->exact || transfer->plan.block_bytes < options->block_bytes ? CACHE_EXACT
			 : slot->length == options->block_bytes				     ? CACHE_WHOLE
											     : CACHE_AS_NEEDED,
		.transient = options->transient,
		.pinned = options->pinned,
		.unproven = true,
		.divisible = slot->length > LEAN_BYTES,
		.rejectable = !transfer->started,
		.done = want_done,
	};
	return store_want(options->store, &slot->want);
}

/*
 * Requests the piece of a slot. Only the first piece may fail with -EBUSY, because the header is not sent yet. Later
 * pieces are requested with a class that the queue does not reject.
 */
static void slot_want(struct transfer *transfer, struct slot *slot)
{
	int result = request_piece(transfer, slot,
				   transfer->options.at_once || !transfer->started ? QUEUE_FIRST : QUEUE_AHEAD);

	if (result == -EBUSY && transfer->started)
		result = request_piece(transfer, slot, QUEUE_STREAM);
	transfer->started = true;
	if (result == 0)
		return; /* want_done() runs, or already has */
	slot->ready = true;
	slot->error = result < 0 ? result : 0;
}

static void slot_fill(struct transfer *transfer, struct slot *slot, const struct plan_piece *piece)
{
	*slot = (struct slot){
		.transfer = transfer,
		.is_text = piece->is_text,
		.part = piece->part,
		.offset = piece->offset,
		.length = piece->length,
		.ready = piece->is_text,
	};
	if (!piece->is_text)
		slot_want(transfer, slot);
}

/*
 * Returns the number of slots to fill. A lean multipart has two: the text before a part pins no memory, and does not
 * show whether there is memory for the part itself.
 */
static unsigned window_now(const struct transfer *transfer, bool lean)
{
	const struct pins *pins = transfer->options.pins;

	if (lean)
		return transfer->options.multipart != NULL ? 2 : 1;
	return pins == NULL || pins_allow_ahead(pins) ? transfer->window : TRANSFER_WINDOW_MIN;
}

static void fill(struct transfer *transfer)
{
	const bool lean = is_lean(transfer);
	const unsigned window = window_now(transfer, lean);
	struct plan_piece piece;
	struct plan before;

	transfer->plan.block_bytes = lean && LEAN_BYTES < transfer->options.block_bytes ? LEAN_BYTES
											: transfer->options.block_bytes;
	for (before = transfer->plan; transfer->count < window && plan_next(&transfer->plan, &piece);
	     before = transfer->plan) {
		struct slot *slot = slot_at(transfer, transfer->count++);

		slot_fill(transfer, slot, &piece);
		slot->before = before;
		transfer->lean_pieces -= transfer->lean_pieces > 0 && !piece.is_text;
	}
	charge(transfer);
}

int transfer_new(struct transfer **transfer, const struct transfer_options *options)
{
	struct transfer *t = calloc(1, sizeof(*t) + options->window_max * sizeof(t->slots[0]));

	if (t == NULL)
		return -ENOMEM;
	t->options = *options;
	t->text_part = NO_PART;
	if (options->multipart != NULL && (t->text = malloc(multipart_text_bytes(options->multipart))) == NULL) {
		free(t);
		return -ENOMEM;
	}
	t->window = options->at_once ? options->window_max : TRANSFER_WINDOW_MIN;
	file_ref(options->file);
	plan_init(&t->plan, options->set, options->multipart, options->block_bytes);
	fill(t);
	*transfer = t;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	proof_cancel(transfer->proof);
	for (unsigned i = 0; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	if (transfer->options.pins != NULL)
		pins_set(transfer->options.pins, 0);
	file_unref(transfer->options.file);
	free(transfer->text);
	free(transfer);
}

/* Releases all slots. The plan continues with the rest of the head slot. */
static void release_all(struct transfer *transfer)
{
	const struct slot *head = slot_at(transfer, 0);

	transfer->released = true;
	transfer->taken = head->is_text ? head->taken : 0;
	transfer->plan = head->before;
	if (!head->is_text)
		transfer->plan.position += head->taken;
	for (unsigned i = 0; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	transfer->count = 0;
	charge(transfer);
}

void transfer_release_readahead(struct transfer *transfer)
{
	unsigned keep = 0;

	while (keep < transfer->count && slot_at(transfer, keep)->is_text)
		keep++;
	if (++keep >= transfer->count)
		return;
	transfer->plan = slot_at(transfer, keep)->before;
	for (unsigned i = keep; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	transfer->count = keep;
	transfer->window = TRANSFER_WINDOW_MIN;
	charge(transfer);
}

/*
 * Returns 0 or the error of a slot that the client needs now, or -EAGAIN after it has started to wait. A piece that is
 * needed and not available gets the class of streams in place of readahead, and the window grows.
 */
static int slot_state(struct transfer *transfer, struct slot *slot)
{
	if (slot->ready)
		return slot->error;
	store_promote(transfer->options.store, &slot->want, QUEUE_STREAM);
	transfer->window = 2 * transfer->window < transfer->options.window_max ? 2 * transfer->window
									       : transfer->options.window_max;
	fill(transfer);
	if (slot->ready) /* the read ended in fill(), when want_done() had no reason to call wake() */
		return slot->error;
	if (is_lean(transfer))
		transfer_release_readahead(transfer);
	transfer->waiting = true;
	return -EAGAIN;
}

/* Requests the pieces of a released transfer again. */
static void refill(struct transfer *transfer)
{
	if (!transfer->released)
		return;
	transfer->released = false;
	fill(transfer);
	slot_at(transfer, 0)->taken = transfer->taken;
}

static void proof_ended(void *context, int error)
{
	struct transfer *transfer = context;

	transfer->proof = NULL;
	transfer->error = error;
	if (transfer->waiting) {
		transfer->waiting = false;
		transfer->options.wake(transfer->options.context);
	}
}

/*
 * Returns 0 if all bytes that were read before since_ns belong to the version of the file, -EAGAIN while that is being
 * checked, or another -errno.
 */
static int prove(struct transfer *transfer, uint64_t since_ns)
{
	int result = transfer->error;

	if (result == 0 && transfer->proof == NULL)
		result = store_prove(transfer->options.store, transfer->options.file, since_ns, proof_ended, transfer,
				     &transfer->proof);
	if (transfer->proof != NULL)
		return -EAGAIN;
	return result < 0 ? result : 0;
}

/*
 * Checks the version before the header is sent. If the file is local and its first bytes were read for this transfer,
 * the version was checked by the read.
 */
static int check_first(struct transfer *transfer, const struct slot *slot)
{
	int error = 0;

	if (transfer->begin_ns == 0)
		transfer->begin_ns = clock_now_ns();
	if (slot->want.source == STORE_CACHE || transfer->options.file->remote)
		error = prove(transfer, transfer->begin_ns);
	transfer->checked = error == 0;
	transfer->waiting = error == -EAGAIN;
	return error;
}

/*
 * If there was no memory for the next piece, requests smaller ones in its place, and returns true.
 */
static bool divide(struct transfer *transfer)
{
	const struct slot *slot = first_span(transfer);

	if (slot == NULL || !slot->ready || slot->error != -ENOBUFS || !slot->want.divisible)
		return false;
	release_all(transfer);
	transfer->lean_pieces = LEAN_PIECES;
	refill(transfer);
	return true;
}

int transfer_ready(struct transfer *transfer)
{
	struct slot *slot;
	int error;

	refill(transfer);
	transfer->started = false; /* the header is not sent: pieces that divide() requests may be rejected, too */
	divide(transfer);
	transfer->started = true;
	slot = first_span(transfer);
	if (slot == NULL)
		return 0;
	error = slot_state(transfer, slot);
	return error != 0 || transfer->checked ? error : check_first(transfer, slot);
}

static bool is_last(const struct transfer *transfer)
{
	struct plan plan = transfer->plan;
	struct plan_piece piece;

	return transfer->count == 1 && !plan_next(&plan, &piece);
}

/*
 * Decides whether bytes of this slot may be copied. For a remote file, the last slot must wait for the proof. Returns
 * 0, -EAGAIN or another -errno.
 */
static int check_version(struct transfer *transfer, const struct slot *slot)
{
	struct file *file = transfer->options.file;

	if (!file->remote)
		return 0;
	/* Memory order relaxed: the flag publishes nothing; a later check is as good. */
	if (atomic_load_explicit(&file->changed, memory_order_relaxed))
		return -ESTALE;
	if (!slot->is_text && slot->want.read_ns > transfer->read_ns)
		transfer->read_ns = slot->want.read_ns;
	if (is_last(transfer))
		return prove(transfer, transfer->read_ns);
	proof_refresh(file);
	return 0;
}

static void head_done(struct transfer *transfer, struct slot *slot)
{
	store_release(transfer->options.store, &slot->want);
	transfer->head = (transfer->head + 1) % transfer->options.window_max;
	transfer->count--;
	if (is_lean(transfer))
		charge(transfer);
	else
		fill(transfer);
}

/* Returns the slot of the next piece, filled if necessary, or NULL at the end. */
static struct slot *head_slot(struct transfer *transfer)
{
	refill(transfer);
	if (transfer->count == 0)
		fill(transfer);
	if (divide(transfer) && transfer->count == 0)
		return NULL;
	return transfer->count > 0 ? slot_at(transfer, 0) : NULL;
}

static void count(const struct transfer *transfer, const struct slot *slot, size_t bytes)
{
	struct counters *counters = transfer->options.counters;

	if (counters != NULL)
		counter_add(&counters->bytes[slot->is_text ? COUNTERS_OTHER : (enum counters_source)slot->want.source],
			    bytes);
}

/* Returns the bytes of a piece that is ready. */
static const char *slot_bytes(struct transfer *transfer, const struct slot *slot)
{
	if (!slot->is_text)
		return (const char *)slot->want.data;
	if (transfer->text_part != slot->part) {
		multipart_head(transfer->options.multipart, slot->part, transfer->text);
		transfer->text_part = slot->part;
	}
	return transfer->text;
}

ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length)
{
	struct slot *slot;
	size_t copied = 0;

	while (copied < length && (slot = head_slot(transfer)) != NULL) {
		/* Bytes that were copied are returned before an error. */
		int error = slot->ready ? slot->error : copied > 0 ? -EAGAIN : slot_state(transfer, slot);
		size_t n = slot->length - slot->taken;

		if (error == 0) {
			error = check_version(transfer, slot);
			transfer->waiting = error == -EAGAIN && copied == 0;
		}
		if (error != 0 && copied > 0)
			break;
		if (error != 0)
			return error;
		if (n > length - copied)
			n = length - copied;
		memcpy((char *)buffer + copied, slot_bytes(transfer, slot) + slot->taken, n);
		count(transfer, slot, n);
		copied += n;
		slot->taken += n;
		if (slot->taken == slot->length)
			head_done(transfer, slot);
	}
	if (transfer->count > 0 && is_lean(transfer))
		release_all(transfer);
	return (ssize_t)copied;
}

void transfer_release_window(struct transfer *transfer)
{
	if (transfer->count == 0 || transfer->waiting)
		return;
	transfer->window = TRANSFER_WINDOW_MIN;
	release_all(transfer);
}

const struct store_want *transfer_first(const struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->count; i++) {
		const struct slot *slot = &transfer->slots[(transfer->head + i) % transfer->options.window_max];

		if (!slot->is_text)
			return &slot->want;
	}
	return NULL;
}

uint64_t transfer_offset(const struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->count; i++) {
		const struct slot *slot = &transfer->slots[(transfer->head + i) % transfer->options.window_max];

		if (!slot->is_text)
			return slot->offset + slot->taken;
	}
	return 0;
}
