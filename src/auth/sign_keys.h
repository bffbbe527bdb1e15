/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of one file that URLs are signed with: "id secret", one a line. Immutable once made: any thread reads it. */
#ifndef AUTH_SIGN_KEYS_H
#define AUTH_SIGN_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define SIGN_KEYS_MAX 64
#define SIGN_KEYS_ID_MAX 64	  /* bytes of an id */
#define SIGN_KEYS_SECRET_MIN 16	  /* bytes of a secret */
#define SIGN_KEYS_SECRET_MAX 1024 /* likewise */
#define SIGN_KEYS_FAULT_BYTES 512

struct sign_key {
	char id[SIGN_KEYS_ID_MAX + 1]; /* of letters, digits, ".", "_" and "-" */
	unsigned char *secret;
	size_t secret_bytes;
};

struct sign_keys {
	struct sign_key list[SIGN_KEYS_MAX]; /* the first one signs, all verify */
	size_t count;			     /* at least 1 */
	bool exposed;			     /* everybody on this machine may read the file */
};

/*
 * The keys in a text of this length, which `name` stands for in faults. A secret is "hex:" or "base64:" (either
 * alphabet, padded or not) and what they say, or else the bytes that stand there. Blank lines and such as begin with
 * "#" are nothing. 0; -EINVAL or -ENOMEM with "name:line: what is wrong" in `fault`.
 */
int sign_keys_parse(const char *name, const char *text, size_t length, struct sign_keys **keys,
		    char fault[SIGN_KEYS_FAULT_BYTES]);

/* The same of a file. Or the -errno of open(2) or read(2); -EFBIG: that is no file of keys. Blocks. */
int sign_keys_load(const char *path, struct sign_keys **keys, char fault[SIGN_KEYS_FAULT_BYTES]);

/* Wipes the secrets. NULL is allowed. */
void sign_keys_free(struct sign_keys *keys);

/* NULL: there is none of this id. */
const struct sign_key *sign_keys_find(const struct sign_keys *keys, const char *id);

/* NULL, or what is wrong with this id (a static string). */
const char *sign_keys_id_fault(const char *id);

#endif
