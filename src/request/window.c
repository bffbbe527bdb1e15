/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests the pieces of a transfer ahead of its client. The slots form a ring in the order of the body. The client's
 * bytes are copied or sent from the head slot on. The other slots are being read, or have been read ahead. When all
 * bytes of the head slot have been sent, the next piece of the plan fills this slot. The transfer owns the window. All
 * functions run on the reactor's thread.
 *
 * The size of the window is the number of slots to fill. The size doubles each time the client waits for the disk. When
 * the client stalls, the size is reset and all slots are released. Each slot stores the state of the plan before its
 * piece, so that the plan can continue from there.
 *
 * A window keeps the descriptor of its file, so a file that is replaced meanwhile is sent to its end. The file is
 * opened by the first read, or in the background if the first pieces are in the cache.
 *
 * Slots pin extents. At the limits of pins.c, the window is lean. A lean window has no readahead, and requests
 * LEAN_BYTES at a time.
 */
#include "request/window.h"

#include <errno.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/descriptors.h"

#define LEAN_BYTES ((size_t)16 * 1024)
#define FORECAST_MIN_BYTES ((uint64_t)8 << 20) /* a shorter body needs no forecast */
#define REFILL_MAX 4			       /* number of slots that are refilled together */
#define LEAN_PIECES 64 /* number of small pieces to request after a large one has failed for lack of memory */

static struct window_slot *slot_at(const struct window *window, unsigned i)
{
	return &window->slots[(window->head + i) % window->options.size_max];
}

struct window_slot *window_first_span(const struct window *window)
{
	for (unsigned i = 0; i < window->count; i++) {
		struct window_slot *slot = slot_at(window, i);

		if (!slot->is_text)
			return slot;
	}
	return NULL;
}

bool window_is_lean(const struct window *window)
{
	return window->lean_pieces > 0 || (window->options.pins != NULL && !pins_allow(window->options.pins, 0));
}

/*
 * Charges the memory that the slots pin, or will pin when their reads end. An extent that several adjacent slots use
 * counts once.
 */
static void charge(struct window *window)
{
	const struct cache_extent *before = NULL;
	size_t bytes = 0;

	if (window->options.pins == NULL)
		return;
	for (unsigned i = 0; i < window->count; i++) {
		const struct window_slot *slot = slot_at(window, i);

		if (slot->is_text || (slot->ready && slot->error != 0))
			continue;
		if (slot->want.extent == NULL)
			bytes += slot->length;
		else if (slot->want.extent != before)
			bytes += store_in_use_bytes(&slot->want);
		before = slot->want.extent;
	}
	pins_set(window->options.pins, bytes);
}

static void want_done(struct store_want *want)
{
	struct window_slot *slot = container_of(want, struct window_slot, want);
	struct window *window = slot->window;

	slot->ready = true;
	slot->error = want->error;
	if (window->descriptor == NULL && want->error == 0)
		window->descriptor = file_descriptor(window->options.file);
	charge(window);
	window->read_ended(window, slot);
}

static int request_piece(struct window *window, struct window_slot *slot, enum queue_class class)
{
	const struct window_options *options = &window->options;

	slot->want = (struct store_want){
		.file = options->file,
		.offset = slot->offset,
		.length = slot->length,
		.class = class,
		.client = options->client,
		.reach = options->exact || window->plan.block_bytes < options->block_bytes ? CACHE_EXACT
			 : slot->length == options->block_bytes				   ? CACHE_WHOLE
											   : CACHE_AS_NEEDED,
		.transient = options->transient,
		.pinned = options->pinned,
		.unproven = true,
		.divisible = slot->length > LEAN_BYTES,
		.rejectable = !window->started,
		.done = want_done,
	};
	return store_want(options->store, &slot->want);
}

/*
 * Requests the piece of a slot. Only the first piece may fail with -EBUSY, because the header of the response has not
 * been sent then. A later piece that is rejected is requested again in QUEUE_STREAM, which is never rejected.
 */
static void slot_want(struct window *window, struct window_slot *slot)
{
	int result =
		request_piece(window, slot, window->options.at_once || !window->started ? QUEUE_FIRST : QUEUE_AHEAD);

	if (result == -EBUSY && window->started)
		result = request_piece(window, slot, QUEUE_STREAM);
	window->started = true;
	if (result == 0)
		return; /* want_done() will be called, or has been called */
	slot->ready = true;
	slot->error = result < 0 ? result : 0;
}

