/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of the clients that are here now. Who goes while something is left of what was taken from his buckets
 * stays in the table until they are full again, or a new connection would be a way around them; there is a bound to
 * those as well. The lock is taken once when a connection comes and once when it goes, and for requests only where a
 * proxy speaks for others.
 *
 * Clients choose their addresses (an IPv6 network has any number of them), so they are hashed under a secret. The
 * number of buckets never changes: nothing is moved under the lock, and a walk over the buckets releases it after a
 * bounded number of entries.
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
#include "base/keyed_hash.h"

#define BUCKETS_MIN 1024 /* powers of two */
#define BUCKETS_MAX (1 << 20)
#define TOP_LOOKS 65536	      /* at entries, for one list */
#define STEP_LOOKS 256	      /* at buckets and entries, under one hold of the lock */
#define IDLE_PER_CONNECTION 4 /* clients that are remembered, for each connection there can be */

struct entry {
	struct client client; /* first */
	struct entry *chain;  /* of its bucket */
	unsigned char key[ADDRESS_BYTES];
	unsigned connections, requests, refused;
	struct entry *prev, *next; /* of those who have gone, the longest gone first */
};

struct clients {
	pthread_mutex_t lock;
	struct entry **buckets, *gone;
	uint32_t mask;
	struct entry local; /* all peers on Unix sockets; not in the table */
	unsigned count, refused, gone_count, max_connections, per_client;
};

/* As many as there can be entries. A later max_connections, if it is larger, makes chains longer. */
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
	memset(c->buckets, 0,
	       count * sizeof(struct entry *)); /* not calloc(): the pages are got here, and not under the lock */
	c->mask = count - 1;
	pthread_mutex_init(&c->lock, NULL);
	c->max_connections = max_connections;
	c->per_client = per_client;
	c->local.client.local = true;
	*clients = c;
	return 0;
}

void clients_renew(struct clients *clients, unsigned max_connections, unsigned per_client)
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

static void forget(struct clients *clients, struct entry *entry)
{
	struct entry **link = bucket_of(clients, entry->key);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	DL_DELETE(clients->gone, entry);
	clients->gone_count--;
	free(entry);
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	while (clients->gone != NULL)
		forget(clients, clients->gone);
	assert(clients->count == 0);
	pthread_mutex_destroy(&clients->lock);
	free(clients->buckets);
	free(clients);
}

static bool has_nothing_left(const struct entry *entry, uint64_t now_ns)
{
	return bucket_is_full(&entry->client.bytes, CLIENTS_BURST_NS, now_ns) &&
	       bucket_is_full(&entry->client.requests, CLIENTS_BURST_NS, now_ns);
}

/* Two at a time, so that it keeps up and nobody waits for it. */
static void forget_some(struct clients *clients)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned i = 0; i < 2 && clients->gone != NULL; i++)
		if (has_nothing_left(clients->gone, now_ns) ||
		    clients->gone_count > (uint64_t)clients->max_connections * IDLE_PER_CONNECTION)
			forget(clients, clients->gone);
}

static bool is_gone(const struct entry *entry)
{
	return entry->connections == 0 && entry->requests == 0 && entry->refused == 0;
}

static struct entry *find(struct clients *clients, const struct address *address)
{
	unsigned char key[ADDRESS_BYTES];
	struct entry *entry, **bucket;

	if (!address_key(address, key))
		return &clients->local;
	if (clients->gone != NULL)
		forget_some(clients);
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
	DL_APPEND(clients->gone, entry);
	clients->gone_count++;
	return entry;
}

/* It is about to be here. */
static void come(struct clients *clients, struct entry *entry)
{
	if (!is_gone(entry) || entry == &clients->local)
		return;
	DL_DELETE(clients->gone, entry);
	clients->gone_count--;
}

/* It may have gone. */
static void go(struct clients *clients, struct entry *entry)
{
	if (!is_gone(entry) || entry == &clients->local)
		return;
	DL_APPEND(clients->gone, entry);
	clients->gone_count++;
	if (has_nothing_left(entry, clock_now_ns()))
		forget(clients, entry);
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
	come(clients, entry);
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
	struct entry *entry = (struct entry *)client;

	pthread_mutex_lock(&clients->lock);
	assert(entry->connections > 0);
	clients->count--;
	entry->connections--;
	go(clients, entry);
	pthread_mutex_unlock(&clients->lock);
}

