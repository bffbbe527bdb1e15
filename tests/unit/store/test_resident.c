/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/resident.c: rankings of thousands of names with known numbers of bytes in the cache. */
#include "store/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "base/keyed_hash.h"
#include "store/cache_content.h"
#include "store/shard.h"

#define MIB ((size_t)1 << 20)
#define NAMES 3000
#define LARGE 40	      /* Every 75th name is a file of several extents. */
#define LARGE_BYTES (3 * MIB) /* Size of these files. */
#define STEP (NAMES / LARGE)

static struct names *names;
static struct cache *cache;
static struct reactor *reactor;
static struct descriptors *descriptors;
static struct file_root *root;

static void setup(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(names_new(&names, 2 * NAMES), 0);
	ck_assert_int_eq(cache_new(&cache, 64 * MIB, true), 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 10), 0);
	ck_assert_int_eq(file_root_new(&root, &(struct file_root_options){ .fd = fd, .descriptors = descriptors }), 0);
	close(fd);
}

static void teardown(void)
{
	names_remove_root(names, root);
	ck_assert_uint_eq(root->references, 1); /* No ranking has kept a file. */
	file_root_unref(root);
	descriptors_free(descriptors);
	reactor_free(reactor);
	cache_free(cache);
	names_free(names);
}

/* Name number i has i bytes in the cache. Large files have i / STEP complete extents. */
static uint64_t size_of(unsigned i)
{
	return i % STEP == 0 ? LARGE_BYTES : i;
}

static uint64_t resident_bytes(unsigned i)
{
	return i % STEP == 0 ? i / STEP % 8 * SHARD_EXTENT_BYTES : i % 3 == 0 ? 0 : i;
}

static void loaded(struct cache_wait *wait, int answer)
{
	ck_assert_int_eq(answer, CACHE_HIT);
	cache_unpin(cache, wait->extent);
}

/* Adds an extent to the cache. */
static void load(const struct file_version *version, uint64_t offset, size_t length, bool pinned)
{
	struct cache_wait wait = { .span = { .version = version,
					     .alignment = 1,
					     .offset = offset,
					     .length = length,
					     .reach = CACHE_WHOLE,
					     .pinned = pinned },
				   .reactor = reactor,
				   .on_answer = loaded };

	ck_assert_int_eq(cache_want(cache, &wait, true), CACHE_LOAD);
	cache_loaded(cache, wait.extent, 0, reactor);
}

static void add_name(unsigned i, uint64_t requests)
{
	char path[32];
	struct file_facts facts = { .root = root, .path = path, .offset_alignment = 1, .memory_alignment = 1 };
	struct file_version *version = &facts.state.version;
	struct names_entry *entry;
	struct names_shard *shard;
	struct names_key key;

	snprintf(path, sizeof(path), "%u", i);
	*version = (struct file_version){ .device = 1, .inode = i, .size = size_of(i), .mtime_ns = 1, .ctime_ns = 1 };
	key = names_key(root, path);
	shard = names_shard_of(names, &key);
	pthread_mutex_lock(&shard->lock);
	entry = names_add(shard, &key);
	ck_assert_ptr_nonnull(entry);
	names_swap_file(shard, entry, file_new(&facts));
	entry->file->requests = requests;
	pthread_mutex_unlock(&shard->lock);
	if (i % STEP != 0 && resident_bytes(i) > 0)
		load(version, 0, version->size, i % 7 == 0);
	for (uint64_t at = 0; i % STEP == 0 && at < resident_bytes(i); at += SHARD_EXTENT_BYTES)
		load(version, at, SHARD_EXTENT_BYTES, false);
}

static void add_names(void)
{
	for (unsigned i = 0; i < NAMES; i++)
		add_name((i * 1009 + 500) % NAMES, i % 5);
}

static unsigned number_of(const struct file *file)
{
	return (unsigned)atoi(file->path);
}

static unsigned requests_of(unsigned number)
{
	for (unsigned i = 0; i < 5 * NAMES; i++)
		if ((i * 1009 + 500) % NAMES == number)
			return i % 5;
	return 0;
}

/* Returns the names that have bytes in the cache, in the order of the ranking, and their number. */
static int higher_first(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	if (resident_bytes(x) != resident_bytes(y))
		return resident_bytes(x) < resident_bytes(y) ? 1 : -1;
	if (requests_of(x) != requests_of(y))
		return requests_of(x) < requests_of(y) ? 1 : -1;
	return 0;
}

