/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed URLs that expire: parses, verifies and creates the parameters in their query. All functions are pure and
 * thread-safe.
 *
 *	e=EXPIRY     time of expiry, in seconds since 1970
 *	k=KEY        id of the key
 *	s=SIGNATURE  HMAC-SHA256 in base64url without padding: 43 bytes
 *	a=ADDRESS    optional: address of the client, or a network such as 192.0.2.0/24
 *	r=RATE       optional: limit of the transfer rate, in bytes per second
 *	p=PREFIX     optional: the signature is valid for this directory and all paths below, instead of one path
 *
 * The query may contain other parameters, which are not signed. The signed text consists of six lines. Only the last
 * line has no newline at its end, and only the last line can contain newlines, so different values always yield
 * different texts:
 *
 *	ranged1
 *	EXPIRY
 *	ADDRESS, or an empty line
 *	RATE, or an empty line
 *	"path", or "prefix" with the parameter p
 *	the decoded path with its leading slash and without a trailing slash; or the decoded PREFIX, unchanged
 */
#ifndef AUTH_SIGNATURE_H
#define AUTH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/sign_keys.h"
#include "base/address.h"
#include "http/path.h"

#define SIGNATURE_CODE_BYTES 44	   /* length of the parameter s, with its NUL */
#define SIGNATURE_ADDRESS_BYTES 64 /* maximum length of the parameter a, with its NUL */
#define SIGNATURE_EXPIRES_MAX INT64_C(999999999999)
#define SIGNATURE_RATE_MAX UINT64_C(999999999999999)
/* Maximum length of all parameters, with the NUL. Percent-encoding may triple the length of a prefix. */
#define SIGNATURE_QUERY_BYTES (3 * PATH_BYTES + 512)

enum signature_verdict {
	SIGNATURE_GOOD,
	SIGNATURE_MISSING,
	SIGNATURE_MALFORMED,   /* a required parameter is missing, or a parameter is repeated or invalid */
	SIGNATURE_UNKNOWN_KEY, /* no key has the id in k */
	SIGNATURE_WRONG,       /* s does not match the signed text */
	SIGNATURE_OUTSIDE,     /* the path is not below the prefix */
	SIGNATURE_OTHER_ADDRESS,
	SIGNATURE_EXPIRED, /* valid in all other respects */
};

/* The parameters of a signature. */
struct signature {
	int64_t expires;		       /* first second since 1970 at which the signature is invalid */
	uint64_t rate_bytes;		       /* bytes per second; 0: unlimited */
	bool prefix;			       /* the query has a parameter p */
	char address[SIGNATURE_ADDRESS_BYTES]; /* as written in the URL; "" permits any address */
	char key[SIGN_KEYS_ID_MAX + 1];
	char code[SIGNATURE_CODE_BYTES]; /* the parameter s */
	char path[PATH_BYTES + 1];	 /* the signed path or prefix */
};

/*
 * Parses the parameters of a query, which may be NULL. Without a prefix, signature->path is left empty. Returns
 * SIGNATURE_GOOD if the parameters are well formed, otherwise SIGNATURE_MISSING or SIGNATURE_MALFORMED.
 */
enum signature_verdict signature_parse(const char *query, struct signature *signature);

/*
 * Verifies that the signature in the query of `path` permits the client to access that path at the time `now`, in
 * seconds since 1970. Fills *signature, whose values may be used only if the result is SIGNATURE_GOOD. The duration
 * does not depend on how many bytes of s are correct.
 */
enum signature_verdict signature_check(const struct sign_keys *keys, const struct path *path,
				       const struct address *client, int64_t now, struct signature *signature);

/* Returns the status of the response: 200, 403 or 410. */
unsigned signature_status(enum signature_verdict verdict);
/* Returns a description of the result (a static string). */
const char *signature_description(enum signature_verdict verdict);

/*
 * Returns NULL for a valid prefix, or a static string that describes why the prefix is invalid. A prefix must not
 * contain a name that cannot occur in a normalised path, such as "..".
 */
const char *signature_prefix_fault(const char *prefix);

/* Signs the parameters with this key. Sets signature->key and signature->code. Returns 0, or -EIO if GnuTLS fails. */
int signature_sign(struct signature *signature, const struct sign_key *key);
/*
 * Formats the parameters as a query, "e=...&k=...&s=...". All characters that are special in a query or in HTML are
 * escaped, except the "&" between parameters. Returns 0 or -ENAMETOOLONG.
 */
int signature_format(const struct signature *signature, char *text, size_t text_bytes);

/*
 * Replaces the value of each parameter s that is as long as a signature with "*", in place. For logs. The query may be
 * NULL.
 */
void signature_mask(char *query);

#endif