static int enter_refused(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	struct address address;
	struct entry *entry;

	if (clients->refused >= CLIENTS_REFUSED_MAX)
		return -EUSERS;
	address_from_sockaddr(peer, &address);
	entry = find(clients, &address);
	if (entry == NULL)
		return -ENOMEM;
	if (entry->refused >= CLIENTS_REFUSED_PER_CLIENT)
		return -EUSERS;
	come(clients, entry);
	entry->refused++;
	clients->refused++;
	*client = &entry->client;
	return 0;
}

int clients_enter_refused(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	int result;

	pthread_mutex_lock(&clients->lock);
	result = enter_refused(clients, peer, client);
	pthread_mutex_unlock(&clients->lock);
	return result;
}

void clients_leave_refused(struct clients *clients, struct client *client)
{
	struct entry *entry = (struct entry *)client;

	pthread_mutex_lock(&clients->lock);
	assert(entry->refused > 0);
	clients->refused--;
	entry->refused--;
	go(clients, entry);
	pthread_mutex_unlock(&clients->lock);
}

int clients_attend(struct clients *clients, const struct address *address, struct client **client)
{
	struct entry *entry;

	pthread_mutex_lock(&clients->lock);
	entry = find(clients, address);
	if (entry != NULL) {
		come(clients, entry);
		entry->requests++;
		*client = &entry->client;
	}
	pthread_mutex_unlock(&clients->lock);
	return entry != NULL ? 0 : -ENOMEM;
}

void clients_dismiss(struct clients *clients, struct client *client)
{
	struct entry *entry = (struct entry *)client;

	pthread_mutex_lock(&clients->lock);
	assert(entry->requests > 0);
	entry->requests--;
	go(clients, entry);
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

/* What is kept of an entry: it may be gone when the lock is released. */
struct top {
	struct seen {
		unsigned char key[ADDRESS_BYTES];
		bool local;
		uint64_t bytes;
		unsigned connections;
	} list[CLIENTS_TOP_MAX];
	unsigned used, count;
};

/* Under the lock. */
static void insert(struct top *top, const struct entry *entry)
{
	const uint64_t bytes = atomic_load_explicit(&entry->client.sent_bytes, memory_order_relaxed);
	unsigned at = top->used;

	while (at > 0 && top->list[at - 1].bytes < bytes)
		at--;
	if (is_gone(entry) || at == top->count)
		return;
	if (top->used < top->count)
		top->used++;
	memmove(&top->list[at + 1], &top->list[at], (top->used - at - 1) * sizeof(top->list[0]));
	top->list[at] =
		(struct seen){ .local = entry->client.local, .bytes = bytes, .connections = entry->connections };
	memcpy(top->list[at].key, entry->key, ADDRESS_BYTES);
}

/* Under the lock: the entries of the buckets from *next on. *next is the bucket to go on with. How many entries there
 * were. */
static unsigned insert_some(struct clients *clients, struct top *top, uint32_t *next)
{
	unsigned entries = 0;

	for (unsigned buckets = 0; *next <= clients->mask && buckets + entries < STEP_LOOKS; ++*next, buckets++)
		for (const struct entry *entry = clients->buckets[*next]; entry != NULL;
		     entry = entry->chain, entries++)
			insert(top, entry);
	return entries;
}

/* An entry stays in its bucket, so each that is there all the time is met once, and those that come or go meanwhile
 * once at most. */
static void find_top(struct clients *clients, struct top *top)
{
	uint32_t next = 0;

	for (unsigned looks = 0; next <= clients->mask && looks < TOP_LOOKS;) {
		pthread_mutex_lock(&clients->lock);
		if (next == 0)
			insert(top, &clients->local);
		looks += insert_some(clients, top, &next);
		pthread_mutex_unlock(&clients->lock);
	}
}

/* A key is what one customer has. */
static void format_key(const struct seen *seen, struct clients_rank *rank)
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
