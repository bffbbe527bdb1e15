/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of clients. It belongs to the process, and all threads use it under one lock. The lock is acquired once
 * when a connection is accepted and once when it is closed. For a request, the lock is acquired only if a trusted proxy
 * forwards the request.
 *
 * The entry of a disconnected client stays in the table until its token buckets have refilled. Otherwise a client could
 * evade a limit by reconnecting. The number of idle entries is limited, too.
 *
 * An IPv6 client can choose among many addresses. Therefore the addresses are hashed with a secret key, so that a
 * client cannot fill one hash bucket. The number of hash buckets is constant, so no entry is ever moved under the lock,
 * and an iteration over the table releases the lock after a bounded number of entries.
 */
#include "request/clients.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "base/keyed_hash.h"

#define BUCKETS_MIN 1024 /* BUCKETS_MIN and BUCKETS_MAX are powers of two */
#define BUCKETS_MAX (1 << 20)
#define TOP_VISITS 65536      /* maximum number of entries that clients_top() examines */
#define STEP_VISITS 256	      /* maximum number of buckets and entries that are examined while the lock is held */
#define IDLE_PER_CONNECTION 4 /* maximum number of idle entries for each allowed connection */

struct entry {
	struct client client;
	struct entry *chain; /* next entry of the same hash bucket */
	unsigned char key[ADDRESS_BYTES];
	unsigned connections, requests, rejected; /* current numbers; the entry is idle if all are 0 */
	struct entry *prev, *next;		  /* in clients->idle; the first entry is idle for longest */
};

struct clients {
	pthread_mutex_t lock;
	struct entry **buckets, *idle;
	uint32_t mask;
	struct entry local; /* all peers on Unix sockets; not in the table */
	unsigned count, rejected, idle_count, max_connections, per_client;
};

/* Returns one bucket for each possible entry. If a reload raises max_connections, the chains become longer. */
static uint32_t count_buckets(unsigned max_connections)
{
	uint32_t count = BUCKETS_MIN;

	while (count < BUCKETS_MAX && count < (uint64_t)max_connections * (1 + IDLE_PER_CONNECTION))
		count *= 2;
	return count;
}

int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client)
{
	struct clients *c = calloc(1, sizeof(*c));
	uint32_t count = count_buckets(max_connections);

	if (c == NULL)
		return -ENOMEM;
	c->buckets = malloc(count * sizeof(struct entry *));
	if (c->buckets == NULL) {
		free(c);
		return -ENOMEM;
	}
	/* calloc() is not used, because memset() faults the pages in now, and not later while the lock is held. */
	memset(c->buckets, 0, count * sizeof(struct entry *));
	c->mask = count - 1;
	pthread_mutex_init(&c->lock, NULL);
	c->max_connections = max_connections;
	c->per_client = per_client;
	c->local.client.local = true;
	*clients = c;
	return 0;
}

void clients_set_limits(struct clients *clients, unsigned max_connections, unsigned per_client)
{
	pthread_mutex_lock(&clients->lock);
	clients->max_connections = max_connections;
	clients->per_client = per_client;
	pthread_mutex_unlock(&clients->lock);
}

static struct entry **bucket_of(struct clients *clients, const unsigned char key[ADDRESS_BYTES])
{
	return &clients->buckets[(uint32_t)keyed_hash(key, ADDRESS_BYTES) & clients->mask];
}

static void remove_entry(struct clients *clients, struct entry *entry)
{
	struct entry **link = bucket_of(clients, entry->key);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	DL_DELETE(clients->idle, entry);
	clients->idle_count--;
	free(entry);
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	while (clients->idle != NULL)
		remove_entry(clients, clients->idle);
	assert(clients->count == 0);
	pthread_mutex_destroy(&clients->lock);
	free(clients->buckets);
	free(clients);
}

static bool has_refilled(const struct entry *entry, uint64_t now_ns)
{
	return bucket_is_full(&entry->client.bytes, CLIENTS_BURST_NS, now_ns) &&
	       bucket_is_full(&entry->client.requests, CLIENTS_BURST_NS, now_ns);
}

/* Removes at most two idle entries. This is more than one call adds, and few enough not to delay other threads. */
static void remove_idle(struct clients *clients)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned i = 0; i < 2 && clients->idle != NULL; i++)
		if (has_refilled(clients->idle, now_ns) ||
		    clients->idle_count > (uint64_t)clients->max_connections * IDLE_PER_CONNECTION)
			remove_entry(clients, clients->idle);
}

