/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lane per device; in it a ring of flows per class, one flow per client that has something waiting; in a flow its tickets in order
 * of arrival.
 *
 * Between the classes the one whose next ticket has the earliest deadline goes first: its arrival plus what the class can bear. So
 * the first bytes of a response overtake streams, and streams overtake readahead, but nobody starves. Between the flows of a class it
 * is deficit round robin (Shreedhar and Varghese, 1995). What is in flight can't be overtaken: so while first bytes are asked for,
 * streams and readahead have a part of the device's bounds only, and first bytes do not wait for the end of many long reads.
 *
 * The counts in flight are the device's, shared by all reactors, without a lock: a reactor that has nothing in flight on a device may
 * always start one read, so each reactor is woken by a completion of its own, and the bound is exceeded by at most one read a
 * reactor.
 */
#include "engine/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"

#define QUANTUM_BYTES ((int64_t)256 << 10)
#define NEIGHBOUR_LOOKS 64
#define RECENT_NS (100 * CLOCK_NS_PER_MS) /* since first bytes were asked for */
#define BULK_DEPTH_SHARE 2 /* then one in so many reads, and in so many bytes, may be a stream's or readahead */
#define BULK_BYTES_SHARE 16

static const uint64_t patience_ns[QUEUE_CLASSES] = { 0, 20 * CLOCK_NS_PER_MS, 100 * CLOCK_NS_PER_MS };

struct queue_flow {
	const void *client;
	enum queue_class class;
	struct queue_ticket *tickets;
	int64_t deficit_bytes;
	struct queue_flow *next, *prev; /* the ring */
	UT_hash_handle hh;
};

struct queue_lane {
	struct device *device;
	unsigned in_flight; /* of this reactor */
	uint64_t first_ns;  /* when first bytes were asked for last */
	unsigned waiting;
	struct queue_flow *turn[QUEUE_CLASSES];	 /* the ring's flow whose turn it is */
	struct queue_flow *flows[QUEUE_CLASSES]; /* by client */
	struct queue_ticket *oldest;		 /* of all that wait, readahead aside */
	struct queue_lane *next;
};

struct queue {
	uint64_t latency_ns;
	struct queue_lane *lanes;
	unsigned waiting;
};

int queue_new(struct queue **queue, unsigned latency_ms)
{
	struct queue *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->latency_ns = latency_ms * CLOCK_NS_PER_MS;
	*queue = made;
	return 0;
}

void queue_free(struct queue *queue)
{
	struct queue_lane *next;

	if (queue == NULL)
		return;
	assert(queue->waiting == 0);
	for (struct queue_lane *lane = queue->lanes; lane != NULL; lane = next) {
		next = lane->next;
		assert(lane->in_flight == 0);
		free(lane);
	}
	free(queue);
}

static struct queue_lane *lane_of(struct queue *queue, struct device *device)
{
	struct queue_lane *lane = queue->lanes;

	while (lane != NULL && lane->device != device)
		lane = lane->next;
	if (lane != NULL)
		return lane;
	lane = calloc(1, sizeof(*lane));
	if (lane != NULL) {
		lane->device = device;
		LL_PREPEND(queue->lanes, lane);
	}
	return lane;
}

/* --- what may be in flight --- */

static bool has_room(const struct queue_lane *lane, enum queue_class class, size_t bytes, uint64_t now_ns)
{
	const struct device *device = lane->device;
	uint64_t depth = device->depth, depth_bytes = device->depth_bytes;

	if (class != QUEUE_FIRST && now_ns - lane->first_ns < RECENT_NS) {
		depth /= BULK_DEPTH_SHARE;
		depth_bytes /= BULK_BYTES_SHARE;
	}
	return lane->in_flight == 0 ||
	       (atomic_load_explicit(&device->in_flight_count, memory_order_relaxed) < depth &&
		atomic_load_explicit(&device->in_flight_bytes, memory_order_relaxed) + bytes <= depth_bytes);
}

