/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entity tag and Last-Modified of a file, RFC 9110 section 8.8. The functions are pure and thread-safe. The request
 * owns the validator.
 *
 * The main idea: the tag consists of mtime and size only, so all servers that have a copy with the same mtime send the
 * same tag. The tag is strong when the file is no longer young, because within one tick of the filesystem's clock, a
 * file can change twice under one mtime. Reproducible builds and container layers set all mtimes to 0 or 1 s. Such an
 * mtime identifies no version, so a sidecar file may supply the tag. Servers that do not preserve mtimes send the same
 * tag if it is made from a digest of the file.
 */
#include "http/validator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define SECOND_NS ((int64_t)CLOCK_NS_PER_S)

/*
 * Returns true if all bytes are etagc of RFC 9110 section 8.8.3: visible ASCII except the quote, and non-ASCII bytes.
 */
static bool is_tag(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte <= ' ' || byte == '"' || byte == 0x7f)
			return false;
	}
	return true;
}

static int64_t to_seconds(int64_t ns)
{
	return ns / SECOND_NS - (ns % SECOND_NS < 0);
}

static void use_sidecar_tag(struct validator *validator, const char *tag)
{
	bool fits = strlen(tag) + sizeof("\"\"") <= sizeof(validator->etag);
	if (*tag != '\0' && fits && is_tag(tag))
		snprintf(validator->etag, sizeof(validator->etag), "\"%s\"", tag);
}

void validator_append_suffix(struct validator *validator, const char *suffix)
{
	size_t length = strlen(validator->etag), room = sizeof(validator->etag) - (length > 0 ? length - 1 : 0);

	if (length > 0 && (size_t)snprintf(validator->etag + length - 1, room, "-%s\"", suffix) >= room)
		validator->etag[0] = '\0'; /* no tag is better than a truncated tag */
}

void validator_use_digest(struct validator *validator, const uint8_t digest[32], bool settled)
{
	char *at = validator->etag;

	validator->weak = validator->weak || !settled;
	at = stpcpy(at, validator->weak ? "W/\"sha256-" : "\"sha256-");
	for (unsigned i = 0; i < 32; i++)
		at += sprintf(at, "%02x", digest[i]);
	stpcpy(at, "\"");
}

void validator_make(struct validator *validator, int64_t mtime_ns, uint64_t size, const char *sidecar_tag,
		    int64_t now_ns)
{
	memset(validator, 0, sizeof(*validator));
	if (mtime_ns >= 0 && mtime_ns < 2 * SECOND_NS) {
		use_sidecar_tag(validator, sidecar_tag);
		return;
	}
	validator->weak = clock_is_young(mtime_ns, now_ns);
	snprintf(validator->etag, sizeof(validator->etag), "%s\"%" PRIx64 "-%" PRIx64 "\"", validator->weak ? "W/" : "",
		 (uint64_t)mtime_ns, size);
	validator->has_last_modified = true;
	validator->last_modified = to_seconds(mtime_ns < now_ns ? mtime_ns : now_ns);
}
