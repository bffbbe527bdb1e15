/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of the clients that have a connection now; an entry goes with its last connection, so the table is bounded by
 * the connections themselves. The lock is taken once when a connection comes and once when it goes, never for a request.
 */
#include "daemon/clients.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define KEY_BYTES 16

struct client {
	UT_hash_handle hh;
	unsigned char key[KEY_BYTES]; /* an IPv6 /64 with zeroes behind it, or ::ffff:a.b.c.d */
	unsigned count;
};

struct clients {
	pthread_mutex_t lock;
	struct client *table;
	struct client local; /* all peers on Unix sockets; not in the table */
	unsigned count, max_connections, per_client;
};

int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client)
{
	struct clients *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->max_connections = max_connections;
	c->per_client = per_client;
	*clients = c;
	return 0;
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	assert(clients->count == 0 && clients->table == NULL);
	pthread_mutex_destroy(&clients->lock);
	free(clients);
}

static bool make_key(const struct sockaddr *peer, unsigned char key[KEY_BYTES])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memset(key, 0, KEY_BYTES);
	if (peer->sa_family == AF_INET6) {
		const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;

		memcpy(key, address, IN6_IS_ADDR_V4MAPPED(address) ? KEY_BYTES : 8);
		return true;
	}
	if (peer->sa_family != AF_INET)
		return false;
	memcpy(key, mapped, sizeof(mapped));
	memcpy(key + sizeof(mapped), &((const struct sockaddr_in *)peer)->sin_addr, 4);
	return true;
}

static struct client *find(struct clients *clients, const unsigned char key[KEY_BYTES])
{
	struct client *client;

	HASH_FIND(hh, clients->table, key, KEY_BYTES, client);
	if (client != NULL)
		return client;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	memcpy(client->key, key, KEY_BYTES);
	HASH_ADD(hh, clients->table, key, KEY_BYTES, client);
	return client;
}

static int enter(struct clients *clients, const struct sockaddr *peer, struct client **client)
{
	unsigned char key[KEY_BYTES];
	bool remote = make_key(peer, key);

	if (clients->count >= clients->max_connections)
		return -EUSERS;
	*client = remote ? find(clients, key) : &clients->local;
	if (*client == NULL)
		return -ENOMEM;
	if (remote && clients->per_client > 0 && (*client)->count >= clients->per_client)
		return -EDQUOT;
	(*client)->count++;
	clients->count++;
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
	pthread_mutex_lock(&clients->lock);
	assert(client->count > 0);
	clients->count--;
	if (--client->count == 0 && client != &clients->local) {
		HASH_DEL(clients->table, client);
		free(client);
	}
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