static void take_off(struct queue_lane *lane, struct queue_ticket *ticket)
{
	ticket->lane = lane;
	ticket->state = QUEUE_STARTED;
	lane->in_flight++;
	atomic_fetch_add_explicit(&lane->device->in_flight_count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&lane->device->in_flight_bytes, ticket->bytes, memory_order_relaxed);
}

void queue_resize(struct queue_ticket *ticket, size_t bytes)
{
	assert(ticket->state == QUEUE_STARTED);
	atomic_fetch_add_explicit(&ticket->device->in_flight_bytes, (uint64_t)bytes - ticket->bytes, memory_order_relaxed);
	ticket->bytes = bytes;
}

void queue_finish(struct queue_ticket *ticket)
{
	assert(ticket->state == QUEUE_STARTED);
	ticket->state = QUEUE_IDLE;
	ticket->lane->in_flight--;
	atomic_fetch_sub_explicit(&ticket->device->in_flight_count, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&ticket->device->in_flight_bytes, ticket->bytes, memory_order_relaxed);
}

/* --- who waits --- */

static struct queue_flow *flow_of(struct queue_lane *lane, enum queue_class class, const void *client)
{
	struct queue_flow *flow;

	HASH_FIND_PTR(lane->flows[class], &client, flow);
	if (flow != NULL)
		return flow;
	flow = calloc(1, sizeof(*flow));
	if (flow == NULL)
		return NULL;
	flow->client = client;
	flow->class = class;
	HASH_ADD_PTR(lane->flows[class], client, flow);
	if (flow->hh.tbl == NULL) {
		free(flow);
		return NULL;
	}
	CDL_APPEND(lane->turn[class], flow);
	return flow;
}

static int enqueue(struct queue *queue, struct queue_lane *lane, struct queue_ticket *ticket)
{
	struct queue_flow *flow = flow_of(lane, ticket->class, ticket->client);

	if (flow == NULL)
		return -ENOMEM;
	DL_APPEND(flow->tickets, ticket);
	if (ticket->class != QUEUE_AHEAD)
		DL_APPEND2(lane->oldest, ticket, older, younger);
	ticket->flow = flow;
	ticket->lane = lane;
	ticket->state = QUEUE_WAITS;
	lane->waiting++;
	atomic_fetch_add_explicit(&lane->device->queued, 1, memory_order_relaxed);
	queue->waiting++;
	return 0;
}

static void dequeue(struct queue *queue, struct queue_ticket *ticket)
{
	struct queue_flow *flow = ticket->flow;
	struct queue_lane *lane = ticket->lane;

	DL_DELETE(flow->tickets, ticket);
	if (ticket->class != QUEUE_AHEAD)
		DL_DELETE2(lane->oldest, ticket, older, younger);
	lane->waiting--;
	atomic_fetch_sub_explicit(&lane->device->queued, 1, memory_order_relaxed);
	queue->waiting--;
	ticket->state = QUEUE_IDLE;
	ticket->flow = NULL;
	if (flow->tickets != NULL)
		return;
	CDL_DELETE(lane->turn[flow->class], flow);
	HASH_DEL(lane->flows[flow->class], flow);
	free(flow);
}

static bool is_late(const struct queue *queue, const struct queue_lane *lane, uint64_t now_ns)
{
	return lane->oldest != NULL && now_ns - lane->oldest->queued_ns > queue->latency_ns;
}

int queue_add(struct queue *queue, struct queue_ticket *ticket)
{
	struct queue_lane *lane = lane_of(queue, ticket->device);

	assert(ticket->state == QUEUE_IDLE);
	if (lane == NULL)
		return -ENOMEM;
	ticket->queued_ns = clock_now_ns();
	if (ticket->class == QUEUE_FIRST)
		lane->first_ns = ticket->queued_ns;
	if (ticket->class == QUEUE_FIRST && is_late(queue, lane, ticket->queued_ns)) {
		devices_count(&ticket->device->refused, 1);
		return -EBUSY;
	}
	return enqueue(queue, lane, ticket);
}

void queue_drop(struct queue *queue, struct queue_ticket *ticket)
{
	assert(ticket->state == QUEUE_WAITS);
	devices_count(&ticket->device->dropped, 1);
	dequeue(queue, ticket);
}

