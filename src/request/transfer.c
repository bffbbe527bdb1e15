/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Provides a body from its window, in order, and makes sure that all bytes belong to one version of the file. The
 * request owns the transfer. All functions run on the reactor's thread. window.c requests the pieces ahead of the
 * client.
 *
 * If the first bytes came from the cache, the version of the file is checked again before the header is sent, because
 * the file may have changed since its lookup. For a remote file, the last slot is held back until all bytes are proven
 * to belong to one version (see store/proof.h). The version is also checked once a second during the transfer, so that
 * the transfer ends early if the file has changed.
 *
 * While memory is short, a transfer releases its window after each copy or send. It then pins no extents while its
 * client receives the bytes.
 */
#include "request/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container_of.h"

struct transfer {
	struct transfer_options options;
	struct window window;
	bool checked;	     /* the version was checked before the header */
	bool waiting;	     /* the caller expects a call of wake() */
	struct proof *proof; /* proof in progress; NULL: none */
	uint64_t begin_ns;   /* time when the first bytes were available */
	uint64_t read_ns;    /* time of the latest read so far; the proof must be newer */
	int error;	     /* result of the last proof: 0 or -errno */
	char *texts;	     /* memory for the text of each slot, of text_bytes each; NULL: not a multipart */
	size_t text_bytes;
	struct window_slot slots[]; /* array of options.window.size_max slots */
};

static void wake(struct transfer *transfer)
{
	transfer->waiting = false;
	transfer->options.wake(transfer->options.context);
}

/* Implements read_ended() of the window. */
static void read_ended(struct window *window, const struct window_slot *slot)
{
	struct transfer *transfer = container_of(window, struct transfer, window);

	if (transfer->waiting && slot == window_first_span(window))
		wake(transfer);
}

int transfer_new(struct transfer **transfer, const struct transfer_options *options)
{
	const struct window_options *window = &options->window;
	struct transfer *t = calloc(1, sizeof(*t) + window->size_max * sizeof(t->slots[0]));

	if (t == NULL)
		return -ENOMEM;
	t->options = *options;
	if (window->multipart != NULL) {
		t->text_bytes = multipart_text_bytes(window->multipart);
		t->texts = malloc(window->size_max * t->text_bytes);
		if (t->texts == NULL) {
			free(t);
			return -ENOMEM;
		}
	}
	window_init(&t->window, window, t->slots, read_ended);
	*transfer = t;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	proof_cancel(transfer->proof);
	window_fini(&transfer->window);
	free(transfer->texts);
	free(transfer);
}

/*
 * Checks a slot whose bytes the client needs now. Returns 0 if they are available, -EAGAIN if the transfer waits for
 * them, or the -errno of the read.
 */
static int slot_state(struct transfer *transfer, struct window_slot *slot)
{
	if (slot->ready)
		return slot->error;
	window_promote(&transfer->window, slot);
	if (slot->ready) /* the read ended in window_promote(), when the transfer was not waiting yet */
		return slot->error;
	if (window_is_lean(&transfer->window))
		window_release_readahead(&transfer->window);
	transfer->waiting = true;
	return -EAGAIN;
}

/* --- the version of the file --- */

static void proof_ended(void *context, int error)
{
	struct transfer *transfer = context;

	transfer->proof = NULL;
	transfer->error = error;
	if (transfer->waiting)
		wake(transfer);
}

/*
 * Returns 0 if all bytes that were read before since_ns belong to the version of the file, -EAGAIN while the check is
 * in progress, or another -errno.
 */
static int prove(struct transfer *transfer, uint64_t since_ns)
{
	const struct window_options *window = &transfer->options.window;
	int result = transfer->error;

	if (result == 0 && transfer->proof == NULL)
		result = store_prove(window->store, window->file, since_ns, proof_ended, transfer, &transfer->proof);
	if (transfer->proof != NULL)
		return -EAGAIN;
	return result < 0 ? result : 0;
}

