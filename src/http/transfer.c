/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring of slots in the order of the body. The head slot is what the client takes from; the ones behind it are being read, or
 * wait read for their turn. A slot that was emptied is filled with the plan's next piece at once, so while the client takes one
 * piece two more are coming. The bound on readahead is the number of slots, whatever the length of the body; and a transfer
 * whose client has stalled can give up its slots altogether (shed), since each remembers the plan as it was before it.
 */
#include "http/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct store_want want;
	struct transfer *transfer;
	struct plan before; /* the plan as it was when this piece was next */
	const char *text;   /* a piece of text: nothing to read */
	uint64_t offset;
	size_t length, taken;
	bool ready;
	int error;
};

struct transfer {
	struct transfer_options options;
	struct plan plan;
	struct slot slots[TRANSFER_SLOTS];
	unsigned head, count;
	bool waiting;
	bool shed;    /* no slot is filled: the plan begins with the piece that was the head */
	size_t taken; /* of that piece */
};

static struct slot *slot_at(struct transfer *transfer, unsigned i)
{
	return &transfer->slots[(transfer->head + i) % TRANSFER_SLOTS];
}

/*
 * The first slot that waits for the disk while the client could take it next, text before it aside; NULL: nothing is left to
 * wait for.
 */
static struct slot *first_span(struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->count; i++) {
		struct slot *slot = slot_at(transfer, i);

		if (slot->text == NULL)
			return slot;
	}
	return NULL;
}

static void want_done(struct store_want *want)
{
	struct slot *slot = (struct slot *)((char *)want - offsetof(struct slot, want));
	struct transfer *transfer = slot->transfer;

	slot->ready = true;
	slot->error = want->error;
	if (transfer->waiting && slot == first_span(transfer)) {
		transfer->waiting = false;
		transfer->options.wake(transfer->options.context);
	}
}

static int slot_fill(struct transfer *transfer, struct slot *slot, const struct plan_piece *piece)
{
	*slot = (struct slot){
		.transfer = transfer,
		.text = piece->text,
		.offset = piece->offset,
		.length = piece->length,
		.ready = piece->text != NULL,
		.want = { .file = transfer->options.file, .offset = piece->offset, .length = piece->length, .done = want_done },
	};
	return piece->text != NULL ? 0 : store_want(transfer->options.store, &slot->want);
}

static void fill(struct transfer *transfer)
{
	struct plan_piece piece;
	struct plan before = transfer->plan;

	for (; transfer->count < TRANSFER_SLOTS && plan_next(&transfer->plan, &piece); before = transfer->plan) {
		struct slot *slot = slot_at(transfer, transfer->count++);
		int error = slot_fill(transfer, slot, &piece);

		slot->before = before;
		if (error < 0) {
			slot->ready = true;
			slot->error = error;
		}
	}
}

int transfer_new(struct transfer **transfer, const struct transfer_options *options)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->options = *options;
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
	for (unsigned i = 0; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	file_unref(transfer->options.file);
	free(transfer);
}

static int slot_state(struct transfer *transfer, const struct slot *slot)
{
	if (!slot->ready) {
		transfer->waiting = true;
		return -EAGAIN;
	}
	return slot->error;
}

static void refill(struct transfer *transfer)
{
	if (!transfer->shed)
		return;
	transfer->shed = false;
	fill(transfer);
	slot_at(transfer, 0)->taken = transfer->taken;
}

int transfer_ready(struct transfer *transfer)
{
	struct slot *slot;

	refill(transfer);
	slot = first_span(transfer);
	return slot == NULL ? 0 : slot_state(transfer, slot);
}

static void head_done(struct transfer *transfer, struct slot *slot)
{
	store_release(transfer->options.store, &slot->want);
	transfer->head = (transfer->head + 1) % TRANSFER_SLOTS;
	transfer->count--;
	fill(transfer);
}

ssize_t transfer_read(struct transfer *transfer, void *buffer, size_t length)
{
	size_t copied = 0;

	refill(transfer);
	while (copied < length && transfer->count > 0) {
		struct slot *slot = slot_at(transfer, 0);
		int error = slot->ready ? slot->error : -EAGAIN;
		size_t n = slot->length - slot->taken;

		if (error != 0 && copied > 0)
			break; /* what is there goes out first */
		if (error != 0)
			return slot_state(transfer, slot);
		if (n > length - copied)
			n = length - copied;
		memcpy((char *)buffer + copied, (slot->text != NULL ? slot->text : (const char *)slot->want.data) + slot->taken, n);
		copied += n;
		slot->taken += n;
		if (slot->taken == slot->length)
			head_done(transfer, slot);
	}
	return (ssize_t)copied;
}

void transfer_shed(struct transfer *transfer)
{
	const struct slot *head = slot_at(transfer, 0);

	if (transfer->count == 0 || transfer->waiting)
		return;
	transfer->shed = true;
	transfer->taken = head->taken;
	transfer->plan = head->before;
	for (unsigned i = 0; i < transfer->count; i++)
		store_release(transfer->options.store, &slot_at(transfer, i)->want);
	transfer->count = 0;
}

uint64_t transfer_offset(const struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->count; i++) {
		const struct slot *slot = &transfer->slots[(transfer->head + i) % TRANSFER_SLOTS];

		if (slot->text == NULL)
			return slot->offset + slot->taken;
	}
	return 0;
}