static void slot_fill(struct window *window, struct window_slot *slot, const struct plan_piece *piece)
{
	*slot = (struct window_slot){
		.window = window,
		.is_text = piece->is_text,
		.part = piece->part,
		.offset = piece->offset,
		.length = piece->length,
		.ready = piece->is_text,
	};
	if (!piece->is_text)
		slot_want(window, slot);
}

/* Returns the number of slots for the readahead and for the next send, without regard to the memory. */
static unsigned wanted_size(const struct window *window)
{
	return window->size > window->send_size ? window->size : window->send_size;
}

/*
 * Returns the number of slots that the share of this transfer permits. The share depends on the current number of
 * transfers, not on the number at the start, so that a transfer that started early does not keep a large window.
 */
static unsigned share_slots(const struct window *window)
{
	const struct window_options *options = &window->options;
	size_t slots;

	if (options->transfers == NULL || options->at_once)
		return options->size_max;
	/* The memory order is relaxed, because an estimate is sufficient. */
	slots = options->share_bytes / options->block_bytes /
		(atomic_load_explicit(options->transfers, memory_order_relaxed) + 1);
	return slots > options->size_max ? options->size_max : slots < WINDOW_MIN ? WINDOW_MIN : (unsigned)slots;
}

/*
 * Returns the number of slots to fill now. A lean window of a multipart fills two slots, because the first one may be
 * the text before a part. The text pins no memory, and does not show whether there is memory for the part itself.
 */
static unsigned current_size(const struct window *window, bool lean)
{
	const struct pins *pins = window->options.pins;
	unsigned size, most;

	if (lean)
		return window->options.multipart != NULL ? 2 : 1;
	if (pins != NULL && !pins_allow_ahead(pins))
		return WINDOW_MIN;
	size = wanted_size(window);
	most = share_slots(window);
	return size < most ? size : most;
}

static void fill(struct window *window)
{
	const bool lean = window_is_lean(window);
	const unsigned size = current_size(window, lean);
	struct plan_piece piece;
	struct plan before;

	window->plan.block_bytes = lean && LEAN_BYTES < window->options.block_bytes ? LEAN_BYTES
										    : window->options.block_bytes;
	for (before = window->plan; window->count < size && plan_next(&window->plan, &piece); before = window->plan) {
		struct window_slot *slot = slot_at(window, window->count++);

		slot_fill(window, slot, &piece);
		slot->before = before;
		window->lean_pieces -= window->lean_pieces > 0 && !piece.is_text;
	}
	charge(window);
}

static void opened(void *context, struct descriptor *descriptor)
{
	struct window *window = context;

	window->opening = NULL;
	if (window->descriptor == NULL)
		window->descriptor = descriptor;
	else
		descriptors_unref(descriptor);
}

/*
 * Opens the file if the window is filled from the cache, but has no room for the whole body. A later piece may have to
 * come from the disk, and the path may lead to another file by then.
 */
static void open_early(struct window *window)
{
	struct plan plan = window->plan;
	struct plan_piece piece;

	if (window->descriptor != NULL || !plan_next(&plan, &piece))
		return;
	for (unsigned i = 0; i < window->count; i++)
		if (!slot_at(window, i)->ready)
			return; /* its read opens the file */
	if (store_is_resident(window->options.store, window->options.file))
		return;
	window->opening = store_open(window->options.store, window->options.file, opened, window);
}

/* Begins the forecast of a long body, which is one range. A transient file is not shared with other readers. */
static void begin_forecast(struct window *window)
{
	const struct window_options *options = &window->options;
	const struct byte_range *range = &options->set->ranges[0];

	if (options->multipart != NULL || options->transient || range->last - range->first < FORECAST_MIN_BYTES)
		return;
	forecast_begin(&window->reader, store_forecast(options->store), &options->file->version, range->last + 1);
	forecast_move(&window->reader, range->first, clock_now_ns());
}