/* Returns true if the whole body was in the cache, so that no read can find another version. */
static bool is_cached(const struct window *window)
{
	for (unsigned i = 0; i < window->count; i++) {
		const struct window_slot *slot = window_slot(window, i);

		if (!slot->is_text && (!slot->ready || slot->error != 0 || slot->want.source != STORE_CACHE))
			return false;
	}
	return window_is_last(window, window->count - 1);
}

/*
 * Returns the time at which a check of the version must have begun before the header is sent. `slot` has the first
 * bytes.
 */
static uint64_t first_check_ns(const struct transfer *transfer, const struct window_slot *slot)
{
	const uint64_t age_ns = transfer->options.revalidate_ms * CLOCK_NS_PER_MS;

	if (transfer->options.stale)
		return slot->want.read_ns;
	if (!is_cached(&transfer->window))
		return transfer->begin_ns;
	return transfer->begin_ns > age_ns ? transfer->begin_ns - age_ns : 1;
}

/*
 * Checks the version before the header is sent. If the file is local and its first bytes were read for this transfer,
 * the version was checked by the read.
 */
static int check_first(struct transfer *transfer, const struct window_slot *slot)
{
	int error = 0;

	if (transfer->begin_ns == 0)
		transfer->begin_ns = clock_now_ns();
	if (slot->want.source == STORE_CACHE || transfer->options.window.file->remote)
		error = prove(transfer, first_check_ns(transfer, slot));
	transfer->checked = error == 0;
	transfer->waiting = error == -EAGAIN;
	return error;
}

/*
 * Decides whether bytes of a slot may be provided, which is `i` places after the head. All slots before it have been
 * checked. For a remote file, the last slot must wait for the proof. Returns 0, -EAGAIN or another -errno.
 */
static int check_version(struct transfer *transfer, const struct window_slot *slot, unsigned i)
{
	struct file *file = transfer->options.window.file;

	if (!file->remote)
		return 0;
	/*
	 * The memory order is relaxed, because the flag publishes no other data. A later check sees a change that this
	 * check misses.
	 */
	if (atomic_load_explicit(&file->changed, memory_order_relaxed))
		return -ESTALE;
	if (!slot->is_text && slot->want.read_ns > transfer->read_ns)
		transfer->read_ns = slot->want.read_ns;
	if (window_is_last(&transfer->window, i))
		return prove(transfer, transfer->read_ns);
	if (!transfer->options.stale)
		proof_refresh(file, transfer->options.revalidate_ms * CLOCK_NS_PER_MS);
	return 0;
}

/* --- reading --- */

int transfer_ready(struct transfer *transfer)
{
	struct window *window = &transfer->window;
	struct window_slot *slot;
	int error;

	window_refill(window);
	window->started = false; /* the header is not sent yet, so the pieces may still be rejected */
	window_divide(window);
	window->started = true;
	slot = window_first_span(window);
	if (slot == NULL)
		return 0;
	error = slot_state(transfer, slot);
	return error != 0 || transfer->checked ? error : check_first(transfer, slot);
}

static void count(const struct transfer *transfer, const struct window_slot *slot, size_t bytes)
{
	struct counters *counters = transfer->options.counters;

	if (counters != NULL)
		counter_add(&counters->bytes[slot->is_text ? COUNTERS_OTHER : (enum counters_source)slot->want.source],
			    bytes);
}

/* Returns the bytes of a piece that is ready. */
static const char *slot_bytes(struct transfer *transfer, struct window_slot *slot)
{
	char *text;

	if (!slot->is_text)
		return (const char *)slot->want.data;
	text = transfer->texts + (size_t)(slot - transfer->slots) * transfer->text_bytes;
	if (!slot->is_written)
		multipart_head(transfer->options.window.multipart, slot->part, text);
	slot->is_written = true;
	return text;
}

