/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A queue has a lane for each device. A lane has a ring of flows for each class. A flow has the queued tickets of one
 * client, in the order of arrival.
 *
 * Flows of a class share it by deficit round robin (Shreedhar and Varghese, 1995). All bytes that are read for a client
 * are charged to its flow: started tickets, merged tickets, and the growth of a read. A flow may be in debt when its
 * last ticket has started. It then stays in the ring until the debt is paid, or until no other flow of the class has
 * tickets.
 *
 * Classes share the device by weighted fair queueing (Demers, Keshav and Shenker, 1989). The next ticket is that of the
 * class whose ticket would end first if each class with tickets had its share of the disk. So first bytes overtake
 * streams, and streams overtake readahead, by the weights, and each class gets its share however long the other queues
 * are. A read costs its bytes plus READ_COST, because small reads are not cheap. A merged read costs its class only its
 * bytes.
 *
 * Reads in flight cannot be overtaken. So while first bytes are requested, streams and readahead may use only a part of
 * the limits, and first bytes do not wait for many long reads. Each reactor may always have one such read in flight,
 * because no message tells it when reads of another reactor end. If the class that is next has no room, the other
 * classes wait too. Otherwise small reads would always take the room that a large one needs.
 *
 * The counts of reads in flight belong to the device, and all reactors share them without a lock. A reactor with
 * nothing in flight on a device may always start one read. So a completion of its own wakes each reactor, and the limit
 * is exceeded by at most one read per reactor.
 *
 * Owner: the worker. Thread: its reactor's.
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
#define RECENT_NS (100 * CLOCK_NS_PER_MS) /* Time after the last request for first bytes. */
/* During that time streams and readahead may use only this fraction (1/n) of the limits on reads and bytes. */
#define BULK_DEPTH_SHARE 2
#define BULK_BYTES_SHARE 8
/* Bytes that a disk could read in the time that it needs to start one more read. */
#define READ_COST ((uint64_t)64 << 10)

/*
 * Bytes that a flow may read per visit. Small for first bytes, so that other clients soon overtake a client with many
 * of them.
 */
static const int64_t quantum_bytes[QUEUE_CLASSES] = { 16 << 10, 256 << 10, 256 << 10 };
/* Slowdown of a class relative to the first one: the classes have 16, 4 and 1 of 21 parts of the disk. */
static const uint64_t slowness[QUEUE_CLASSES] = { 1, 4, 16 };

struct queue_flow {
	const void *client;
	enum queue_class class;
	struct queue_ticket *tickets;	/* NULL: the flow is only in debt. */
	int64_t deficit_bytes;		/* Bytes that the flow may read; negative: its debt. */
	struct queue_flow *next, *prev; /* Neighbours in the ring. */
	UT_hash_handle hh;
};

/* One class of a lane. */
struct queue_ring {
	struct queue_flow *current; /* The flow that is being visited. */
	struct queue_flow *flows;   /* Hash table by client. */
	unsigned backlog;	    /* Number of flows that have tickets. */
	/* Virtual time at which everything that the class has started would have ended. */
	uint64_t time;
};

struct queue_lane {
	struct device *device;
	unsigned in_flight;	 /* Reads in flight of this reactor. */
	unsigned bulk_in_flight; /* Those of streams and readahead. */
	unsigned waiting;
	/* Virtual time at which the ticket that was started last would have begun. */
	uint64_t time;
	struct queue_ring rings[QUEUE_CLASSES];
	struct queue_ticket *oldest; /* The oldest queued ticket, readahead excluded. */
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

/* Relaxed, here and below: these are sums that publish nothing. Completions publish the bytes that were read. */
static bool has_room(const struct queue_lane *lane, size_t bytes)
{
	const struct device *device = lane->device;

	return lane->in_flight == 0 ||
	       (atomic_load_explicit(&device->in_flight_count, memory_order_relaxed) < device->depth &&
		atomic_load_explicit(&device->in_flight_bytes, memory_order_relaxed) + bytes <= device->depth_bytes);
}

/* Another reactor may have read the clock after this one. */
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

/* Adds to the counts of the device. */
static void add_in_flight(const struct queue_ticket *ticket, int count, uint64_t bytes)
{
	struct device *device = ticket->device;

	atomic_fetch_add_explicit(&device->in_flight_count, (unsigned)count, memory_order_relaxed);
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

/* Starts the visit of a flow, which gives it its quantum. */
static void begin_visit(struct queue_ring *ring, struct queue_flow *flow)
{
	ring->current = flow;
	flow->deficit_bytes += quantum_bytes[flow->class];
}

/* Returns the flow of the client, or NULL if there is no memory for a new one. */
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

/* The last ticket of the flow has left. When no flow of the class has tickets, all debts are cancelled. */
static void flow_emptied(struct queue_ring *ring, struct queue_flow *flow)
{
	ring->backlog--;
	if (flow->deficit_bytes >= 0)
		free_flow(ring, flow);
	while (ring->backlog == 0 && ring->current != NULL)
		free_flow(ring, ring->current);
}

/*
 * Charges a client and its class for `bytes` more, or fewer. If there is no memory for a flow, the client is not
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
		/* A class is not compensated for time in which it had no tickets. */
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
	if (ticket->class == QUEUE_FIRST && is_late(queue, lane, ticket->queued_ns)) {
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

/* If there is no memory for another flow, the ticket stays in its class and is only dispatched later. */
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
 * Returns the next ticket of a class: visits flow after flow, and adds a quantum per visit, until one can pay for its
 * first ticket. Nothing is charged yet, so the result stays the same until the ticket is started. The class has
 * tickets, so the loop ends.
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

/* Returns the cost in virtual time of the class. */
static uint64_t duration_of(const struct queue_ticket *ticket, enum queue_class class)
{
	return (ticket->bytes + READ_COST) * slowness[class];
}

/*
 * Returns the next ticket of the classes that are within their part of the limits. Returns NULL if there is none, or if
 * it has no room yet.
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
			 * A class that exceeds its share is the next one as soon as it is within its share again, but
			 * it gets no compensation for the time in between.
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
