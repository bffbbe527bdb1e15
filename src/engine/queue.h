/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disk queue of one reactor decides which read is next, before memory is allocated for the reads. Each device has a
 * lane. In a lane, the classes share the device by weights. In a class, the clients take turns by bytes (round robin).
 * The queue itself does not read. It dispatches a ticket by calling start() of the ticket. The limits of reads in
 * flight belong to the device and apply to all reactors together. All functions run on the thread of the reactor.
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/devices.h"

enum queue_class {
	QUEUE_FIRST,  /* The first bytes of a response, or a whole short response. */
	QUEUE_STREAM, /* The next extent of a body for which the client waits. */
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
	/* Key of the client for the round robin. The key is compared but never dereferenced. NULL is a valid key. */
	const void *client;
	size_t bytes;
	const void *file; /* `file` and `offset` are the position that queue_take_adjacent() compares. */
	uint64_t offset;
	/* Dispatches the ticket. Its state is QUEUE_STARTED until queue_finish(). */
	void (*start)(struct queue_ticket *ticket);
	/* The members below are private to queue.c. */
	enum queue_state state;
	uint64_t queued_ns;
	struct queue_lane *lane;
	struct queue_flow *flow;
	struct queue_ticket *next, *prev; /* Neighbouring tickets in the flow. */
	/* Neighbouring tickets in the lane, in the order of arrival. */
	struct queue_ticket *younger, *older;
};

/*
 * Creates a queue. New tickets of class QUEUE_FIRST are rejected while the oldest queued ticket of their device,
 * excluding readahead, is older than latency_ms. Returns 0 or -ENOMEM.
 */
int queue_new(struct queue **queue, unsigned latency_ms);
/* Frees the queue. No ticket may be queued or started. NULL is allowed. */
void queue_free(struct queue *queue);

/*
 * Queues an idle ticket. start() does not run before queue_add() returns. Returns 0 on success or -ENOMEM. Returns
 * -EBUSY for a ticket of class QUEUE_FIRST if the device is stalled or exceeds latency_ms. The client then gets a 503.
 * Queued tickets are not affected.
 */
int queue_add(struct queue *queue, struct queue_ticket *ticket);
/* Cancels a queued ticket. */
void queue_cancel(struct queue *queue, struct queue_ticket *ticket);
/* Moves a queued ticket to a class of higher priority, because its client waits for the bytes now. */
void queue_promote(struct queue *queue, struct queue_ticket *ticket, enum queue_class class);
/* Corrects the size of a started ticket. The client is charged for the difference. */
void queue_resize(struct queue_ticket *ticket, size_t bytes);
/* Ends a started ticket. queue_run() then dispatches the tickets that the limits now allow. */
void queue_finish(struct queue_ticket *ticket);
/* Dispatches the tickets that the limits allow. Called once per iteration, before disk_submit(). */
void queue_run(struct queue *queue);

/*
 * Removes from the queue a ticket of the same client and file that begins at `offset` and has at most max_bytes.
 * Charges the client, sets the state of the ticket to QUEUE_STARTED and returns the ticket, without calling its
 * start(). Returns NULL if there is no such ticket.
 */
struct queue_ticket *queue_take_adjacent(struct queue *queue, const struct queue_ticket *ticket, uint64_t offset,
					 size_t max_bytes);

/* Returns the number of queued tickets. */
unsigned queue_length(const struct queue *queue);

#endif
