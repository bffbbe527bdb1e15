/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a htpasswd file, and whether a password is the one of a line of it. Immutable once parsed. */
#ifndef AUTH_HTPASSWD_H
#define AUTH_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>

#define HTPASSWD_HASH_BYTES 384 /* CRYPT_OUTPUT_SIZE */

struct htpasswd;

struct htpasswd_fault {
	unsigned line; /* from 1 */
	const char *what;
};

/*
 * Lines "name:hash", blank ones and comments. Hashes are bcrypt ($2y$, $2b$, $2a$), SHA-crypt ($5$, $6$), or yescrypt,
 * gost-yescrypt or scrypt if libcrypt knows them. 0 with *htpasswd owned by the caller; -EINVAL with *fault; -ENOMEM.
 */
int htpasswd_parse(struct htpasswd **htpasswd, const char *text, size_t length, struct htpasswd_fault *fault);
void htpasswd_free(struct htpasswd *htpasswd);

/* The same users with the same hashes. */
bool htpasswd_same(const struct htpasswd *a, const struct htpasswd *b);
size_t htpasswd_count(const struct htpasswd *htpasswd);
/* The user's hash, or NULL. */
const char *htpasswd_find(const struct htpasswd *htpasswd, const char *user);
/* The hash of some user, to have somebody who is not in the file wait as long as those who are; NULL: nobody is. */
const char *htpasswd_any(const struct htpasswd *htpasswd);

/* 1: it is the password; 0: it is not; -EIO: libcrypt can't say. Takes its time, which is what such hashes are for. Any
 * thread. */
int htpasswd_verify(const char *hash, const char *password);

#endif
