/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A queue has a lane for each device. A lane has a ring of flows for each class. A flow has the queued tickets of one
 * client, in the order of arrival.
 *
 * The flows of a class share the class by deficit round robin (Shreedhar and Varghese, 1995). All bytes that are read
 * for a client are charged to its flow: started tickets, merged tickets, and the growth of a read. A flow may be in
 * debt after its last ticket has started. The flow then stays in the ring until the debt is paid, or until no other
 * flow of the class has tickets.
 *
 * Classes share the device by weighted fair queueing (Demers, Keshav and Shenker, 1989). The next ticket is the ticket
 * that would end first if each class with tickets had its share of the disk. Because of the weights, first bytes
 * overtake streams, and streams overtake readahead. Each class gets its share, regardless of the number of tickets in
 * the other classes. The cost of a read is its bytes plus READ_COST, because a small read also takes time. The cost of
 * a merged read is only its bytes.
 *
 * Reads in flight cannot be overtaken. While first bytes are requested, streams and readahead may therefore use only a
 * fraction of the limits, so that first bytes do not wait for many long reads. Each reactor may always have one read of
 * a stream or readahead in flight, because it is not notified when reads of another reactor end. If the limits do not
 * allow the read of the next class, the other classes wait too. Otherwise, small reads would always use the capacity
 * that a large read needs.
 *
 * The counts of reads in flight belong to the device, and all reactors share them without a lock. A reactor without a
 * read in flight on a device may always start one read. A reactor that waits is therefore always woken by a completion
 * of its own. The limit is exceeded by at most one read per reactor.
 *
 * The worker owns the queue. All functions run on the thread of its reactor.
 */
#include "engine/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/keyed_hash.h"

/* Keys are memory addresses, which clients can hardly choose. A keyed hash protects against attempts. */
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)keyed_hash(key, length))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#define ADJACENT_INSPECT_MAX 64
#define RECENT_NS (100 * CLOCK_NS_PER_MS) /* First bytes count as requested for this time after the last request. */
/* While first bytes are requested, streams and readahead may use only 1/n of the limits of reads and bytes. */
#define BULK_DEPTH_SHARE 2
#define BULK_BYTES_SHARE 8
/* Fixed cost of a read: the number of bytes that a disk could read in the time that it needs to start a read. */
#define READ_COST ((uint64_t)64 << 10)

/*
 * Bytes that a flow may read per visit. The value for first bytes is small, so that other clients soon overtake a
 * client that requests many first bytes.
 */
static const int64_t quantum_bytes[QUEUE_CLASSES] = { 16 << 10, 256 << 10, 256 << 10 };
/* Slowdown of a class relative to QUEUE_FIRST. The classes get 16/21, 4/21 and 1/21 of the disk. */
static const uint64_t slowness[QUEUE_CLASSES] = { 1, 4, 16 };

struct queue_flow {
	const void *client;
	enum queue_class class;
	struct queue_ticket *tickets;	/* NULL: the flow has no tickets but is in debt. */
	int64_t deficit_bytes;		/* Bytes that the flow may read; a negative value is a debt. */
	struct queue_flow *next, *prev; /* Neighbouring flows in the ring. */
	UT_hash_handle hh;
};

/* One class of a lane. */
struct queue_ring {
	struct queue_flow *current; /* The flow that is being visited. */
	struct queue_flow *flows;   /* Hash table by client. */
	unsigned backlog;	    /* Number of flows that have tickets. */
	/* Virtual time at which all started reads of the class would have ended. */
	uint64_t time;
};

