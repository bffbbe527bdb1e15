/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of the clients that are here now. Who goes while something is left of what was taken from his buckets stays in the
 * table until they are full again, or a new connection would be a way around them; there is a bound to those as well. The lock is
 * taken once when a connection comes and once when it goes, and for requests only where a proxy speaks for others.
 */
#include "http/clients.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"

#define TOP_LOOKS 16384 /* under the lock */
#define IDLE_PER_CONNECTION 4 /* clients that are remembered, for each connection there can be */

struct entry {
	struct client client; /* first */
	UT_hash_handle hh;
	unsigned char key[ADDRESS_BYTES];
	unsigned connections, requests;
	struct entry *prev, *next; /* of those who have gone, the longest gone first */
};

struct clients {
	pthread_mutex_t lock;
	struct entry *table, *gone;
	struct entry local; /* all peers on Unix sockets; not in the table */
	unsigned count, gone_count, max_connections, per_client;
};

int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client)
{
	struct clients *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
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

static void forget(struct clients *clients, struct entry *entry)
{
	DL_DELETE(clients->gone, entry);
	clients->gone_count--;
	HASH_DEL(clients->table, entry);
	free(entry);
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	while (clients->gone != NULL)
		forget(clients, clients->gone);
	assert(clients->count == 0 && clients->table == NULL);
	pthread_mutex_destroy(&clients->lock);
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
	return entry->connections == 0 && entry->requests == 0;
}

static struct entry *find(struct clients *clients, const struct address *address)
{
	unsigned char key[ADDRESS_BYTES];
	struct entry *entry;

	if (!address_key(address, key))
		return &clients->local;
	if (clients->gone != NULL)
		forget_some(clients);
	HASH_FIND(hh, clients->table, key, ADDRESS_BYTES, entry);
	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	memcpy(entry->key, key, ADDRESS_BYTES);
	HASH_ADD(hh, clients->table, key, ADDRESS_BYTES, entry);
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

static void insert(const struct entry *entry, const struct entry **top, uint64_t *bytes, unsigned *used, unsigned count)
{
	const uint64_t sent = atomic_load_explicit(&entry->client.sent_bytes, memory_order_relaxed);
	unsigned at = *used;

	while (at > 0 && bytes[at - 1] < sent)
		at--;
	if (is_gone(entry) || at == count)
		return;
	if (*used < count)
		++*used;
	memmove(&top[at + 1], &top[at], (*used - at - 1) * sizeof(*top));
	memmove(&bytes[at + 1], &bytes[at], (*used - at - 1) * sizeof(*bytes));
	top[at] = entry;
	bytes[at] = sent;
}

/* A key is what one customer has. */
static void format_key(const struct entry *entry, struct clients_rank *rank)
{
	struct address address = { .local = entry->client.local };
	char text[ADDRESS_TEXT_BYTES];

	memcpy(address.bytes, entry->key, ADDRESS_BYTES);
	address_format(&address, text);
	snprintf(rank->address, sizeof(rank->address), "%s%s", text, !address.local && strchr(text, ':') != NULL ? "/64" : "");
}

unsigned clients_top(struct clients *clients, struct clients_rank *ranks, unsigned count)
{
	const struct entry *top[CLIENTS_TOP_MAX];
	uint64_t bytes[CLIENTS_TOP_MAX];
	unsigned used = 0, looks = 0;

	if (count > CLIENTS_TOP_MAX)
		count = CLIENTS_TOP_MAX;
	pthread_mutex_lock(&clients->lock);
	insert(&clients->local, top, bytes, &used, count);
	for (const struct entry *entry = clients->table; entry != NULL && looks < TOP_LOOKS; entry = entry->hh.next, looks++)
		insert(entry, top, bytes, &used, count);
	for (unsigned i = 0; i < used; i++) {
		ranks[i].bytes = bytes[i];
		ranks[i].connections = top[i]->connections;
		format_key(top[i], &ranks[i]);
	}
	pthread_mutex_unlock(&clients->lock);
	return used;
}
