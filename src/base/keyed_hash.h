/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) with a random secret of the process. Hash tables whose keys are chosen by
 * clients (addresses, paths, file offsets) use this hash. A client that does not know the secret cannot choose keys
 * that share a bucket.
 */
#ifndef BASE_KEYED_HASH_H
#define BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

#define KEYED_HASH_SECRET_BYTES 16

/*
 * Sets the secret to random bytes from the kernel. The main thread calls this function before it creates the first hash
 * table or another thread, because the secret is zero until then. Returns 0 on success, or -errno of getrandom(2).
 */
int keyed_hash_init(void);

/* Returns the hash of the bytes with the secret of the process. All 64 bits are equally random. Thread-safe. */
uint64_t keyed_hash(const void *bytes, size_t length);

/* Returns the hash of the bytes with the given secret. Thread-safe. */
uint64_t keyed_hash_under(const uint8_t secret[KEYED_HASH_SECRET_BYTES], const void *bytes, size_t length);

#endif