static unsigned expected_order(unsigned *order)
{
	unsigned count = 0;

	for (unsigned i = 0; i < NAMES; i++)
		if (resident_bytes(i) > 0)
			order[count++] = i;
	qsort(order, count, sizeof(*order), higher_first);
	return count;
}

static const struct {
	size_t offset, limit, pass_files;
} limits[] = { { 0, 1, 0 },	 { 0, 10, 0 },	  { 0, 1000, 0 }, { 0, 5000, 0 },   { 0, 500, 4 },
	       { 0, 5000, 1 },	 { 1, 1, 0 },	  { 10, 10, 0 },  { 500, 1000, 0 }, { 1970, 10, 0 },
	       { 2000, 100, 0 }, { 5000, 10, 0 }, { 10, 3, 1 } };

START_TEST(names_are_ranked)
{
	const size_t offset = limits[_i].offset, limit = limits[_i].limit;
	const struct resident_options options = {
		.names = names, .cache = cache, .offset = offset, .limit = limit, .pass_files = limits[_i].pass_files
	};
	struct resident_ranking ranking;
	unsigned *order = calloc(NAMES, sizeof(*order));
	size_t count, left;

	add_names();
	count = expected_order(order);
	left = count > offset ? count - offset : 0;
	ck_assert_int_eq(resident_rank(&ranking, &options), 0);
	ck_assert_uint_eq(ranking.total, count);
	ck_assert_uint_eq(ranking.count, left < limit ? left : limit);
	for (size_t i = 0; i < ranking.count; i++) {
		const struct resident_name *name = &ranking.names[i];
		const unsigned number = number_of(name->file);

		ck_assert_uint_eq(name->bytes, resident_bytes(order[offset + i]));
		ck_assert_uint_eq(name->bytes, resident_bytes(number));
		ck_assert_uint_eq(name->requests, requests_of(order[offset + i]));
		ck_assert_uint_eq(name->pinned_bytes, number % STEP != 0 && number % 7 == 0 ? name->bytes : 0);
	}
	resident_fini(&ranking);
	free(order);
}
END_TEST

/* Pages neither overlap nor have gaps, also between names with equal numbers. */
START_TEST(pages_have_each_name_once)
{
	bool seen[NAMES] = { false };
	unsigned *order = calloc(NAMES, sizeof(*order)), count, sum = 0;

	add_names();
	count = expected_order(order);
	for (size_t offset = 0; offset < count; offset += 7) {
		const struct resident_options options = {
			.names = names, .cache = cache, .offset = offset, .limit = 7
		};
		struct resident_ranking ranking;

		ck_assert_int_eq(resident_rank(&ranking, &options), 0);
		for (size_t i = 0; i < ranking.count; i++, sum++) {
			ck_assert(!seen[number_of(ranking.names[i].file)]);
			seen[number_of(ranking.names[i].file)] = true;
		}
		resident_fini(&ranking);
	}
	ck_assert_uint_eq(sum, count);
	free(order);
}
END_TEST

static bool stopped(void *context)
{
	return --*(int *)context < 0;
}

START_TEST(a_ranking_can_be_stopped)
{
	int calls = 0;
	const struct resident_options options = {
		.names = names, .cache = cache, .limit = 100, .stopped = stopped, .context = &calls
	};
	struct resident_ranking ranking;

	add_names();
	ck_assert_int_eq(resident_rank(&ranking, &options), -ECANCELED);
	resident_fini(&ranking);
	ck_assert_uint_eq(ranking.count, 0);
}
END_TEST

START_TEST(an_empty_table_has_no_ranking)
{
	const struct resident_options options = { .names = names, .cache = cache, .limit = 100 };
	struct resident_ranking ranking;

	ck_assert_int_eq(resident_rank(&ranking, &options), 0);
	ck_assert_uint_eq(ranking.count + ranking.total, 0);
	resident_fini(&ranking);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resident");
	TCase *tests = tcase_create("resident");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, names_are_ranked, 0, (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tests, pages_have_each_name_once);
	tcase_add_test(tests, a_ranking_can_be_stopped);
	tcase_add_test(tests, an_empty_table_has_no_ranking);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