/*
 * Checks whether bytes of the slot `i` places after the head may be provided. If `wait` is false, bytes before the slot
 * can be returned instead of an error, so nothing is awaited. Returns 0, -EAGAIN or another -errno.
 */
static int check_slot(struct transfer *transfer, struct window_slot *slot, unsigned i, bool wait)
{
	int error = slot->ready ? slot->error : wait ? slot_state(transfer, slot) : -EAGAIN;

	if (error == 0) {
		error = check_version(transfer, slot, i);
		transfer->waiting = error == -EAGAIN && wait;
	}
	return error;
}

/* Removes bytes of the head slot. */
static void consume_head(struct transfer *transfer, struct window_slot *slot, size_t bytes)
{
	count(transfer, slot, bytes);
	slot->taken += bytes;
	if (slot->taken == slot->length)
		window_advance(&transfer->window);
}

/* Releases the window if memory is short, so that nothing is pinned while the client receives the bytes. */
static void release_if_lean(struct transfer *transfer)
{
	if (transfer->window.count > 0 && window_is_lean(&transfer->window))
		window_release(&transfer->window);
}

ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length)
{
	struct window *window = &transfer->window;
	struct window_slot *slot;
	size_t copied = 0, n;
	int error;

	while (copied < length && (slot = window_head(window)) != NULL) {
		error = check_slot(transfer, slot, 0, copied == 0);
		if (error != 0 && copied > 0)
			break;
		if (error != 0)
			return error;
		n = slot->length - slot->taken;
		if (n > length - copied)
			n = length - copied;
		memcpy((char *)buffer + copied, slot_bytes(transfer, slot) + slot->taken, n);
		copied += n;
		consume_head(transfer, slot, n);
	}
	release_if_lean(transfer);
	return (ssize_t)copied;
}

ssize_t transfer_gather(struct transfer *transfer, struct iovec *iov, unsigned iov_max, unsigned *count,
			size_t max_bytes)
{
	struct window_slot *slot = window_head(&transfer->window);
	size_t bytes = 0, n;
	unsigned i = 0;
	int error;

	for (; slot != NULL && i < iov_max && bytes < max_bytes; slot = window_slot(&transfer->window, i)) {
		error = check_slot(transfer, slot, i, i == 0);
		if (error != 0 && i > 0)
			break;
		if (error != 0)
			return error;
		n = slot->length - slot->taken;
		if (n > max_bytes - bytes)
			n = max_bytes - bytes;
		iov[i++] = (struct iovec){ (char *)slot_bytes(transfer, slot) + slot->taken, n };
		bytes += n;
	}
	*count = i;
	return (ssize_t)bytes;
}

void transfer_consume(struct transfer *transfer, size_t bytes)
{
	while (bytes > 0) {
		struct window_slot *slot = window_head(&transfer->window);
		const size_t left = slot->length - slot->taken, n = left < bytes ? left : bytes;

		consume_head(transfer, slot, n);
		bytes -= n;
	}
	release_if_lean(transfer);
}

void transfer_set_send_bytes(struct transfer *transfer, size_t bytes)
{
	window_set_send_bytes(&transfer->window, bytes);
}

void transfer_release_window(struct transfer *transfer)
{
	if (transfer->waiting)
		return;
	forecast_pause(&transfer->window.reader);
	if (transfer->window.count == 0)
		return;
	transfer->window.size = WINDOW_MIN;
	window_release(&transfer->window);
}

void transfer_release_readahead(struct transfer *transfer)
{
	window_release_readahead(&transfer->window);
}

const struct store_want *transfer_first(const struct transfer *transfer)
{
	const struct window_slot *slot = window_first_span(&transfer->window);

	return slot != NULL ? &slot->want : NULL;
}

uint64_t transfer_offset(const struct transfer *transfer)
{
	const struct window_slot *slot = window_first_span(&transfer->window);

	return slot != NULL ? slot->offset + slot->taken : 0;
}
