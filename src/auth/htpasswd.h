/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses a htpasswd file and verifies passwords against its hashes. The result of parsing is immutable. */
#ifndef AUTH_HTPASSWD_H
#define AUTH_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>

#define HTPASSWD_HASH_BYTES 384 /* maximum length of a hash (CRYPT_OUTPUT_SIZE of libcrypt), with its NUL */

struct htpasswd;

struct htpasswd_fault {
	unsigned line;	  /* line number, starting at 1 */
	const char *what; /* static string that describes the error */
};

/*
 * Parses lines of the form "name:hash"; empty lines and comments are skipped. Supported hashes are bcrypt ($2y$, $2b$,
 * $2a$) and SHA-crypt ($5$, $6$), and, if libcrypt supports them, yescrypt, gost-yescrypt and scrypt. Returns 0,
 * -EINVAL or -ENOMEM. On success, the caller owns *htpasswd. After -EINVAL, *fault describes the error.
 */
int htpasswd_parse(struct htpasswd **htpasswd, const char *text, size_t length, struct htpasswd_fault *fault);
/* NULL is allowed. */
void htpasswd_free(struct htpasswd *htpasswd);

/* Returns true if both files contain the same users with the same hashes. */
bool htpasswd_same(const struct htpasswd *a, const struct htpasswd *b);
/* Returns the number of users. */
size_t htpasswd_count(const struct htpasswd *htpasswd);
/* Returns the hash of a user, or NULL for an unknown user. */
const char *htpasswd_find(const struct htpasswd *htpasswd, const char *user);
/*
 * Returns the hash of some user, or NULL for an empty file. Checking an unknown user against this hash takes as long as
 * checking a known user, so the duration does not reveal which users exist.
 */
const char *htpasswd_any(const struct htpasswd *htpasswd);

/*
 * Returns 1 if the password matches the hash, 0 if it does not, or -EIO if libcrypt fails. Blocks for 50 ms or more,
 * because the supported hashes are slow by design. Thread-safe; never called on a worker.
 */
int htpasswd_verify(const char *hash, const char *password);

#endif
