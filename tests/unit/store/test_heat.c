/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/heat.c: the order of the files, their parts, and the same result with little memory. */
#include "store/heat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "store/cache_content.h"
#include "store/shard.h"

#define MIB ((size_t)1 << 20)
#define NAMES 2000
#define LARGE_BYTES (3 * MIB)

static struct names *names;
static struct cache *cache;
static struct reactor *reactor;
static struct descriptors *descriptors;
static struct file_root *root;

/* The files that a walk has listed. */
static unsigned listed[NAMES];
static unsigned last_class, visits, stop_after;
static bool ordered;

static void setup(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(names_new(&names, 2 * NAMES), 0);
	ck_assert_int_eq(cache_new(&cache, 64 * MIB, true), 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 10), 0);
	ck_assert_int_eq(file_root_new(&root, &(struct file_root_options){ .fd = fd, .descriptors = descriptors }), 0);
	close(fd);
	memset(listed, 0, sizeof(listed));
	last_class = UINT32_MAX;
	visits = 0;
	stop_after = UINT32_MAX;
	ordered = true;
}

static void teardown(void)
{
	names_remove_root(names, root);
	ck_assert_uint_eq(root->references, 1); /* No walk has kept a file. */
	file_root_unref(root);
	descriptors_free(descriptors);
	reactor_free(reactor);
	cache_free(cache);
	names_free(names);
}

static void loaded(struct cache_wait *wait, int answer)
{
	ck_assert_int_eq(answer, CACHE_HIT);
	cache_unpin(cache, wait->extent);
}

static void load(const struct file_version *version, uint64_t offset, size_t length, enum cache_reach reach)
{
	struct cache_wait wait = {
		.span = { .version = version, .alignment = 1, .offset = offset, .length = length, .reach = reach },
		.reactor = reactor,
		.on_answer = loaded
	};

	ck_assert_int_eq(cache_want(cache, &wait, true), CACHE_LOAD);
	cache_loaded(cache, wait.extent, 0, reactor);
}

static struct file_version version_of(unsigned i, uint64_t size)
{
	return (struct file_version){ .device = 1, .inode = i + 1, .size = size, .mtime_ns = 2, .ctime_ns = 3 };
}

/* Adds name number i, whose file has this size and number of requests. */
static void add_name(unsigned i, uint64_t size, uint64_t requests)
{
	char path[16];
	struct file_facts facts = { .root = root,
				    .path = path,
				    .state.version = version_of(i, size),
				    .offset_alignment = 1,
				    .memory_alignment = 1 };
	struct names_key key;
	struct names_shard *shard;
	struct names_entry *entry;

	snprintf(path, sizeof(path), "%u", i);
	key = names_key(root, path);
	shard = names_shard_of(names, &key);
	pthread_mutex_lock(&shard->lock);
	entry = names_add(shard, &key);
	ck_assert_ptr_nonnull(entry);
	file_unref(names_swap_file(shard, entry, file_new(&facts)));
	atomic_store(&entry->file->requests, requests);
	pthread_mutex_unlock(&shard->lock);
}

static unsigned class_of(uint64_t requests)
{
	return requests == 0 ? 0 : requests < 4 ? 1 : requests < 16 ? 2 : requests < 64 ? 3 : 4;
}