static bool is_idle(const struct entry *entry)
{
	return entry->connections == 0 && entry->requests == 0 && entry->rejected == 0;
}

static struct entry *find(struct clients *clients, const struct address *address)
{
	unsigned char key[ADDRESS_BYTES];
	struct entry *entry, **bucket;

	if (!address_key(address, key))
		return &clients->local;
	if (clients->idle != NULL)
		remove_idle(clients);
	bucket = bucket_of(clients, key);
	for (entry = *bucket; entry != NULL; entry = entry->chain)
		if (memcmp(entry->key, key, ADDRESS_BYTES) == 0)
			return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	memcpy(entry->key, key, ADDRESS_BYTES);
	entry->chain = *bucket;
	*bucket = entry;
	DL_APPEND(clients->idle, entry);
	clients->idle_count++;
	return entry;
}

/* Removes the entry from the idle list, before one of its numbers becomes positive. */
static void set_busy(struct clients *clients, struct entry *entry)
{
	if (!is_idle(entry) || entry == &clients->local)
		return;
	DL_DELETE(clients->idle, entry);
	clients->idle_count--;
}

/* If all numbers of the entry are 0, adds the entry to the idle list, or frees it if its token buckets are full. */
static void set_idle(struct clients *clients, struct entry *entry)
{
	if (!is_idle(entry) || entry == &clients->local)
		return;
	DL_APPEND(clients->idle, entry);
	clients->idle_count++;
	if (has_refilled(entry, clock_now_ns()))
		remove_entry(clients, entry);
}

static int enter(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	struct address address;
	struct entry *entry;

	if (clients->count >= clients->max_connections)
		return -EUSERS;
	address_from_sockaddr(peer, &address);
	entry = find(clients, &address);
	if (entry == NULL)
		return -ENOMEM;
	if (entry != &clients->local && clients->per_client > 0 && entry->connections >= clients->per_client)
		return -EDQUOT;
	set_busy(clients, entry);
	entry->connections++;
	clients->count++;
	*client = &entry->client;
	return 0;
}

int clients_enter(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	int result;

	pthread_mutex_lock(&clients->lock);
	result = enter(clients, peer, client);
	pthread_mutex_unlock(&clients->lock);
	return result;
}

void clients_leave(struct clients *clients, struct client *client)
{
	struct entry *entry = container_of(client, struct entry, client);

	pthread_mutex_lock(&clients->lock);
	assert(entry->connections > 0);
	clients->count--;
	entry->connections--;
	set_idle(clients, entry);
	pthread_mutex_unlock(&clients->lock);
}

static int enter_rejected(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	struct address address;
	struct entry *entry;

	if (clients->rejected >= CLIENTS_REJECTED_MAX)
		return -EUSERS;
	address_from_sockaddr(peer, &address);
	entry = find(clients, &address);
	if (entry == NULL)
		return -ENOMEM;
	if (entry->rejected >= CLIENTS_REJECTED_PER_CLIENT)
		return -EUSERS;
	set_busy(clients, entry);
	entry->rejected++;
	clients->rejected++;
	*client = &entry->client;
	return 0;
}

int clients_enter_rejected(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	int result;

	pthread_mutex_lock(&clients->lock);
	result = enter_rejected(clients, peer, client);
	pthread_mutex_unlock(&clients->lock);
	return result;
}

void clients_leave_rejected(struct clients *clients, struct client *client)
{
	struct entry *entry = container_of(client, struct entry, client);

	pthread_mutex_lock(&clients->lock);
	assert(entry->rejected > 0);
	clients->rejected--;
	entry->rejected--;
	set_idle(clients, entry);
	pthread_mutex_unlock(&clients->lock);
}

int clients_enter_request(struct clients *clients, const struct address *address, struct client **client)
{
	struct entry *entry;

	pthread_mutex_lock(&clients->lock);
	entry = find(clients, address);
	if (entry != NULL) {
		set_busy(clients, entry);
		entry->requests++;
		*client = &entry->client;
	}
	pthread_mutex_unlock(&clients->lock);
	return entry != NULL ? 0 : -ENOMEM;
}

