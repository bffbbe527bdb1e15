/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed, expiring URLs: what stands in their query, and whether it holds. Pure.
 *
 *	e=EXPIRY     when it ends, in seconds since 1970
 *	k=KEY        the id of the key
 *	s=SIGNATURE  HMAC-SHA256 in base64url without padding: 43 bytes
 *	a=ADDRESS    optional: the client's, or a network such as 192.0.2.0/24
 *	r=RATE       optional: bytes a second that the answer is limited to
 *	p=PREFIX     optional: it is for this folder and what is below it, not for one path
 *
 * Other parameters may stand there, and are not signed. What is signed are six lines, the last of which has no newline
 * behind it and is the only one that might have some within, so that no two sets of values make the same text:
 *
 *	ranged1
 *	EXPIRY
 *	ADDRESS, or nothing
 *	RATE, or nothing
 *	"path", or "prefix" if there is a p
 *	the path with its first slash, decoded, without the one at its end; or PREFIX, decoded, as it stands in p
 */
#ifndef AUTH_SIGNATURE_H
#define AUTH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/sign_keys.h"
#include "base/address.h"
#include "http/path.h"

#define SIGNATURE_CODE_BYTES 44	   /* of s, with its NUL */
#define SIGNATURE_ADDRESS_BYTES 64 /* of a, likewise */
#define SIGNATURE_EXPIRES_MAX INT64_C(999999999999)
#define SIGNATURE_RATE_MAX UINT64_C(999999999999999)
/* Of all parameters, with the NUL: each byte of a prefix may become three. */
#define SIGNATURE_QUERY_BYTES (3 * PATH_BYTES + 512)

enum signature_verdict {
	SIGNATURE_GOOD,
	SIGNATURE_MISSING,
	SIGNATURE_MALFORMED, /* a parameter that is missing, there twice, or not what it should be */
	SIGNATURE_UNKNOWN_KEY,
	SIGNATURE_WRONG,
	SIGNATURE_OUTSIDE, /* of its prefix */
	SIGNATURE_OTHER_ADDRESS,
	SIGNATURE_EXPIRED, /* and in all else it is good */
};

/* What one allows. */
struct signature {
	int64_t expires;     /* it is good before this second */
	uint64_t rate_bytes; /* 0: any */
	bool prefix;
	char address[SIGNATURE_ADDRESS_BYTES]; /* as it stands in the URL; "": from anywhere */
	char key[SIGN_KEYS_ID_MAX + 1];
	char code[SIGNATURE_CODE_BYTES];
	char path[PATH_BYTES + 1]; /* what is signed: the path, or the prefix */
};

/* query may be NULL. Fills *signature but for its path, unless it has a prefix. GOOD, MISSING or MALFORMED. */
enum signature_verdict signature_parse(const char *query, struct signature *signature);

/*
 * Whether the query of `path` allows client, now, to have it. *signature is filled as far as it was looked at; what it
 * says counts only if the verdict is GOOD. The time it takes does not depend on how much of s is right.
 */
enum signature_verdict signature_check(const struct sign_keys *keys, const struct path *path,
				       const struct address *client, int64_t now, struct signature *signature);

/* 200, 403 or 410. */
unsigned signature_status(enum signature_verdict verdict);
/* In words (a static string). */
const char *signature_words(enum signature_verdict verdict);

/* NULL, or what is wrong with a prefix: each name in it must be one that a path can have after dot segments are
 * resolved. */
const char *signature_prefix_fault(const char *prefix);

/* Signs what *signature says with this key: sets its key and code. 0, or -EIO: GnuTLS does not do it. */
int signature_sign(struct signature *signature, const struct sign_key *key);
/*
 * What *signature says as parameters, "e=…&k=…&s=…", into text; 0 or -ENAMETOOLONG. All that is special in a query or
 * in HTML is escaped, but for the "&".
 */
int signature_format(const struct signature *signature, char *text, size_t text_bytes);

/* Makes each s in the query that is as long as a signature a "*", in its place: what a log may show. query may be NULL.
 */
void signature_mask(char *query);

#endif
