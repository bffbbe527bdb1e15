/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The validators of a file: its entity tag and Last-Modified (RFC 9110 section 8.8). */
#ifndef HTTP_VALIDATOR_H
#define HTTP_VALIDATOR_H

#include <stdbool.h>
#include <stdint.h>

struct validator {
	char etag[128]; /* with quotes and, when weak, W/; "" when there is none */
	bool weak;	/* the file is young: see clock_is_young() */
	bool has_last_modified;
	int64_t last_modified; /* seconds since 1970 */
	bool shared_date; /* set by the caller: another representation may have the same Last-Modified, so no If-Range
			     has it */
};

/*
 * "<mtime in ns, hex>-<size, hex>"; weak while the file is young at now_ns (also when mtime_ns is ahead of now; then
 * Last-Modified says now, for it may not be later than Date). An mtime within the first two seconds of 1970 gives
 * neither tag nor date; then sidecar_tag (without quotes, "" for none) gives a strong tag, if it is one and fits.
 * now_ns: wall clock, since 1970.
 */
void validator_make(struct validator *validator, int64_t mtime_ns, uint64_t size, const char *sidecar_tag,
		    int64_t now_ns);

/*
 * Makes the tag of a SHA-256 of the file instead: "sha256-<hex>". It is weak while the file is young, or while the file
 * with the digest was young when it was read (settled: false), because the digest may be that of other bytes then.
 */
void validator_use_digest(struct validator *validator, const uint8_t digest[32], bool settled);

/* The tag of an encoded representation: "-mark" inside of its quotes, so that it is never that of another one. None
 * stays none. */
void validator_mark(struct validator *validator, const char *mark);

#endif
