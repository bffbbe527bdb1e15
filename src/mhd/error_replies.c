/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table with one slot for each hash value. A new response replaces the response in its slot. The hash is
 * computed from addresses, because the names, values and bodies of most error replies are constants or belong to the
 * configuration. The addresses only select the slot. The texts themselves are compared, because the memory of a former
 * configuration may be used again.
 *
 * The table compares replies, not requests. If two requests get different fields for any reason (site, location,
 * language, method, TLS), their replies differ, and so do their responses.
 */
#include "mhd/error_replies.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 64
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

struct entry {
	struct MHD_Response *response; /* a reference */
	unsigned status;
	const void *data; /* the body, which is static */
	uint64_t length;
	unsigned field_count;
	char texts[]; /* name, NUL, value, NUL of each field */
};

struct error_replies {
	struct entry *slots[SLOTS];
};

int error_replies_new(struct error_replies **table)
{
	*table = calloc(1, sizeof(**table));
	return *table != NULL ? 0 : -ENOMEM;
}

static void drop(struct entry **slot)
{
	if (*slot == NULL)
		return;
	MHD_destroy_response((*slot)->response);
	free(*slot);
	*slot = NULL;
}

void error_replies_clear(struct error_replies *table)
{
	for (unsigned i = 0; i < SLOTS; i++)
		drop(&table->slots[i]);
}

void error_replies_free(struct error_replies *table)
{
	if (table != NULL)
		error_replies_clear(table);
	free(table);
}

bool error_replies_may_have(const struct reply *reply)
{
	return reply->body == REPLY_TEXT && reply->text_used == 0 && reply->kept == NULL && !reply->failed;
}

static struct entry **slot_of(struct error_replies *table, const struct reply *reply)
{
	uint64_t hash = ((uintptr_t)reply->data ^ reply->status) * MULTIPLIER;

	for (unsigned i = 0; i < reply->header_count; i++)
		hash = (hash ^ (uintptr_t)reply->headers[i].name ^ (uintptr_t)reply->headers[i].value) * MULTIPLIER;
	return &table->slots[(hash >> 32) % SLOTS];
}

/* Returns the address after the text at `at` and its NUL if the text equals the other text. Otherwise returns NULL. */
static const char *skip_equal(const char *at, const char *text)
{
	return strcmp(at, text) == 0 ? at + strlen(text) + 1 : NULL;
}

static bool is_equal(const struct entry *entry, const struct reply *reply)
{
	const char *at = entry->texts;

	if (entry->status != reply->status || entry->data != reply->data || entry->length != reply->length ||
	    entry->field_count != reply->header_count)
		return false;
	for (unsigned i = 0; i < reply->header_count && at != NULL; i++) {
		at = skip_equal(at, reply->headers[i].name);
		at = at != NULL ? skip_equal(at, reply->headers[i].value) : NULL;
	}
	return at != NULL;
}

struct MHD_Response *error_replies_find(struct error_replies *table, const struct reply *reply)
{
	const struct entry *entry = *slot_of(table, reply);

	return entry != NULL && is_equal(entry, reply) ? entry->response : NULL;
}

static size_t texts_bytes(const struct reply *reply)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < reply->header_count; i++)
		bytes += strlen(reply->headers[i].name) + strlen(reply->headers[i].value) + 2;
	return bytes;
}

bool error_replies_add(struct error_replies *table, const struct reply *reply, struct MHD_Response *response)
{
	struct entry **slot = slot_of(table, reply), *entry = malloc(sizeof(*entry) + texts_bytes(reply));
	char *at;

	if (entry == NULL)
		return false;
	*entry = (struct entry){ .response = response,
				 .status = reply->status,
				 .data = reply->data,
				 .length = reply->length,
				 .field_count = reply->header_count };
	at = entry->texts;
	for (unsigned i = 0; i < reply->header_count; i++)
		at = stpcpy(stpcpy(at, reply->headers[i].name) + 1, reply->headers[i].value) + 1;
	drop(slot);
	*slot = entry;
	return true;
}
