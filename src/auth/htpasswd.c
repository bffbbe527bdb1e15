/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses htpasswd files and verifies passwords. password_file.c owns the result. Offload threads and the main thread
 * call these functions.
 *
 * The main idea: faults are reported when the file is read, not when a login fails. Only slow hashes are accepted. The
 * former defaults of Apache's htpasswd (MD5, SHA-1, DES) are rejected with a message that names the remedy. The length
 * of each hash is also checked, because a truncated hash would reject every password without an explanation.
 */
#include "auth/htpasswd.h"

#include <crypt.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REMEDY "; create the line again with \"htpasswd -B\""

struct entry {
	const char *user, *hash;
	unsigned line;
};

struct htpasswd {
	char *text;	       /* copy of the file, split into strings to which the entries point */
	size_t count;	       /* number of entries */
	struct entry *entries; /* sorted by user */
};

/* --- hashes --- */

static bool is_crypt64(const char *text, size_t length)
{
	return strspn(text, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == length &&
	       text[length] == '\0';
}

/* Returns true for "$2y$10$" followed by 53 bytes. */
static bool is_bcrypt(const char *hash)
{
	return strlen(hash) == 60 && hash[4] >= '0' && hash[4] <= '3' && hash[5] >= '0' && hash[5] <= '9' &&
	       hash[6] == '$' && is_crypt64(hash + 7, 53);
}

/*
 * Returns true for "$5$salt$" followed by 43 bytes, or "$6$salt$" followed by 86 bytes. "rounds=5000$" may precede the
 * salt.
 */
static bool is_sha_crypt(const char *hash)
{
	const char *last = strrchr(hash + 3, '$');

	return last != NULL && is_crypt64(last + 1, hash[1] == '5' ? 43 : 86);
}

/* Returns true for "$y$j9T$salt$" followed by 43 bytes. */
static bool is_scrypt(const char *hash)
{
	const char *last = strrchr(hash, '$');

	return last - hash > 4 && is_crypt64(last + 1, 43);
}

/* Returns true if libcrypt supports this kind of hash. Otherwise crypt_r() returns NULL or "*0". */
static bool is_supported(const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made = data != NULL ? crypt_r("", hash, data) : NULL;
	bool supported = made != NULL && made[0] != '*';

	free(data);
	return supported;
}

static const char *hash_fault(const char *hash)
{
	static const char malformed[] = "the hash is malformed or truncated";

	if (strlen(hash) >= HTPASSWD_HASH_BYTES)
		return "the hash is too long";
	if (strncmp(hash, "$2y$", 4) == 0 || strncmp(hash, "$2b$", 4) == 0 || strncmp(hash, "$2a$", 4) == 0)
		return is_bcrypt(hash) ? NULL : malformed;
	if (strncmp(hash, "$5$", 3) == 0 || strncmp(hash, "$6$", 3) == 0)
		return is_sha_crypt(hash) ? NULL : malformed;
	if (strncmp(hash, "$y$", 3) == 0 || strncmp(hash, "$7$", 3) == 0 || strncmp(hash, "$gy$", 4) == 0)
		return !is_scrypt(hash)	    ? malformed
		       : is_supported(hash) ? NULL
					    : "libcrypt of this system does not support this kind of hash" REMEDY;
	if (strncmp(hash, "$apr1$", 6) == 0 || strncmp(hash, "$1$", 3) == 0)
		return "MD5 hashes are not supported, because they are easy to crack" REMEDY;
	if (strncmp(hash, "{SHA}", 5) == 0 || strncmp(hash, "{SSHA}", 6) == 0)
		return "SHA-1 hashes are not supported, because they are easy to crack" REMEDY;
	return strlen(hash) == 13 ? "DES hashes and unhashed passwords are not supported" REMEDY
				  : "expected a hash of bcrypt, SHA-crypt or yescrypt" REMEDY;
}

/* --- lines --- */

static char *trimmed(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		line[--length] = '\0';
	return line + strspn(line, " \t");
}

/*
 * Parses a line. The text after a second colon is a comment, as in Apache and nginx. Returns NULL on success, or the
 * error.
 */
static const char *parse_line(char *line, struct entry *entry)
{
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return "expected \"name:hash\"";
	if (colon == line)
		return "the name is empty";
	*colon = '\0';
	entry->user = line;
	entry->hash = colon + 1;
	colon[1 + strcspn(colon + 1, ":")] = '\0';
	return hash_fault(entry->hash);
}

static int by_user(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->user, y->user);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static const char *parse_lines(struct htpasswd *made, unsigned *number)
{
	char *rest = made->text, *line;

	for (*number = 1; (line = strsep(&rest, "\n")) != NULL; ++*number) {
		struct entry *entry = &made->entries[made->count];
		char *text = trimmed(line);
		const char *fault = NULL;

		if (*text == '\0' || *text == '#')
			continue;
		fault = parse_line(text, entry);
		if (fault != NULL)
			return fault;
		entry->line = *number;
		made->count++;
	}
	return NULL;
}

/* Searches the sorted entries for a name that occurs twice. Returns NULL if all names are different, or the error. */
static const char *find_duplicate(const struct htpasswd *made, unsigned *number)
{
	for (size_t i = 1; i < made->count; i++) {
		*number = made->entries[i].line;
		if (strcmp(made->entries[i - 1].user, made->entries[i].user) == 0)
			return "the name occurs twice";
	}
	return NULL;
}

static int fill(struct htpasswd *made, const char *text, size_t length, struct htpasswd_fault *fault)
{
	size_t lines = 1;

	*fault = (struct htpasswd_fault){ .line = 1, .what = "the file contains a NUL byte; expected a text file" };
	if (memchr(text, '\0', length) != NULL)
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	made->text = malloc(length + 1);
	made->entries = calloc(lines, sizeof(*made->entries));
	if (made->text == NULL || made->entries == NULL)
		return -ENOMEM;
	memcpy(made->text, text, length);
	made->text[length] = '\0';
	fault->what = parse_lines(made, &fault->line);
	if (fault->what != NULL)
		return -EINVAL;
	qsort(made->entries, made->count, sizeof(*made->entries), by_user);
	fault->what = find_duplicate(made, &fault->line);
	return fault->what != NULL ? -EINVAL : 0;
}

int htpasswd_parse(struct htpasswd **htpasswd, const char *text, size_t length, struct htpasswd_fault *fault)
{
	struct htpasswd *made = calloc(1, sizeof(*made));
	int error = made != NULL ? fill(made, text, length, fault) : -ENOMEM;

	if (error != 0)
		htpasswd_free(made);
	else
		*htpasswd = made;
	return error;
}

void htpasswd_free(struct htpasswd *htpasswd)
{
	if (htpasswd == NULL)
		return;
	free(htpasswd->entries);
	free(htpasswd->text);
	free(htpasswd);
}

bool htpasswd_same(const struct htpasswd *a, const struct htpasswd *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->entries[i].user, b->entries[i].user) != 0 ||
		    strcmp(a->entries[i].hash, b->entries[i].hash) != 0)
			return false;
	return true;
}

size_t htpasswd_count(const struct htpasswd *htpasswd)
{
	return htpasswd->count;
}

const char *htpasswd_find(const struct htpasswd *htpasswd, const char *user)
{
	size_t low = 0, high = htpasswd->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(user, htpasswd->entries[middle].user);

		if (order == 0)
			return htpasswd->entries[middle].hash;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *htpasswd_any(const struct htpasswd *htpasswd)
{
	return htpasswd->count > 0 ? htpasswd->entries[0].hash : NULL;
}

/* Compares two hashes in constant time. The length of a hash is not secret. */
static bool same(const char *a, const char *b)
{
	size_t length = strlen(a);
	volatile unsigned char differ = 0;

	if (length != strlen(b))
		return false;
	for (size_t i = 0; i < length; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

int htpasswd_verify(const char *hash, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data)); /* the struct has 32 KiB */
	const char *made = data != NULL ? crypt_r(password, hash, data) : NULL;
	int result = made == NULL || made[0] == '*' ? -EIO : same(made, hash);

	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return result;
}
