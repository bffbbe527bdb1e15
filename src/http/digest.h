/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests of representations: Repr-Digest and Want-Repr-Digest (RFC 9530). Pure; any thread. */
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
 * - No field (NULL), an empty field or a malformed field expresses no preference: the result is true.
 * - A weight of more than 0 for SHA-256: true.
 * - A weight of 0, or other algorithms only: false.
 */
bool digest_wanted(const char *field);

#endif
