/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disk queue of one reactor decides which read is next, before the reads get memory. Each device has a lane. In a
 * lane, the classes share the device by weights. In a class, the clients take turns by bytes (round robin). The queue
 * makes no reads: it dispatches a ticket by calling its start(). The limits of reads in flight belong to the device and
 * apply to all reactors together. Used on its reactor's thread.
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/devices.h"

enum queue_class {
	QUEUE_FIRST,  /* The first bytes of a response, and all of a short one. */
	QUEUE_STREAM, /* The next extent of a body that its client waits for. */
	QUEUE_AHEAD,  /* Readahead. */
	QUEUE_CLASSES
};

enum queue_state { QUEUE_IDLE, QUEUE_WAITING, QUEUE_STARTED };

struct queue;
struct queue_lane;
struct queue_flow;

/* A queued read. The caller allocates and zero-initialises the struct. */
struct queue_ticket {
	struct device *device;
	enum queue_class class;
	/* Key for the round robin: compared, never dereferenced. NULL is a key, too. */
	const void *client;
	size_t bytes;
	const void *file; /* With `offset`: the position that queue_take_adjacent() compares. */
	uint64_t offset;
	/* Dispatches the ticket. It is QUEUE_STARTED until queue_finish(). */
	void (*start)(struct queue_ticket *ticket);
	/* Private. */
	enum queue_state state;
	uint64_t queued_ns;
	struct queue_lane *lane;
	struct queue_flow *flow;
	struct queue_ticket *next, *prev; /* Neighbours in the flow. */
	/* Neighbours in the lane, in the order of arrival. */
	struct queue_ticket *younger, *older;
};

/*
 * Creates a queue. latency_ms: if the oldest queued ticket of a device (readahead excluded) is older, new tickets of
 * class QUEUE_FIRST are rejected. Returns 0 or -ENOMEM.
 */
int queue_new(struct queue **queue, unsigned latency_ms);
/* Frees the queue. No ticket is queued or started. NULL is allowed. */
void queue_free(struct queue *queue);

/*
 * Queues an idle ticket. start() does not run before this returns. Returns 0, -ENOMEM, or for QUEUE_FIRST -EBUSY if the
 * device exceeds its latency target: the client gets a 503, and queued tickets are not affected.
 */
int queue_add(struct queue *queue, struct queue_ticket *ticket);
/* Cancels a queued ticket. */
void queue_cancel(struct queue *queue, struct queue_ticket *ticket);
/* Moves a queued ticket to a class of higher priority, because its client waits for the bytes now. */
void queue_promote(struct queue *queue, struct queue_ticket *ticket, enum queue_class class);
/* Corrects the size of a started ticket. Its client is charged for the difference. */
void queue_resize(struct queue_ticket *ticket, size_t bytes);
/* Ends a started ticket. queue_run() then dispatches tickets that have room now. */
void queue_finish(struct queue_ticket *ticket);
/* Dispatches the tickets that have room. Once per iteration, before disk_submit(). */
void queue_run(struct queue *queue);

/*
 * Removes and returns a queued ticket of the same client and file that begins at this offset, charged and
 * QUEUE_STARTED, without calling its start(). Returns NULL if there is none.
 */
struct queue_ticket *queue_take_adjacent(struct queue *queue, const struct queue_ticket *ticket, uint64_t offset,
					 size_t max_bytes);

/* Returns the number of queued tickets. */
unsigned queue_length(const struct queue *queue);

#endif