struct queue_lane {
	struct device *device;
	unsigned in_flight;	 /* Reads in flight of this reactor. */
	unsigned bulk_in_flight; /* Reads in flight for streams and readahead. */
	unsigned waiting;
	/* Virtual start time of the ticket that was started last. */
	uint64_t time;
	struct queue_ring rings[QUEUE_CLASSES];
	struct queue_ticket *oldest; /* The oldest queued ticket, excluding readahead. */
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

/* --- limits of reads in flight --- */

/*
 * Returns true if the limits of the device allow a read. The memory order is relaxed here and below, because the sums
 * publish no other data. Completions publish the bytes that were read.
 */
static bool has_room(const struct queue_lane *lane, size_t bytes)
{
	const struct device *device = lane->device;

	return lane->in_flight == 0 ||
	       (atomic_load_explicit(&device->in_flight_count, memory_order_relaxed) < device->depth &&
		atomic_load_explicit(&device->in_flight_bytes, memory_order_relaxed) + bytes <= device->depth_bytes);
}

/*
 * Returns true if first bytes were requested recently. first_ns may be later than now_ns, because another reactor may
 * have read the clock later.
 */
static bool is_recent(const struct device *device, uint64_t now_ns)
{
	uint64_t first_ns = atomic_load_explicit(&device->first_ns, memory_order_relaxed);

	return now_ns < first_ns || now_ns - first_ns < RECENT_NS;
}

/* Returns true if the class is within its share of the limits. */
static bool has_share(const struct queue_lane *lane, enum queue_class class, size_t bytes, uint64_t now_ns)
{
	const struct device *device = lane->device;

	if (class == QUEUE_FIRST || lane->bulk_in_flight == 0 || !is_recent(device, now_ns))
		return true;
	return atomic_load_explicit(&device->bulk_count, memory_order_relaxed) < device->depth / BULK_DEPTH_SHARE &&
	       atomic_load_explicit(&device->bulk_bytes, memory_order_relaxed) + bytes <=
		       device->depth_bytes / BULK_BYTES_SHARE;
}

/* Adds to the counts of the device, with negative values for a read that has ended. */
static void add_in_flight(const struct queue_ticket *ticket, int count, uint64_t bytes)
{
	struct device *device = ticket->device;
	unsigned before = atomic_fetch_add_explicit(&device->in_flight_count, (unsigned)count, memory_order_relaxed);

	if (count < 0 || (count > 0 && before == 0))
		atomic_store_explicit(&device->read_progress_ns, clock_now_ns(), memory_order_relaxed);
	atomic_fetch_add_explicit(&device->in_flight_bytes, bytes, memory_order_relaxed);
	if (ticket->class == QUEUE_FIRST)
		return;
	atomic_fetch_add_explicit(&device->bulk_count, (unsigned)count, memory_order_relaxed);
	atomic_fetch_add_explicit(&device->bulk_bytes, bytes, memory_order_relaxed);
}

static void take_off(struct queue_lane *lane, struct queue_ticket *ticket)
{
	ticket->lane = lane;
	ticket->state = QUEUE_STARTED;
	lane->in_flight++;
	lane->bulk_in_flight += ticket->class != QUEUE_FIRST;
	add_in_flight(ticket, 1, ticket->bytes);
}

void queue_finish(struct queue_ticket *ticket)
{
	assert(ticket->state == QUEUE_STARTED);
	ticket->state = QUEUE_IDLE;
	ticket->lane->in_flight--;
	ticket->lane->bulk_in_flight -= ticket->class != QUEUE_FIRST;
	add_in_flight(ticket, -1, -(uint64_t)ticket->bytes);
}

/* --- queued tickets --- */

static struct queue_flow *find_flow(const struct queue_ring *ring, const void *client)
{
	struct queue_flow *flow;

	HASH_FIND_PTR(ring->flows, &client, flow);
	return flow;
}

/* Starts the visit of a flow and adds the quantum to its deficit. */
static void begin_visit(struct queue_ring *ring, struct queue_flow *flow)
{
	ring->current = flow;
	flow->deficit_bytes += quantum_bytes[flow->class];
}

/* Returns the flow of the client, or NULL if memory for a new flow runs out. */
static struct queue_flow *flow_of(struct queue_lane *lane, enum queue_class class, const void *client)
{
	struct queue_ring *ring = &lane->rings[class];
	struct queue_flow *flow = find_flow(ring, client);