void window_init(struct window *window, const struct window_options *options, struct window_slot *slots,
		 void (*read_ended)(struct window *window, const struct window_slot *slot))
{
	*window = (struct window){
		.options = *options,
		.read_ended = read_ended,
		.size = options->at_once ? options->size_max : WINDOW_MIN,
		.slots = slots,
	};
	file_ref(options->file);
	begin_forecast(window);
	window->descriptor = file_descriptor(options->file);
	plan_init(&window->plan, options->set, options->multipart, options->block_bytes);
	fill(window);
	open_early(window);
}

void window_fini(struct window *window)
{
	for (unsigned i = 0; i < window->count; i++)
		store_release(window->options.store, &slot_at(window, i)->want);
	if (window->options.pins != NULL)
		pins_set(window->options.pins, 0);
	forecast_pause(&window->reader);
	store_open_cancel(window->opening);
	descriptors_unref(window->descriptor);
	file_unref(window->options.file);
}

void window_release(struct window *window)
{
	const struct window_slot *head = slot_at(window, 0);

	window->released = true;
	window->taken = head->is_text ? head->taken : 0;
	window->plan = head->before;
	if (!head->is_text)
		window->plan.position += head->taken;
	for (unsigned i = 0; i < window->count; i++)
		store_release(window->options.store, &slot_at(window, i)->want);
	window->count = 0;
	charge(window);
}

void window_release_readahead(struct window *window)
{
	unsigned keep = 0;

	while (keep < window->count && slot_at(window, keep)->is_text)
		keep++;
	if (++keep >= window->count)
		return;
	window->plan = slot_at(window, keep)->before;
	for (unsigned i = keep; i < window->count; i++)
		store_release(window->options.store, &slot_at(window, i)->want);
	window->count = keep;
	window->size = WINDOW_MIN;
	charge(window);
}

void window_promote(struct window *window, struct window_slot *slot)
{
	const unsigned size_max = window->options.size_max;

	store_promote(window->options.store, &slot->want, QUEUE_STREAM);
	window->size = 2 * window->size < size_max ? 2 * window->size : size_max;
	fill(window);
}

void window_refill(struct window *window)
{
	if (!window->released)
		return;
	window->released = false;
	fill(window);
	slot_at(window, 0)->taken = window->taken;
}

bool window_divide(struct window *window)
{
	const struct window_slot *slot = window_first_span(window);

	if (slot == NULL || !slot->ready || slot->error != -ENOBUFS || !slot->want.divisible)
		return false;
	window_release(window);
	window->lean_pieces = LEAN_PIECES;
	window_refill(window);
	return true;
}

struct window_slot *window_head(struct window *window)
{
	window_refill(window);
	if (window->count == 0)
		fill(window);
	if (window_divide(window) && window->count == 0)
		return NULL;
	return window->count > 0 ? slot_at(window, 0) : NULL;
}

struct window_slot *window_slot(const struct window *window, unsigned i)
{
	return i < window->count ? slot_at(window, i) : NULL;
}

bool window_is_last(const struct window *window, unsigned i)
{
	struct plan plan = window->plan;
	struct plan_piece piece;

	return window->count == i + 1 && !plan_next(&plan, &piece);
}

/* The first and the last piece of a send may be partial, so a send may touch one piece more than its size suggests. */
void window_set_send_bytes(struct window *window, size_t bytes)
{
	const size_t slots = bytes / window->options.block_bytes + 1;
	const unsigned before = window->send_size;

	window->send_size = slots < window->options.size_max ? (unsigned)slots : window->options.size_max;
	if (window->send_size < before && window->size > WINDOW_MIN)
		window->size /= 2;
}

/* A refill requests several pieces at once, so that the disk queue can merge them into one read. */
void window_advance(struct window *window)
{
	const struct window_slot *head = slot_at(window, 0);
	const unsigned size = wanted_size(window), group = size / 2 < REFILL_MAX ? size / 2 : REFILL_MAX;

	if (!head->is_text)
		forecast_move(&window->reader, head->offset + head->length, clock_now_ns());
	store_release(window->options.store, &slot_at(window, 0)->want);
	window->head = (window->head + 1) % window->options.size_max;
	window->count--;
	if (window_is_lean(window) || (window->count > 0 && window->count + group > size))
		charge(window);
	else
		fill(window);
}
