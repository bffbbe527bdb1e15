/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies a body out of its window, in order, and makes sure that all bytes belong to one version of the file. The
 * request owns the transfer. All functions run on the reactor's thread. window.c requests the pieces ahead of the
 * client.
 *
 * If the first bytes came from the cache, the version of the file is checked again before the header is sent, because
 * the file may have changed since its lookup. For a remote file, the last slot is held back until all bytes are proven
 * to belong to one version (see store/proof.h). The version is also checked once a second during the transfer, so that
 * the transfer ends early if the file has changed.
 *
 * While memory is short, a transfer releases its window after each copy. It then pins no extents while its client
 * receives the copied bytes.
 */
#include "request/transfer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container_of.h"

#define NO_PART UINT_MAX

struct transfer {
	struct transfer_options options;
	struct window window;
	bool checked;	     /* the version was checked before the header */
	bool waiting;	     /* the caller expects a call of wake() */
	struct proof *proof; /* proof in progress; NULL: none */
	uint64_t begin_ns;   /* time when the first bytes were available */
	uint64_t read_ns;    /* time of the latest read so far; the proof must be newer */
	int error;	     /* result of the last proof: 0 or -errno */
	char *text;	     /* memory for the header of one part, that of text_part; NULL: not a multipart */
	unsigned text_part;
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
	t->text_part = NO_PART;
	if (window->multipart != NULL && (t->text = malloc(multipart_text_bytes(window->multipart))) == NULL) {
		free(t);
		return -ENOMEM;
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
	free(transfer->text);
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
		error = prove(transfer, transfer->begin_ns);
	transfer->checked = error == 0;
	transfer->waiting = error == -EAGAIN;
	return error;
}

/*
 * Decides whether bytes of the head slot may be copied. For a remote file, the last slot must wait for the proof.
 * Returns 0, -EAGAIN or another -errno.
 */
static int check_version(struct transfer *transfer, const struct window_slot *slot)
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
	if (window_is_last(&transfer->window))
		return prove(transfer, transfer->read_ns);
	proof_refresh(file);
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
static const char *slot_bytes(struct transfer *transfer, const struct window_slot *slot)
{
	if (!slot->is_text)
		return (const char *)slot->want.data;
	if (transfer->text_part != slot->part) {
		multipart_head(transfer->options.window.multipart, slot->part, transfer->text);
		transfer->text_part = slot->part;
	}
	return transfer->text;
}

ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length)
{
	struct window *window = &transfer->window;
	struct window_slot *slot;
	size_t copied = 0;

	while (copied < length && (slot = window_head(window)) != NULL) {
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
			window_advance(window);
	}
	if (window->count > 0 && window_is_lean(window))
		window_release(window);
	return (ssize_t)copied;
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
