/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An entry "x.gz" of a directory adds the hash of "x" with the bits of ".gz". Other entries add nothing, so most
 * directories need no memory. The hash is keyed. A collision only costs a lookup of a sibling that does not exist.
 *
 * The functions have no state. The caller stores the result.
 */
#include "store/parents_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keyed_hash.h"

#define NAMES_BYTES (64 * 1024)
#define NAMES_MAX (1u << 22) /* Maximum number of names that are read. */
#define SUFFIX_MASK UINT64_C(7)

_Static_assert(PARENTS_SUFFIXES <= SUFFIX_MASK + 1, "a suffix fits into the lowest bits of a hash");

static const char *const suffixes[PARENTS_SUFFIXES] = {
	[PARENTS_ZST] = ".zst",	      [PARENTS_BR] = ".br",	[PARENTS_GZ] = ".gz",
	[PARENTS_SHA256] = ".sha256", [PARENTS_ETAG] = ".etag",
};

uint64_t parents_scan_hash(const char *name, size_t length)
{
	return keyed_hash(name, length) & ~SUFFIX_MASK;
}

/* Returns the index of the first hash that is not lower. */
static size_t lower_bound(const struct parents_names *names, uint64_t hash)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned parents_scan_find(const struct parents_names *names, uint64_t hash)
{
	unsigned beside = 0;

	for (size_t i = lower_bound(names, hash); i < names->count && (names->hashes[i] & ~SUFFIX_MASK) == hash; i++)
		beside |= 1u << (names->hashes[i] & SUFFIX_MASK);
	return beside;
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int add_hash(struct parents_names *names, uint64_t hash)
{
	if (names->count == names->room) {
		size_t room = names->room > 0 ? names->room * 2 : 16;
		uint64_t *grown;

		if (room > PARENTS_SCAN_HASHES_MAX)
			return -E2BIG;
		grown = reallocarray(names->hashes, room, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		names->hashes = grown;
		names->room = room;
	}
	names->hashes[names->count++] = hash;
	return 0;
}

static int add_name(struct parents_names *names, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot == name)
		return 0;
	for (unsigned i = 0; i < PARENTS_SUFFIXES; i++)
		if (strcmp(dot, suffixes[i]) == 0)
			return add_hash(names, parents_scan_hash(name, (size_t)(dot - name)) | i);
	return 0;
}

static int read_names(int fd, struct parents_names *names)
{
	_Alignas(struct dirent64) char buffer[NAMES_BYTES];
	size_t count = 0;
	ssize_t got;
	int error = 0;

	while (error == 0 && (got = getdents64(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0)
			return -errno;
		for (ssize_t at = 0; error == 0 && at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);

			error = ++count > NAMES_MAX ? -E2BIG : add_name(names, entry->d_name);
			at += entry->d_reclen;
		}
	}
	return error;
}

/* Sorts the hashes, and returns memory that is not in use. */
static void finish(struct parents_names *names)
{
	uint64_t *shrunk;

	if (names->count == 0)
		return;
	qsort(names->hashes, names->count, sizeof(*names->hashes), compare_hashes);
	shrunk = reallocarray(names->hashes, names->count, sizeof(*names->hashes));
	if (shrunk != NULL)
		names->hashes = shrunk;
}

int parents_scan(int fd, struct parents_names *names)
{
	int error;

	*names = (struct parents_names){ 0 };
	error = read_names(fd, names);
	if (error == 0) {
		finish(names);
	} else {
		free(names->hashes);
		*names = (struct parents_names){ 0 };
	}
	return error;
}
