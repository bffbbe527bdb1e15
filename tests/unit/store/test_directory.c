/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of reading directories: order, offset and limit, many chunks compared with one sort of everything, links,
 * hidden names, freeing at any time.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "store/directory.h"

static char dir[PATH_MAX];
static int root = -1;
static struct reactor *reactor;
static struct offload *offload;
static struct directory_table *table;

static void make_root(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_folder.XXXXXX", parent ? parent : ".");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY);
	ck_assert_int_ge(root, 0);
}

static void remove_root(void)
{
	close(root);
	remove_directory(dir);
}

static void make_table(void)
{
	struct directory_table_options options = { .memory_bytes = 0 };

	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(offload_new(&offload, 1), 0);
	options.offload = offload;
	ck_assert_int_eq(directory_table_new(&table, &options), 0);
}

static void free_table(void)
{
	directory_table_stop(table);
	offload_stop(offload);
	reactor_free(reactor);
	directory_table_free(table);
	offload_free(offload);
}

static void set_up(void)
{
	make_root();
	make_table();
}

static void tear_down(void)
{
	free_table();
	remove_root();
}

static void make_file(const char *name, size_t size, int64_t mtime)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime, .tv_nsec = 5 } };
	int fd;

	ck_assert_int_eq(mkdirat(root, "f", 0755) == 0 || errno == EEXIST, 1);
	ck_assert_int_ge(fd = openat(root, name, O_CREAT | O_WRONLY, 0644), 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

/* ---- a listing, and all its entries as text: "name/ name ..." ---- */

static unsigned prebuilt_count, freed_count;

static void ready(void *context)
{
	(void)context;
	prebuilt_count++;
}

static void freed(void *context)
{
	(void)context;
	__atomic_add_fetch(&freed_count, 1, __ATOMIC_SEQ_CST);
}

/* Waits until no job runs, so that the table may be freed. */
static void wait_for_jobs(void)
{
	while (offload_pending(offload) > 0)
		reactor_iterate(reactor, 1);
}

static struct directory_options options_of(enum entries_key sort, bool descending)
{
	return (struct directory_options){ .reactor = reactor,
					   .root_fd = root,
					   .path = "f",
					   .sort = sort,
					   .descending = descending,
					   .limit = UINT64_MAX,
					   .ready = ready,
					   .freed = freed };
}

static void wait_for(const struct directory *folder, unsigned times)
{
	for (int i = 0; prebuilt_count < times; i++) {
		ck_assert_int_lt(i, 1000);
		ck_assert_int_ge(reactor_iterate(reactor, 50), 0);
	}
	ck_assert_int_ne(directory_state(folder), -EAGAIN);
}

static char *text_of(const struct directory_options *options, unsigned *chunks, int *error)
{
	static char text[400000];
	size_t used = 0;
	struct directory *folder;

	prebuilt_count = 0, freed_count = 0;
	*chunks = 0;
	text[0] = '\0';
	ck_assert_int_eq(directory_new(&folder, table, options), 0);
	do {
		ck_assert_int_eq(directory_state(folder), -EAGAIN);
		wait_for(folder, ++*chunks);
		*error = directory_state(folder);
		for (size_t i = 0; *error == 0 && i < directory_count(folder); i++) {
			const struct entry *entry = directory_entry(folder, i);

			if (!entry->vanished)
				used += (size_t)sprintf(text + used, "%s%s ", entry->name, entry->directory ? "/" : "");
		}
	} while (*error == 0 && directory_next(folder));
	directory_free(folder);
	ck_assert_uint_eq(freed_count, 1);
	return text;
}

static char *listed(const struct directory_options *options)
{
	unsigned chunks;
	int error;
	char *text = text_of(options, &chunks, &error);

	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(chunks, 1);
	return text;
}

START_TEST(names_are_in_natural_order)
{
	static const char *const order[] = { "",   "-",	   "0",	    "00",  "01",   "1",	   "1a",      "2",  "9",
					     "10", "A",	   "a",	    "a-1", "a1",   "A1b",  "a02",     "a2", "a10",
					     "b",  "v1.9", "v1.10", "z",   "\x80", "\xff", "\xff\xff" };

	for (int i = 0; i < (int)(sizeof(order) / sizeof(*order)); i++) {
		for (int j = 0; j < (int)(sizeof(order) / sizeof(*order)); j++) {
			int got = entries_compare_names(order[i], strlen(order[i]), order[j], strlen(order[j]));
			ck_assert_msg((got > 0) - (got < 0) == (i > j) - (i < j), "%s, %s: %d", order[i], order[j],
				      got);
		}
	}
}
END_TEST

START_TEST(directories_come_first_and_ties_are_sorted_by_name)
{
	struct directory_options options;

	make_file("f/b", 10, 300);
	make_file("f/a", 20, 100);
	make_file("f/c10", 5, 200);
	make_file("f/c9", 5, 200);
	ck_assert_int_eq(mkdirat(root, "f/zoo", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "f/abc", 0755), 0);
	ck_assert_int_eq(symlinkat("b", root, "f/link"), 0);
	ck_assert_int_eq(symlinkat("../../../etc/passwd", root, "f/out"), 0);
	ck_assert_int_eq(symlinkat("none", root, "f/dangling"), 0);
	ck_assert_int_eq(symlinkat("zoo", root, "f/in"), 0);
	ck_assert_int_eq(mkfifoat(root, "f/fifo", 0644), 0);

	options = options_of(ENTRIES_BY_NAME, false);
	ck_assert_str_eq(listed(&options), "abc/ in/ zoo/ a b c9 c10 link ");
	options = options_of(ENTRIES_BY_NAME, true);
	ck_assert_str_eq(listed(&options), "zoo/ in/ abc/ link c10 c9 b a ");
	options = options_of(ENTRIES_BY_SIZE, false);
	ck_assert_str_eq(listed(&options), "abc/ in/ zoo/ c9 c10 b link a ");
	options = options_of(ENTRIES_BY_SIZE, true);
	ck_assert_str_eq(listed(&options), "abc/ in/ zoo/ a b link c9 c10 ");
	options = options_of(ENTRIES_BY_TIME, false);
	ck_assert_ptr_nonnull(strstr(listed(&options), " a c9 c10 b link "));
	options = options_of(ENTRIES_BY_NAME, false);
	options.symlinks = FILE_SYMLINKS_NONE;
	ck_assert_str_eq(listed(&options), "abc/ zoo/ a b c9 c10 ");
	options.offset = 1;
	options.limit = 3;
	ck_assert_str_eq(listed(&options), "zoo/ a b ");
	options.offset = 100;
	ck_assert_str_eq(listed(&options), "");
	options.offset = UINT64_MAX;
	options.limit = UINT64_MAX;
	ck_assert_str_eq(listed(&options), "");
}
END_TEST

static bool shows(void *context, const char *name, bool folder)
{
	(void)folder;
	(void)context;
	return name[0] != 'h';
}

START_TEST(attributes_and_totals)
{
	struct directory_options options = options_of(ENTRIES_BY_NAME, false);
	struct directory *folder;
	uint64_t folders, files, hash = 0;

	make_file("f/a", 20, 100);
	make_file("f/hidden", 20, 100);
	make_file("f/z", 7, 200);
	ck_assert_int_eq(mkdirat(root, "f/d", 0755), 0);
	for (int i = 0; i < 2; i++) {
		prebuilt_count = 0;
		options.shows = shows;
		options.limit = 2;
		ck_assert_int_eq(directory_new(&folder, table, &options), 0);
		wait_for(folder, 1);
		directory_totals(folder, &folders, &files);
		ck_assert_uint_eq(folders, 1);
		ck_assert_uint_eq(files, 2);
		ck_assert_uint_eq(directory_count(folder), 2);
		ck_assert_uint_eq(directory_entry(folder, 1)->size, 20);
		ck_assert_int_eq(directory_entry(folder, 1)->mtime_ns, 100 * INT64_C(1000000000) + 5);
		ck_assert(directory_is_whole(folder));
		ck_assert(i == 0 || hash == directory_hash(folder));
		hash = directory_hash(folder);
		ck_assert(!directory_next(folder));
		directory_free(folder);
	}
	make_file("f/a", 21, 100);
	prebuilt_count = 0;
	ck_assert_int_eq(directory_new(&folder, table, &options), 0);
	wait_for(folder, 1);
	ck_assert_uint_ne(hash, directory_hash(folder));
	directory_free(folder);
}
END_TEST

START_TEST(errors_are_reported)
{
	struct directory_options options = options_of(ENTRIES_BY_NAME, false);
	unsigned chunks;
	int error;

	make_file("f/a", 1, 1);
	options.path = "none";
	text_of(&options, &chunks, &error);
	ck_assert_int_eq(error, -ENOENT);
	options.path = "f/a";
	text_of(&options, &chunks, &error);
	ck_assert_int_eq(error, -ENOTDIR);
	options.path = "";
	ck_assert_str_eq(listed(&options), "f/ ");
}
END_TEST

#define MANY 3000

/* Makes the files that all tests of the second case read. */
static void make_many(void)
{
	char name[64];

	make_root();
	make_file("f/0", 0, 0);
	ck_assert_int_eq(unlinkat(root, "f/0", 0), 0);
	for (unsigned i = 0; i < MANY; i++) {
		unsigned mixed = i * 7919 % MANY;

		snprintf(name, sizeof(name), mixed % 100 == 0 ? "f/dir %u" : "f/a name that takes some room %u", mixed);
		if (mixed % 100 == 0)
			ck_assert_int_eq(mkdirat(root, name, 0755), 0);
		else
			make_file(name, mixed % 50, mixed / 30);
	}
}

/* Chunks and limits do not change the result: many small chunks contain the same entries as one big chunk. */
START_TEST(many_small_chunks_are_one_large_one)
{
	struct directory_table *small;
	struct directory_table_options small_options = { .offload = offload, .memory_bytes = ENTRIES_BYTES_MIN };

	ck_assert_int_eq(directory_table_new(&small, &small_options), 0);
	for (int i = 0; i < 12; i++) {
		struct directory_options options = options_of((enum entries_key)(i % 3), i % 2 == 1);
		struct directory_table *large = table;
		unsigned chunks;
		int error;
		char *expected;

		if (i >= 6) {
			options.offset = 1700;
			options.limit = 1000;
		}
		if (i >= 9) {
			options.offset = 2990;
			options.limit = 5;
		}
		expected = strdup(listed(&options));
		table = small;
		ck_assert_str_eq(text_of(&options, &chunks, &error), expected);
		table = large;
		ck_assert_int_eq(error, 0);
		ck_assert_uint_ge(chunks, i < 6 ? 5 : 1);
		free(expected);
	}
	wait_for_jobs();
	directory_table_free(small);
}
END_TEST

START_TEST(a_limit_bounds_the_memory)
{
	struct directory_options options = options_of(ENTRIES_BY_NAME, false);
	struct directory *folder;
	uint64_t folders, files;

	options.offset = 28;
	options.limit = 4;
	ck_assert_str_eq(listed(&options),
			 "dir 2800/ dir 2900/ a name that takes some room 1 a name that takes some room 2 ");
	prebuilt_count = 0;
	ck_assert_int_eq(directory_new(&folder, table, &options), 0);
	wait_for(folder, 1);
	ck_assert(directory_is_whole(folder));
	directory_totals(folder, &folders, &files);
	ck_assert_uint_eq(folders, MANY / 100);
	ck_assert_uint_eq(files, MANY - MANY / 100);
	directory_free(folder);
}
END_TEST

/* Many directories at once: all are read, and the memory of each is available for the next one. */
START_TEST(memory_is_shared_and_returned)
{
	struct directory *folders[64];
	struct directory_options options = options_of(ENTRIES_BY_NAME, false);
	struct directory_table *small;
	struct directory_table_options small_options = { .offload = offload, .memory_bytes = 80 * ENTRIES_BYTES_MIN };
	size_t first = 0;

	ck_assert_int_eq(directory_table_new(&small, &small_options), 0);
	for (int round = 0; round < 2; round++) {
		prebuilt_count = 0;
		for (unsigned i = 0; i < 64; i++)
			ck_assert_int_eq(directory_new(&folders[i], small, &options), 0);
		for (unsigned i = 0; i < 64; i++)
			wait_for(folders[i], 64);
		ck_assert_uint_gt(directory_count(folders[0]), directory_count(folders[63]));
		ck_assert_uint_gt(directory_count(folders[63]), 0);
		ck_assert(round == 0 || first == directory_count(folders[0]));
		first = directory_count(folders[0]);
		for (unsigned i = 0; i < 64; i++)
			directory_free(folders[i]);
		wait_for_jobs();
	}
	directory_table_free(small);
}
END_TEST

struct plug {
	struct offload_job job;
	sem_t pulled;
};

static void plug_work(struct offload_job *job)
{
	sem_wait(&((struct plug *)job)->pulled);
}

/* Freed while it is queued, while it is read, while its message is posted, and while its first chunk is ready. */
START_TEST(can_be_freed_at_any_time)
{
	struct directory_options options = options_of(ENTRIES_BY_SIZE, false);
	struct directory *folder;
	struct plug plug = { .job = { .work = plug_work } };

	freed_count = 0;
	sem_init(&plug.pulled, 0, 0);
	offload_start(offload, &plug.job);
	ck_assert_int_eq(directory_new(&folder, table, &options), 0);
	directory_free(folder);
	sem_post(&plug.pulled);
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(directory_new(&folder, table, &options), 0);
		usleep((useconds_t)i * 500);
		if (i % 2 == 0)
			reactor_iterate(reactor, 0);
		directory_free(folder);
	}
	wait_for_jobs();
	reactor_iterate(reactor, 0);
	wait_for_jobs();
	ck_assert_uint_eq(freed_count, 41);
}
END_TEST

