/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests of representations: Repr-Digest and Want-Repr-Digest (RFC 9530). The functions are pure and thread-safe. */
#ifndef HTTP_DIGEST_H
#define HTTP_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#define DIGEST_SHA256_BYTES 32
#define DIGEST_FIELD_BYTES (9 + 44 + 1 + 1) /* "sha-256=:", 44 bytes of base64, ":" and a NUL */

/* Formats the value of Repr-Digest into text[DIGEST_FIELD_BYTES]. Returns `text`. */
char *digest_format(const uint8_t digest[DIGEST_SHA256_BYTES], char *text);

/*
 * Returns true if a client that sends this Want-Repr-Digest field wants SHA-256 (RFC 9530 section 4). The field is a
 * dictionary (RFC 8941 section 3.2) of algorithms and weights.
 * - A missing field (NULL), an empty field or a malformed field expresses no preference, so the result is true.
 * - If the field gives SHA-256 a weight of more than 0, the result is true.
 * - If the weight of SHA-256 is 0, or the field contains only other algorithms, the result is false.
 */
bool digest_wanted(const char *field);

#endif
