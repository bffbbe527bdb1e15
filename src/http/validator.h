/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The validators of a file: its entity tag and Last-Modified (RFC 9110 section 8.8). The functions are pure and
 * thread-safe.
 */
#ifndef HTTP_VALIDATOR_H
#define HTTP_VALIDATOR_H

#include <stdbool.h>
#include <stdint.h>

struct validator {
	char etag[128]; /* with quotes, and with W/ if weak; "" if there is no tag */
	bool weak;	/* true if the file is young (see clock_is_young()) */
	bool has_last_modified;
	int64_t last_modified; /* seconds since 1970 */
	/*
	 * True if another representation of the resource may have the same Last-Modified, so that no If-Range date
	 * matches. Set by the caller.
	 */
	bool shared_date;
};

/*
 * Makes the validators of a file from its mtime and its size at now_ns (clock_wall_ns()). The tag is "<mtime in ns,
 * hex>-<size, hex>".
 * - The tag is weak while the file is young, and while its mtime is in the future. Last-Modified is at most now_ns,
 *   because it must not be later than Date.
 * - An mtime in the first two seconds of 1970 yields neither a tag nor a Last-Modified. In this case, the tag of the
 *   sidecar file (sidecar_tag, without quotes) becomes a strong tag if it is valid and fits. An empty sidecar_tag means
 *   that the file has no sidecar tag.
 */
void validator_make(struct validator *validator, int64_t mtime_ns, uint64_t size, const char *sidecar_tag,
		    int64_t now_ns);

/*
 * Replaces the tag with a tag that is made from a SHA-256 digest of the file: "sha256-<hex>". The tag is weak while the
 * file is young. It is also weak if the digest file was young when it was read (settled is false), because the digest
 * may then belong to other content.
 */
void validator_use_digest(struct validator *validator, const uint8_t digest[32], bool settled);

/*
 * Appends "-suffix" inside the quotes of the tag, so that an encoded representation has a tag of its own. A validator
 * without a tag is unchanged. A tag that does not fit is removed.
 */
void validator_append_suffix(struct validator *validator, const char *suffix);

#endif
