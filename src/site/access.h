/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An entry of the access log. A worker packs the entry into a record, which costs a copy of a few strings. The writer
 * thread of the log formats the record as a line.
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
	ACCESS_HOST, /* value of the Host field */
	ACCESS_SITE, /* name of the site block */
	ACCESS_FORWARDED_FOR,
	ACCESS_TEXTS
};

/* The source of the first bytes of the body. ACCESS_NOWHERE: no file was read. */
enum access_source { ACCESS_NOWHERE, ACCESS_HIT, ACCESS_COALESCED, ACCESS_MISS };

/* The caller owns the struct and the strings. access_pack() copies the strings. */
struct access_entry {
	struct address client;
	int64_t time_ns;      /* time of arrival of the request, since 1970 */
	uint64_t wait_ns;     /* time from the arrival to the start of the response */
	uint64_t duration_ns; /* time from the arrival to the end of the response */
	uint64_t sent_bytes;  /* number of bytes of the body that were sent */
	unsigned status;
	unsigned port; /* port that accepted the connection; 0 for a Unix socket */
	bool tls;
	enum access_source source;
	const char *reason;		 /* why the request failed, a string constant; NULL: it did not */
	const char *texts[ACCESS_TEXTS]; /* an absent text is NULL */
};

#define ACCESS_REASON_BYTES 40 /* maximum length of a reason */
#define ACCESS_TEXT_MAX 1280   /* length of the longest text, in bytes */
#define ACCESS_RECORD_BYTES 4096

/*
 * Returns the maximum length of a text in a record, which is also the maximum length of the escaped text in a line. A
 * longer text is truncated between two characters and ends in "…".
 */
size_t access_text_bytes(enum access_text text);
/* Returns the name of a text, such as "user" or "user_agent". */
const char *access_text_name(enum access_text text);
/* Returns "hit", "coalesced" or "miss", or NULL for ACCESS_NOWHERE. */
const char *access_source_name(enum access_source source);

/* Packs an entry into record[ACCESS_RECORD_BYTES], which is aligned to 8 bytes. Returns the length of the record. */
size_t access_pack(const struct access_entry *entry, void *record);
/* Unpacks a record. The texts of the entry point into the record. */
void access_unpack(const void *record, struct access_entry *entry);

/*
 * Passes the fields of a record that are present to the journal (RANGED_CLIENT, RANGED_TARGET and so on). Texts are in
 * the style ESCAPE_VALUE. The function is the fields() of a struct log_form, which runs on the writer thread of the
 * log.
 */
void access_fields(const struct log_form *form, const void *record, struct sink *sink);

#endif
