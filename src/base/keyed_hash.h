/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) with a secret of the process, for hash tables whose keys a client chooses: addresses,
 * paths, offsets in a file. A client that does not know the secret cannot choose keys that share a bucket.
 */
#ifndef BASE_KEYED_HASH_H
#define BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

#define KEYED_HASH_SECRET_BYTES 16

/* Draws the secret from the kernel; until then it is zero. Before the first table is made. 0 or -errno of getrandom(2). */
int keyed_hash_init(void);

/* The hash of these bytes under the secret of the process. All 64 bits are equally good. Any thread. */
uint64_t keyed_hash(const void *bytes, size_t length);

/* The hash of these bytes under another secret. Any thread. */
uint64_t keyed_hash_under(const uint8_t secret[KEYED_HASH_SECRET_BYTES], const void *bytes, size_t length);

#endif
