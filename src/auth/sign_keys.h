/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys for signed URLs, from a file with one "id secret" on each line. After the file is read, the keys are
 * immutable, and any thread may use them.
 */
#ifndef AUTH_SIGN_KEYS_H
#define AUTH_SIGN_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define SIGN_KEYS_MAX 64
#define SIGN_KEYS_ID_MAX 64	  /* maximum length of an id, in bytes */
#define SIGN_KEYS_SECRET_MIN 16	  /* minimum length of a secret, in bytes */
#define SIGN_KEYS_SECRET_MAX 1024 /* maximum length of a secret, in bytes */
#define SIGN_KEYS_FAULT_BYTES 512

struct sign_key {
	char id[SIGN_KEYS_ID_MAX + 1]; /* letters, digits, ".", "_" and "-" */
	unsigned char *secret;	       /* decoded */
	size_t secret_bytes;
};

struct sign_keys {
	struct sign_key list[SIGN_KEYS_MAX]; /* the first key signs; all keys verify */
	size_t count;			     /* at least 1 */
	bool exposed;			     /* all local users may read the file */
};

/*
 * Parses keys from a text of this length. `name` identifies the text in messages. A secret is "hex:" followed by
 * hexadecimal digits, "base64:" followed by base64 (either alphabet of RFC 4648, with or without padding), or the bytes
 * themselves. Empty lines and lines that begin with "#" are skipped. Returns 0, -EINVAL or -ENOMEM. On success, the
 * caller owns *keys. After an error, `fault` contains "name:line: error", without the line if the error concerns the
 * whole text.
 */
int sign_keys_parse(const char *name, const char *text, size_t length, struct sign_keys **keys,
		    char fault[SIGN_KEYS_FAULT_BYTES]);

/*
 * Parses the keys of a file. Returns a result of sign_keys_parse(), -errno of open(2) or read(2), or -EFBIG for a file
 * of 256 KiB or more, which cannot be a key file. Blocks; never called on a worker.
 */
int sign_keys_load(const char *path, struct sign_keys **keys, char fault[SIGN_KEYS_FAULT_BYTES]);

/* Wipes the secrets and frees the keys. NULL is allowed. */
void sign_keys_free(struct sign_keys *keys);

/* Returns the key with this id, or NULL. */
const struct sign_key *sign_keys_find(const struct sign_keys *keys, const char *id);

/* Returns NULL for a valid id, or a static string that describes why the id is invalid. */
const char *sign_keys_id_fault(const char *id);

#endif
