/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the log of requests may say of one. A reactor packs it into a record, which costs it a copy of a few strings;
 * the log's writer makes a line of it.
 */
#ifndef SITE_ACCESS_H
#define SITE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/log.h"

enum access_text {
	ACCESS_USER,
	ACCESS_METHOD,
	ACCESS_TARGET,
	ACCESS_VERSION,
	ACCESS_REFERER,
	ACCESS_USER_AGENT,
	ACCESS_RANGE,
	ACCESS_HOST, /* as the client has it */
	ACCESS_SITE, /* as the configuration has it */
	ACCESS_TEXTS
};

/* Where the first bytes of the body came from; ACCESS_NOWHERE: none was read. */
enum access_source { ACCESS_NOWHERE, ACCESS_HIT, ACCESS_COALESCED, ACCESS_MISS };

struct access_entry {
	struct address client;
	int64_t time_ns;	    /* since 1970, when the request came in */
	uint64_t wait_ns, taken_ns; /* from then until the reply began, and until it ended */
	uint64_t sent_bytes;	    /* of the body */
	unsigned status;
	unsigned port; /* the connection came in on; 0: a Unix socket */
	bool tls;
	enum access_source source;
	const char *texts[ACCESS_TEXTS]; /* NULL: absent */
};

#define ACCESS_TEXT_MAX 1280 /* bytes of the longest text */
#define ACCESS_RECORD_BYTES 4096

/* Bytes that a text may take, in a record and, escaped, in a line: what is longer is cut, with "…" at its end. */
size_t access_text_bytes(enum access_text text);
/* "user", "user_agent" … */
const char *access_text_name(enum access_text text);
/* "hit", "coalesced", "miss"; NULL: from nowhere. */
const char *access_source_name(enum access_source source);

/* Into record[ACCESS_RECORD_BYTES], aligned to 8; returns its length. */
size_t access_pack(const struct access_entry *entry, void *record);
/* The reverse; the texts are the record's. */
void access_unpack(const void *record, struct access_entry *entry);

/* "2026-11-22T23:26:41.123Z" into text; returns text. */
#define ACCESS_TIME_BYTES 40
const char *access_time(int64_t time_ns, char text[ACCESS_TIME_BYTES]);

/* For struct log_form: RANGED_CLIENT, RANGED_TARGET …, those that are not absent. */
void access_fields(const struct log_form *form, const void *record, struct sink *sink);

#endif