	if (flow != NULL)
		return flow;
	flow = calloc(1, sizeof(*flow));
	if (flow == NULL)
		return NULL;
	flow->client = client;
	flow->class = class;
	HASH_ADD_PTR(ring->flows, client, flow);
	if (flow->hh.tbl == NULL) {
		free(flow);
		return NULL;
	}
	CDL_APPEND(ring->current, flow);
	if (flow->next == flow)
		begin_visit(ring, flow);
	return flow;
}

static void free_flow(struct queue_ring *ring, struct queue_flow *flow)
{
	struct queue_flow *next = ring->current == flow && flow->next != flow ? flow->next : NULL;

	CDL_DELETE(ring->current, flow);
	HASH_DEL(ring->flows, flow);
	free(flow);
	if (next != NULL)
		begin_visit(ring, next);
}

/* Called when a flow has no more tickets. When no flow of the class has tickets, all debts are cancelled. */
static void flow_emptied(struct queue_ring *ring, struct queue_flow *flow)
{
	ring->backlog--;
	if (flow->deficit_bytes >= 0)
		free_flow(ring, flow);
	while (ring->backlog == 0 && ring->current != NULL)
		free_flow(ring, ring->current);
}

/*
 * Charges a client and its class for `bytes`, which may be negative. If memory for a flow runs out, the client is not
 * charged.
 */
static void charge(struct queue_lane *lane, enum queue_class class, const void *client, int64_t bytes)
{
	struct queue_ring *ring = &lane->rings[class];
	struct queue_flow *flow = bytes > 0 && ring->backlog > 0 ? flow_of(lane, class, client)
								 : find_flow(ring, client);

	ring->time += (uint64_t)bytes * slowness[class];
	if (flow != NULL)
		flow->deficit_bytes -= bytes;
}

void queue_resize(struct queue_ticket *ticket, size_t bytes)
{
	assert(ticket->state == QUEUE_STARTED);
	charge(ticket->lane, ticket->class, ticket->client, (int64_t)bytes - (int64_t)ticket->bytes);
	add_in_flight(ticket, 0, (uint64_t)bytes - ticket->bytes);
	ticket->bytes = bytes;
}

static int enqueue(struct queue *queue, struct queue_lane *lane, struct queue_ticket *ticket)
{
	struct queue_flow *flow = flow_of(lane, ticket->class, ticket->client);

	struct queue_ring *ring = &lane->rings[ticket->class];

	if (flow == NULL)
		return -ENOMEM;
	if (ring->backlog == 0 && ring->time < lane->time)
		/* A class is not compensated for the time in which it had no tickets. */
		ring->time = lane->time;
	ring->backlog += flow->tickets == NULL;
	DL_APPEND(flow->tickets, ticket);
	if (ticket->class != QUEUE_AHEAD)
		DL_APPEND2(lane->oldest, ticket, older, younger);
	ticket->flow = flow;
	ticket->lane = lane;
	ticket->state = QUEUE_WAITING;
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
	if (flow->tickets == NULL)
		flow_emptied(&lane->rings[flow->class], flow);
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
		atomic_store_explicit(&ticket->device->first_ns, ticket->queued_ns, memory_order_relaxed);
	if (ticket->class == QUEUE_FIRST &&
	    (devices_reject_reads(ticket->device) || is_late(queue, lane, ticket->queued_ns))) {
		devices_count(&ticket->device->rejected, 1);
		return -EBUSY;
	}
	return enqueue(queue, lane, ticket);
}

void queue_cancel(struct queue *queue, struct queue_ticket *ticket)
{
	assert(ticket->state == QUEUE_WAITING);
	devices_count(&ticket->device->cancelled, 1);
	dequeue(queue, ticket);
}

/* If memory for a flow in the new class runs out, the ticket stays in its class and is dispatched later. */
void queue_promote(struct queue *queue, struct queue_ticket *ticket, enum queue_class class)
{
	enum queue_class before = ticket->class;
	struct queue_lane *lane = ticket->lane;

	if (ticket->state != QUEUE_WAITING || class >= before || flow_of(lane, class, ticket->client) == NULL)
		return;
	dequeue(queue, ticket);
	ticket->class = class;
	enqueue(queue, lane, ticket);
}

/* --- dispatching --- */

static bool can_pay(const struct queue_flow *flow)
{
	return flow->tickets != NULL && flow->deficit_bytes >= (int64_t)flow->tickets->bytes;
}

/*
 * Returns the next ticket of a class. Visits the flows in turn, and adds a quantum per visit, until a flow can pay for
 * its first ticket. No flow is charged yet, so further calls return this ticket until it is started. The loop ends,
 * because the class has tickets.
 */
static struct queue_ticket *next_ticket(struct queue_ring *ring)
{
	while (!can_pay(ring->current)) {
		struct queue_flow *flow = ring->current;

		if (flow->tickets == NULL && flow->deficit_bytes >= 0)
			free_flow(ring, flow);
		else
			begin_visit(ring, flow->next);
	}
	return ring->current->tickets;
}

/* Returns the cost of a ticket in the virtual time of the class. */
static uint64_t duration_of(const struct queue_ticket *ticket, enum queue_class class)
{
	return (ticket->bytes + READ_COST) * slowness[class];
}

/*
 * Returns the next ticket of the classes that are within their share of the limits. Returns NULL if there is no such
 * ticket, or if the limits of the device do not allow it yet.
 */
static struct queue_ticket *choose(struct queue_lane *lane, uint64_t now_ns)
{
	struct queue_ticket *best = NULL;
	uint64_t best_end = UINT64_MAX;