void clients_leave_request(struct clients *clients, struct client *client)
{
	struct entry *entry = container_of(client, struct entry, client);

	pthread_mutex_lock(&clients->lock);
	assert(entry->requests > 0);
	entry->requests--;
	set_idle(clients, entry);
	pthread_mutex_unlock(&clients->lock);
}

unsigned clients_count(struct clients *clients)
{
	unsigned count;

	pthread_mutex_lock(&clients->lock);
	count = clients->count;
	pthread_mutex_unlock(&clients->lock);
	return count;
}

/*
 * The clients that have received most bytes. The entries are copied, because other threads may remove them when the
 * lock is released.
 */
struct top {
	struct sample {
		unsigned char key[ADDRESS_BYTES];
		bool local;
		uint64_t bytes;
		unsigned connections;
	} list[CLIENTS_TOP_MAX];
	unsigned used, count;
};

/* Inserts the entry into the list, which is sorted by sent bytes. The caller holds the lock. */
static void insert(struct top *top, const struct entry *entry)
{
	/* The memory order is relaxed, because a statistic publishes no other data. */
	const uint64_t bytes = atomic_load_explicit(&entry->client.sent_bytes, memory_order_relaxed);
	unsigned at = top->used;

	while (at > 0 && top->list[at - 1].bytes < bytes)
		at--;
	if (is_idle(entry) || at == top->count)
		return;
	if (top->used < top->count)
		top->used++;
	memmove(&top->list[at + 1], &top->list[at], (top->used - at - 1) * sizeof(top->list[0]));
	top->list[at] =
		(struct sample){ .local = entry->client.local, .bytes = bytes, .connections = entry->connections };
	memcpy(top->list[at].key, entry->key, ADDRESS_BYTES);
}

/*
 * Inserts the entries of the hash buckets from *next on, at most about STEP_VISITS, and advances *next. The caller
 * holds the lock. Returns the number of inserted entries.
 */
static unsigned insert_some(struct clients *clients, struct top *top, uint32_t *next)
{
	unsigned entries = 0;

	for (unsigned buckets = 0; *next <= clients->mask && buckets + entries < STEP_VISITS; ++*next, buckets++)
		for (const struct entry *entry = clients->buckets[*next]; entry != NULL;
		     entry = entry->chain, entries++)
			insert(top, entry);
	return entries;
}

/*
 * Inserts the entries of all buckets. Entries never change their bucket. Therefore each entry that exists during the
 * whole iteration is visited once, and an entry that is added or removed meanwhile is visited at most once.
 */
static void find_top(struct clients *clients, struct top *top)
{
	uint32_t next = 0;

	for (unsigned visits = 0; next <= clients->mask && visits < TOP_VISITS;) {
		pthread_mutex_lock(&clients->lock);
		if (next == 0)
			insert(top, &clients->local);
		visits += insert_some(clients, top, &next);
		pthread_mutex_unlock(&clients->lock);
	}
}

/* Formats the key: an IPv4 address, or the /64 network of an IPv6 address. */
static void format_key(const struct sample *seen, struct clients_rank *rank)
{
	struct address address = { .local = seen->local };
	char text[ADDRESS_TEXT_BYTES];

	memcpy(address.bytes, seen->key, ADDRESS_BYTES);
	address_format(&address, text);
	snprintf(rank->address, sizeof(rank->address), "%s%s", text,
		 !address.local && strchr(text, ':') != NULL ? "/64" : "");
}

unsigned clients_top(struct clients *clients, struct clients_rank *ranks, unsigned count)
{
	struct top top = { .count = count < CLIENTS_TOP_MAX ? count : CLIENTS_TOP_MAX };

	find_top(clients, &top);
	for (unsigned i = 0; i < top.used; i++) {
		ranks[i].bytes = top.list[i].bytes;
		ranks[i].connections = top.list[i].connections;
		format_key(&top.list[i], &ranks[i]);
	}
	return top.used;
}

unsigned clients_longest_chain(struct clients *clients)
{
	unsigned longest = 0;

	pthread_mutex_lock(&clients->lock);
	for (uint32_t i = 0; i <= clients->mask; i++) {
		unsigned length = 0;

		for (const struct entry *entry = clients->buckets[i]; entry != NULL; entry = entry->chain)
			length++;
		longest = length > longest ? length : longest;
	}
	pthread_mutex_unlock(&clients->lock);
	return longest;
}
