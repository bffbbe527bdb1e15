/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An extent refers to a version of a file, and the tables of open files map versions to paths. So the sizes of the
 * extents are first added up by version. Then the versions with the largest sums are looked up in the tables. A file
 * that is in the cache but not in a table of open files has no path and is omitted.
 *
 * Runs on the thread of the connection. The cache is walked in steps of WALK_ROOM extents, so no lock is held for long.
 */
#include "admin/cache_hot.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "admin/cache_answer.h"
#include "daemon/generation.h"
#include "daemon/site_roots.h"
#include "store/names_rank.h"
#include "store/cache_content.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define VERSIONS_PER_FILE 4 /* versions looked up for each file of the answer, because some have no path */
#define VERSIONS_MAX 200000 /* further versions are ignored, to bound the memory */
#define WALK_ROOM 256	    /* maximum number of extents in one step */

/* The number of cached bytes of one version. names_version also has room for the path. */
struct sum {
	struct names_version name;
	UT_hash_handle hh;
};

/*
 * Returns the sum of a version, which is created if it does not exist. Returns NULL if memory runs out or VERSIONS_MAX
 * is reached.
 */
static struct sum *sum_of(struct sum **sums, const struct file_version *version)
{
	struct sum *sum;

	HASH_FIND(hh, *sums, version, sizeof(*version), sum);
	if (sum != NULL || HASH_COUNT(*sums) >= VERSIONS_MAX)
		return sum;
	sum = calloc(1, sizeof(*sum));
	if (sum == NULL)
		return NULL;
	sum->name.version = *version;
	HASH_ADD(hh, *sums, name.version, sizeof(*version), sum);
	if (sum->hh.tbl == NULL) {
		free(sum);
		return NULL;
	}
	return sum;
}

static struct sum *sum_up(struct cache *cache)
{
	struct cache_resident list[WALK_ROOM];
	struct cache_cursor cursor = { 0 };
	struct sum *sums = NULL;
	size_t count;

	while ((count = cache_content_walk(cache, &cursor, list, WALK_ROOM)) > 0)
		for (size_t i = 0; i < count; i++) {
			struct sum *sum = sum_of(&sums, &list[i].version);

			if (sum == NULL)
				continue;
			sum->name.bytes += list[i].bytes;
			sum->name.pinned_bytes += list[i].pinned ? list[i].bytes : 0;
		}
	return sums;
}

static int largest_first(struct sum *a, struct sum *b)
{
	return (a->name.bytes < b->name.bytes) - (a->name.bytes > b->name.bytes);
}

/* Returns an array of the versions with the largest sums, and frees all sums. */
static struct names_version *take_largest(struct sum *sums, size_t most, size_t *count)
{
	struct names_version *names = calloc(most, sizeof(*names));
	struct sum *sum, *next;

	*count = 0;
	HASH_SRT(hh, sums, largest_first);
	HASH_ITER(hh, sums, sum, next) {
		if (names != NULL && *count < most)
			names[(*count)++] = sum->name;
		HASH_DEL(sums, sum);
		free(sum);
	}
	return names;
}

static int most_resident_first(const void *a, const void *b)
{
	const struct names_version *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->requests < y->requests) - (x->requests > y->requests);
}

/* Looks up the paths of the versions, and appends up to `limit` files to the array. */
static void name_all(struct process *process, struct names_version *names, size_t count, json_t *array, unsigned limit)
{
	struct generation *generation = generation_current(process);
	const struct rules *rules = &generation_config(generation)->rules;

	qsort(names, count, sizeof(*names), names_rank_compare);
	names_rank_paths(process->names, names, count);
	qsort(names, count, sizeof(*names), most_resident_first);
	for (size_t i = 0; i < count && json_array_size(array) < limit; i++) {
		const struct names_version *name = &names[i];
		uint64_t size = name->version.size, bytes = name->bytes < size ? name->bytes : size;
		const char *host = site_roots_host(rules, name->root);

		if (name->path[0] == '\0')
			continue;
		json_array_append_new(
			array,
			json_pack("{s:o, s:o, s:I, s:I, s:b, s:I, s:I}", "path", cache_answer_path(name->path), "site",
				  host != NULL ? cache_answer_string(host) : json_null(), "size", (json_int_t)size,
				  "resident_bytes", (json_int_t)bytes, "pinned", name->pinned_bytes > 0, "pinned_bytes",
				  (json_int_t)name->pinned_bytes, "requests", (json_int_t)name->requests));
	}
	generation_unref(generation);
}

void cache_hot_answer(struct admin_call *call)
{
	const char *text = admin_call_argument(call, "limit");
	char *rest = NULL;
	unsigned long limit = text != NULL ? strtoul(text, &rest, 10) : LIMIT_DEFAULT;
	json_t *array;
	struct names_version *names;
	size_t count;

	if (text != NULL && (text[0] < '0' || text[0] > '9' || *rest != '\0' || limit == 0 || limit > LIMIT_MAX)) {
		cache_answer_error(call, 400, "limit: \"%s\" is not a number from 1 to %u", text, LIMIT_MAX);
		return;
	}
	if (process_state(call->process) == PROCESS_STARTING) {
		cache_answer_error(call, 503, "the process is still starting; try again later");
		return;
	}
	array = json_array();
	names = take_largest(sum_up(call->process->cache), limit * VERSIONS_PER_FILE, &count);
	if (names != NULL)
		name_all(call->process, names, count, array, (unsigned)limit);
	free(names);
	cache_answer_json(call, 200, json_pack("{s:o}", "files", array));
}