	for (enum queue_class class = QUEUE_FIRST; class < QUEUE_CLASSES; class ++) {
		struct queue_ring *ring = &lane->rings[class];
		struct queue_ticket *ticket = ring->backlog > 0 ? next_ticket(ring) : NULL;
		uint64_t end;

		if (ticket == NULL)
			continue;
		end = ring->time + duration_of(ticket, class);
		if (!has_share(lane, class, ticket->bytes, now_ns)) {
			/*
			 * A class that exceeds its share becomes the next class as soon as it is within its share
			 * again. It is not compensated for the time in between.
			 */
			if (end < lane->time)
				ring->time = lane->time - duration_of(ticket, class);
			continue;
		}
		if (end < best_end) {
			best = ticket;
			best_end = end;
		}
	}
	return best != NULL && has_room(lane, best->bytes) ? best : NULL;
}

/* Removes the ticket from the queue and charges its flow. */
static void start(struct queue *queue, struct queue_lane *lane, struct queue_ticket *ticket)
{
	histogram_add(&lane->device->wait, clock_now_ns() - ticket->queued_ns);
	ticket->flow->deficit_bytes -= (int64_t)ticket->bytes;
	dequeue(queue, ticket);
	take_off(lane, ticket);
}

/* Dispatches a ticket and charges its class. */
static void start_chosen(struct queue *queue, struct queue_lane *lane, struct queue_ticket *ticket)
{
	struct queue_ring *ring = &lane->rings[ticket->class];

	if (lane->time < ring->time)
		lane->time = ring->time;
	ring->time += duration_of(ticket, ticket->class);
	start(queue, lane, ticket);
	ticket->start(ticket);
}

/* Dispatches at most as many tickets as were queued at the start, because start() may queue and finish tickets. */
static void run_lane(struct queue *queue, struct queue_lane *lane)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned left = lane->waiting; left > 0 && lane->waiting > 0; left--) {
		struct queue_ticket *ticket = choose(lane, now_ns);

		if (ticket == NULL)
			break;
		start_chosen(queue, lane, ticket);
	}
}

void queue_run(struct queue *queue)
{
	for (struct queue_lane *lane = queue->lanes; lane != NULL && queue->waiting > 0; lane = lane->next)
		run_lane(queue, lane);
}

struct queue_ticket *queue_take_adjacent(struct queue *queue, const struct queue_ticket *ticket, uint64_t offset,
					 size_t max_bytes)
{
	struct queue_lane *lane = ticket->lane;

	for (enum queue_class class = QUEUE_FIRST; class < QUEUE_CLASSES; class ++) {
		const struct queue_flow *flow = find_flow(&lane->rings[class], ticket->client);
		struct queue_ticket *other;
		unsigned inspected = 0;

		for (other = flow != NULL ? flow->tickets : NULL; other != NULL && inspected < ADJACENT_INSPECT_MAX;
		     other = other->next, inspected++) {
			if (other->file != ticket->file || other->offset != offset || other->bytes > max_bytes)
				continue;
			lane->rings[class].time += other->bytes * slowness[class];
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
