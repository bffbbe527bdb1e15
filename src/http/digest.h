/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests of representations: Repr-Digest and Want-Repr-Digest (RFC 9530). Pure. */
#ifndef HTTP_DIGEST_H
#define HTTP_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#define DIGEST_SHA256_BYTES 32
#define DIGEST_FIELD_BYTES (9 + 44 + 1 + 1) /* "sha-256=:", 44 of base64, ":" and its NUL */

/* The value of Repr-Digest into text[DIGEST_FIELD_BYTES]. Returns text. */
char *digest_format(const uint8_t digest[DIGEST_SHA256_BYTES], char *text);

/*
 * Whether a client that sends this Want-Repr-Digest wants SHA-256 (RFC 9530 section 4): a dictionary (RFC 8941
 * section 3.2) that gives it more than 0, or none: no field (NULL), an empty one, or one that can't be read, which are
 * no preference. One that names other algorithms alone does not.
 */
bool digest_wanted(const char *field);

#endif
