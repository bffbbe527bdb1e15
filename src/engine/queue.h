/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose turn it is to read: one reactor's reads that have no memory yet, per device, by shares between classes, and
 * within a class round robin by bytes between clients. It reads nothing: when a ticket's turn has come its start() is
 * called. The bounds are the device's and hold for all reactors together. Belongs to its reactor's thread.
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/devices.h"

enum queue_class {
	QUEUE_FIRST,  /* the head of a response, and all of a short one */
	QUEUE_STREAM, /* the next piece of a body, which its client waits for */
	QUEUE_AHEAD,  /* readahead */
	QUEUE_CLASSES
};

enum queue_state { QUEUE_IDLE, QUEUE_WAITING, QUEUE_STARTED };

struct queue;
struct queue_lane;
struct queue_flow;

/* One read to come; the caller's storage, zero-initialised. */
struct queue_ticket {
	struct device *device;
	enum queue_class class;
	const void *client; /* between whom it goes round: compared, never followed; NULL is one, too */
	size_t bytes;
	const void *file; /* with offset: what queue_take_adjacent() looks for */
	uint64_t offset;
	void (*start)(struct queue_ticket *ticket); /* its turn: it is QUEUE_STARTED until queue_finish() */
	/* private */
	enum queue_state state;
	uint64_t queued_ns;
	struct queue_lane *lane;
	struct queue_flow *flow;
	struct queue_ticket *next, *prev;     /* of its flow */
	struct queue_ticket *younger, *older; /* of its lane, in order of arrival */
};

/* latency_ms: how long the oldest read of a device (readahead aside) may have waited before more is refused. 0 or
 * -ENOMEM. */
int queue_new(struct queue **queue, unsigned latency_ms);
/* No ticket waits and none is started. NULL is fine. */
void queue_free(struct queue *queue);

/*
 * Queues an idle ticket; start() never runs from inside. 0; -EBUSY: QUEUE_FIRST only: the device is behind its latency
 * target (the answer to its client is 503, for others it goes on); -ENOMEM.
 */
int queue_add(struct queue *queue, struct queue_ticket *ticket);
/* Of a ticket that waits: out of the queue, nobody wants it any more. */
void queue_cancel(struct queue *queue, struct queue_ticket *ticket);
/* Of a ticket that waits for the readahead's turn: its client has come to it. */
void queue_promote(struct queue *queue, struct queue_ticket *ticket, enum queue_class class);
/* A started ticket turned out to need another number of bytes than it said: its client is charged for those. */
void queue_resize(struct queue_ticket *ticket, size_t bytes);
/* A started ticket has ended. queue_run() then starts what has room now. */
void queue_finish(struct queue_ticket *ticket);
/* Starts what has room. Once a turn, before disk_submit(). */
void queue_run(struct queue *queue);

/*
 * A ticket of the same client that waits for this file and begins at this offset, taken out, charged and QUEUE_STARTED
 * (start() is not called); or NULL.
 */
struct queue_ticket *queue_take_adjacent(struct queue *queue, const struct queue_ticket *ticket, uint64_t offset,
					 size_t max_bytes);

/* Tickets that wait. */
unsigned queue_length(const struct queue *queue);

#endif