/* Without memory for another flow it stays where it was: it comes later, that is all. */
void queue_raise(struct queue *queue, struct queue_ticket *ticket, enum queue_class class)
{
	enum queue_class before = ticket->class;
	struct queue_lane *lane = ticket->lane;

	if (ticket->state != QUEUE_WAITS || class >= before || flow_of(lane, class, ticket->client) == NULL)
		return;
	dequeue(queue, ticket);
	ticket->class = class;
	enqueue(queue, lane, ticket);
}

/* --- whose turn it is --- */

/* The class whose next ticket may start and should start first; QUEUE_CLASSES: none. */
static enum queue_class next_class(const struct queue_lane *lane, uint64_t now_ns)
{
	enum queue_class best = QUEUE_CLASSES;
	uint64_t best_ns = UINT64_MAX;

	for (enum queue_class class = QUEUE_FIRST; class < QUEUE_CLASSES; class++) {
		const struct queue_flow *flow = lane->turn[class];
		uint64_t due_ns;

		if (flow == NULL || !has_room(lane, class, flow->tickets->bytes, now_ns))
			continue;
		due_ns = flow->tickets->queued_ns + patience_ns[class];
		if (due_ns < best_ns) {
			best = class;
			best_ns = due_ns;
		}
	}
	return best;
}

/* Goes round, a quantum a visit, until a flow can pay for its next ticket. */
static struct queue_ticket *take_turn(struct queue_lane *lane, enum queue_class class)
{
	struct queue_flow *flow = lane->turn[class];

	while (flow->deficit_bytes < (int64_t)flow->tickets->bytes) {
		flow->deficit_bytes += QUANTUM_BYTES;
		if (flow->deficit_bytes < (int64_t)flow->tickets->bytes)
			flow = lane->turn[class] = flow->next;
	}
	flow->deficit_bytes -= (int64_t)flow->tickets->bytes;
	if (flow->deficit_bytes < QUANTUM_BYTES / 64) /* spent: the next visit is the next one's */
		lane->turn[class] = flow->next;
	return flow->tickets;
}

static void start(struct queue *queue, struct queue_lane *lane, struct queue_ticket *ticket)
{
	histogram_add(&lane->device->wait, clock_now_ns() - ticket->queued_ns);
	dequeue(queue, ticket);
	take_off(lane, ticket);
}

/* What start() adds is behind what waits, and what it finishes leaves room: bounded by the lane's length at the beginning. */
static void run_lane(struct queue *queue, struct queue_lane *lane)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned left = lane->waiting; left > 0 && lane->waiting > 0; left--) {
		enum queue_class class = next_class(lane, now_ns);
		struct queue_ticket *ticket;

		if (class == QUEUE_CLASSES)
			break;
		ticket = take_turn(lane, class);
		start(queue, lane, ticket);
		ticket->start(ticket);
	}
}

void queue_run(struct queue *queue)
{
	for (struct queue_lane *lane = queue->lanes; lane != NULL && queue->waiting > 0; lane = lane->next)
		run_lane(queue, lane);
}

struct queue_ticket *queue_neighbour(struct queue *queue, const struct queue_ticket *ticket, uint64_t offset, size_t most_bytes)
{
	struct queue_lane *lane = ticket->lane;

	for (enum queue_class class = QUEUE_FIRST; class < QUEUE_CLASSES; class++) {
		struct queue_flow *flow;
		struct queue_ticket *other;
		unsigned looks = 0;

		HASH_FIND_PTR(lane->flows[class], &ticket->client, flow);
		for (other = flow != NULL ? flow->tickets : NULL; other != NULL && looks < NEIGHBOUR_LOOKS; other = other->next, looks++) {
			if (other->file != ticket->file || other->offset != offset || other->bytes > most_bytes)
				continue;
			start(queue, lane, other);
			devices_count(&lane->device->merged, 1);
			return other;
		}
	}
	return NULL;
}

unsigned queue_length(const struct queue *queue)
{
	return queue->waiting;
}