/* At the end of the process, the threads end while a directory is read, and it is freed after that. */
START_TEST(stopping_ends_all_listings)
{
	struct directory_options options = options_of(ENTRIES_BY_SIZE, false);
	struct directory *folders[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(directory_new(&folders[i], table, &options), 0);
	directory_table_stop(table);
	offload_stop(offload);
	prebuilt_count = 0;
	directory_free(folders[2]);
	reactor_iterate(reactor, 0);
	ck_assert_uint_eq(prebuilt_count, 2);
	ck_assert_int_eq(directory_state(folders[0]), -ECANCELED);
	directory_free(folders[0]);
	directory_free(folders[1]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("directory");
	TCase *t = tcase_create("directory"), *many = tcase_create("many");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, names_are_in_natural_order);
	tcase_add_test(t, directories_come_first_and_ties_are_sorted_by_name);
	tcase_add_test(t, attributes_and_totals);
	tcase_add_test(t, errors_are_reported);
	tcase_add_unchecked_fixture(many, make_many, remove_root);
	tcase_add_checked_fixture(many, make_table, free_table);
	tcase_set_timeout(many, 300);
	tcase_add_test(many, many_small_chunks_are_one_large_one);
	tcase_add_test(many, a_limit_bounds_the_memory);
	tcase_add_test(many, memory_is_shared_and_returned);
	tcase_add_test(many, can_be_freed_at_any_time);
	tcase_add_test(many, stopping_ends_all_listings);
	suite_add_tcase(s, t);
	suite_add_tcase(s, many);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
