/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring of slots in the order of the body. The head slot is what the client takes from; the ones behind it are being
 * read, or wait read for their turn. A slot that was emptied is filled with the plan's next piece at once.
 *
 * The version of the file is checked once more before the header, if the first bytes came from the cache: the file may
 * have changed since it was looked up, and then nothing is promised yet. Of a remote file the last slot is held back
 * until all bytes are proven (see store/proof.h), and the server is asked once a second while the transfer lasts, so
 * that it does not go on for nothing.
 *
 * How many are filled is the window: it doubles each time the client had to wait for the disk, and starts anew when the
 * client has stalled. Then the slots are given up altogether (shed), since each remembers the plan as it was before it.
 *
 * Slots pin extents. Where the bounds of pins.c are reached a transfer is lean: it reads nothing ahead, reads
 * LEAN_BYTES at a time, and pins nothing while its client takes what was copied.
 */
#include "request/transfer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NO_PART UINT_MAX
#define LEAN_BYTES ((size_t)16 * 1024)
#define LEAN_PIECES 64 /* after there was no memory for a large one */

struct slot {
	struct store_want want;
	struct transfer *transfer;
	struct plan before; /* the plan as it was when this piece was next */
	bool is_text;	    /* nothing to read; */
	unsigned part;	    /* it stands before this part of the multipart */
	uint64_t offset;
	size_t length, taken;
	bool ready;
	int error;
};

struct transfer {
	struct transfer_options options;
	struct plan plan;
	unsigned head, count;
	unsigned window;
	bool started;	      /* the first piece was wanted */
	bool checked;	      /* before the header */
	bool waiting;	      /* wake() is due */
	struct proof *proof;  /* that the transfer waits for */
	uint64_t begin_ns;    /* when the first bytes were there */
	uint64_t read_ns;     /* the latest of all slots so far: what is to be proven */
	int error;	      /* of a proof */
	bool shed;	      /* no slot is filled: the plan begins with the piece that was the head */
	unsigned lean_pieces; /* to come: there was no memory for a large one */
	size_t taken;	      /* of that piece */
	char *text; /* of the part before which text_part says: written when the client has come to it; NULL: not a
		       multipart */
	unsigned text_part;
	struct slot slots[]; /* options.window_max */
};

static struct slot *slot_at(struct transfer *transfer, unsigned i)
{
	return &transfer->slots[(transfer->head + i) % transfer->options.window_max];
}

/*
 * The first slot that waits for the disk while the client could take it next, text before it aside; NULL: nothing is
 * left to wait for.
 */
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

/* Charges what the slots pin, or will once their reads have ended. Neighbours that lie in one extent count once. */
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
	struct slot *slot = (struct slot *)((char *)want - offsetof(struct slot, want));
	struct transfer *transfer = slot->transfer;

	slot->ready = true;
	slot->error = want->error;
	charge(transfer);
	if (transfer->waiting && slot == first_span(transfer)) {
		transfer->waiting = false;
		transfer->options.wake(transfer->options.context);
	}
}

static int want(struct transfer *transfer, struct slot *slot, enum queue_class class)
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

/* -EBUSY is for the first piece only, when nothing is promised yet: what comes after it is never refused. */
static void slot_want(struct transfer *transfer, struct slot *slot)
{
	int result = want(transfer, slot, transfer->options.at_once || !transfer->started ? QUEUE_FIRST : QUEUE_AHEAD);

	if (result == -EBUSY && transfer->started)
		result = want(transfer, slot, QUEUE_STREAM);
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

/* The text before a part pins nothing, and is no sign that there will be memory for the part. */
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

/* All slots are given up. What is left of the first one is planned again. */
static void empty(struct transfer *transfer)
{
	const struct slot *head = slot_at(transfer, 0);

	transfer->shed = true;
	transfer->taken = head->is_text ? head->taken : 0;
	transfer->plan = head->before;
	if (!head->is_text)
		transfer->plan.position += head->taken;
	for (unsigned i = 0; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	transfer->count = 0;
	charge(transfer);
}

/* All but the first piece of the file, and what comes before that. */
static void keep_first(struct transfer *transfer)
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

/* The client has come to a slot that is not there yet: it is no readahead any more, and more should have been read
 * ahead. */
static int slot_state(struct transfer *transfer, struct slot *slot)
{
	if (slot->ready)
		return slot->error;
	store_promote(transfer->options.store, &slot->want, QUEUE_STREAM);
	transfer->window = 2 * transfer->window < transfer->options.window_max ? 2 * transfer->window
									       : transfer->options.window_max;
	fill(transfer);
	if (slot->ready) /* it came meanwhile, and nobody was woken */
		return slot->error;
	if (is_lean(transfer))
		keep_first(transfer);
	transfer->waiting = true;
	return -EAGAIN;
}

static void refill(struct transfer *transfer)
{
	if (!transfer->shed)
		return;
	transfer->shed = false;
	fill(transfer);
	slot_at(transfer, 0)->taken = transfer->taken;
}

static void proven(void *context, int error)
{
	struct transfer *transfer = context;

	transfer->proof = NULL;
	transfer->error = error;
	if (transfer->waiting) {
		transfer->waiting = false;
		transfer->options.wake(transfer->options.context);
	}
}

/* 0: all bytes that were read until then are of the file's version. -EAGAIN: that is being asked. Or another -errno. */
static int prove(struct transfer *transfer, uint64_t since_ns)
{
	int result = transfer->error;

	if (result == 0 && transfer->proof == NULL)
		result = store_prove(transfer->options.store, transfer->options.file, since_ns, proven, transfer,
				     &transfer->proof);
	if (transfer->proof != NULL)
		return -EAGAIN;
	return result < 0 ? result : 0;
}

/* Bytes that were read for this transfer or since it began were checked then, if the file is local. */
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

/* There was no memory for the piece that is needed next: smaller ones are tried. True: it was so. */
static bool divide(struct transfer *transfer)
{
	const struct slot *slot = first_span(transfer);

	if (slot == NULL || !slot->ready || slot->error != -ENOBUFS || !slot->want.divisible)
		return false;
	empty(transfer);
	transfer->lean_pieces = LEAN_PIECES;
	refill(transfer);
	return true;
}

int transfer_ready(struct transfer *transfer)
{
	struct slot *slot;
	int error;

	refill(transfer);
	transfer->started = false; /* nothing is promised: what is wanted in place of a first piece is one */
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

/* Whether bytes of a remote file may go out of this slot, which is ready. As prove(). */
static int may_take(struct transfer *transfer, const struct slot *slot)
{
	struct file *file = transfer->options.file;

	if (!file->remote)
		return 0;
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

/* The piece that is next; NULL: there are no more. */
static struct slot *head(struct transfer *transfer)
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

/* The bytes of a piece that is ready. */
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

	while (copied < length && (slot = head(transfer)) != NULL) {
		/* What is there goes out first. */
		int error = slot->ready ? slot->error : copied > 0 ? -EAGAIN : slot_state(transfer, slot);
		size_t n = slot->length - slot->taken;

		if (error == 0) {
			error = may_take(transfer, slot);
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
		empty(transfer);
	return (ssize_t)copied;
}

void transfer_shed(struct transfer *transfer)
{
	if (transfer->count == 0 || transfer->waiting)
		return;
	transfer->window = TRANSFER_WINDOW_MIN;
	empty(transfer);
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

void transfer_yield(struct transfer *transfer)
{
	if (transfer->waiting)
		keep_first(transfer);
}

void transfer_rest(struct transfer *transfer)
{
	if (!transfer->waiting)
		keep_first(transfer);
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