static int visit(const struct heat_item *item, void *context)
{
	const unsigned i = (unsigned)atoi(item->file->path), class = class_of(item->file->requests);

	(void)context;
	ordered = ordered && class <= last_class;
	last_class = class;
	listed[i]++;
	return ++visits == stop_after ? -EIO : 0;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static int walk(size_t pieces, int (*fn)(const struct heat_item *item, void *context), bool (*stopped)(void *context))
{
	const struct heat_options options = {
		.names = names, .cache = cache, .pieces = pieces, .visit = fn, .stopped = stopped
	};

	return heat_walk(&options);
}

/* Every third name is not cached. Every fifth is a large file with some extents. */
static void add_all(void)
{
	for (unsigned i = 0; i < NAMES; i++) {
		const bool large = i % 5 == 0;
		const uint64_t size = large ? LARGE_BYTES : 100 + i;
		const struct file_version version = version_of(i, size);

		add_name(i, size, i % 200);
		if (i % 3 == 0)
			continue;
		if (large)
			load(&version, i % 12 * SHARD_EXTENT_BYTES, 100, CACHE_EXACT);
		else
			load(&version, 0, size, CACHE_WHOLE);
	}
}

START_TEST(files_are_listed_by_requests)
{
	static const size_t pieces[] = { 0, 300, 150 };

	add_all();
	ck_assert_int_eq(walk(pieces[_i], visit, never), 0);
	if (pieces[_i] == 0)
		ck_assert(ordered);
	for (unsigned i = 0; i < NAMES; i++)
		ck_assert_msg(listed[i] == (i % 3 != 0), "%u is listed %u times", i, listed[i]);
}
END_TEST

START_TEST(walk_ends_early)
{
	add_all();
	ck_assert_int_eq(walk(0, visit, always), -ECANCELED);
	stop_after = 10;
	ck_assert_int_eq(walk(0, visit, never), -EIO);
	ck_assert_uint_eq(visits, 10);
}
END_TEST

static struct span spans[8];
static size_t span_count;

static int copy_spans(const struct heat_item *item, void *context)
{
	(void)context;
	ck_assert_uint_le(item->count, 8);
	memcpy(spans, item->spans, item->count * sizeof(spans[0]));
	span_count = item->count;
	return 0;
}

/* The parts of a file are in ascending order, and adjacent extents are one part. */
START_TEST(parts_are_merged)
{
	const struct file_version version = version_of(1, LARGE_BYTES + 5);

	add_name(1, LARGE_BYTES + 5, 3);
	load(&version, 12 * SHARD_EXTENT_BYTES, 5, CACHE_WHOLE);
	load(&version, 4 * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES, CACHE_WHOLE);
	load(&version, 4096, 4096, CACHE_EXACT);
	load(&version, 3 * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES, CACHE_WHOLE);
	ck_assert_int_eq(walk(0, copy_spans, never), 0);
	ck_assert_uint_eq(span_count, 3);
	ck_assert_uint_eq(spans[0].offset, 4096);
	ck_assert_uint_eq(spans[0].length, 4096);
	ck_assert_uint_eq(spans[1].offset, 3 * SHARD_EXTENT_BYTES);
	ck_assert_uint_eq(spans[1].length, 2 * SHARD_EXTENT_BYTES);
	ck_assert_uint_eq(spans[2].offset, 12 * SHARD_EXTENT_BYTES);
	ck_assert_uint_eq(spans[2].length, 5); /* Without the padding after the end of the file. */
}
END_TEST

START_TEST(whole_files_are_one_part)
{
	const struct file_version large = version_of(1, 2 * MIB), small = version_of(2, 9000);

	add_name(1, 2 * MIB, 3);
	for (unsigned i = 0; i < 8; i++)
		load(&large, i * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES, CACHE_WHOLE);
	ck_assert_int_eq(walk(0, copy_spans, never), 0);
	ck_assert_uint_eq(span_count, 1);
	ck_assert_uint_eq(spans[0].length, 2 * MIB);

	/* A part of a file that could be one extent. */
	names_remove_root(names, root);
	add_name(2, 9000, 3);
	load(&small, 4096, 512, CACHE_EXACT);
	ck_assert_int_eq(walk(0, copy_spans, never), 0);
	ck_assert_uint_eq(span_count, 1);
	ck_assert_uint_le(spans[0].offset, 4096);
	ck_assert_uint_ge(spans[0].offset + spans[0].length, 4096 + 512);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heat");
	TCase *tests = tcase_create("heat");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, files_are_listed_by_requests, 0, 3);
	tcase_add_test(tests, walk_ends_early);
	tcase_add_test(tests, parts_are_merged);
	tcase_add_test(tests, whole_files_are_one_part);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
