/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four threads look up, cancel and invalidate files below two roots that share the table of names, while other threads
 * replace and delete files, replace a root, close descriptors and change the size of the table. With ThreadSanitizer
 * this test finds data races; without, it checks that each lookup finds the file of its path and root.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"
#include "store/descriptors.h"
#include "store/file_check.h"
#include "store/files.h"
#include "store/names.h"
#include "store/names_rank.h"
#include "store/parents.h"

#define THREADS 4
#define LOOKUPS 6000 /* of each thread; enough to exceed the table, whose entries are then evicted */
#define NUMBERS 1500 /* files in each directory, more than NAMES_MIN for both roots */
#define CHANGING 100 /* The first numbers are replaced, deleted and created. */
#define STEP 10000   /* The size of a file is its number, plus STEP for each replacement. */
#define SIDE 5000    /* Added to the size of a file below the second root. */

static char dir[PATH_MAX];
static int directories[3]; /* The first root is replaced by directories[0] and directories[1] in turn. */
static struct offload *offload;
static struct devices *devices;
static struct names *names;
static struct parents *parents;
static struct descriptors *descriptors;
static struct files *roots[2];
static struct reactor *reactors[THREADS]; /* Offload threads may post to them until offload_stop() has returned. */
static atomic_bool stop;
static atomic_uint wrong, found, missing, cancelled, superseded;

static void path_of(unsigned number, char path[32])
{
	snprintf(path, 32, "%u/%u.bin", number % 10, number);
}

static void make_file(int directory, const char *path, unsigned size)
{
	int fd = openat(directory, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	close(fd);
	ck_assert_int_eq(renameat(directory, ".new", directory, path), 0);
}

static void note_superseded(void *context, const struct file_version *version)
{
	(void)context, (void)version;
	atomic_fetch_add(&superseded, 1);
}

/* --- lookups --- */

struct lookup {
	struct files_want want;
	bool done;
};

static void answered(struct files_want *want)
{
	((struct lookup *)want)->done = true;
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Checks the result, and uses the file as a request does. */
static void use(const struct lookup *lookup, unsigned side, unsigned number, const char *path, unsigned random)
{
	struct file *file = lookup->want.file;
	struct file_version version;

	if (file == NULL) {
		if (lookup->want.error != -ENOENT || number >= CHANGING)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&missing, 1);
		return;
	}
	atomic_fetch_add(&found, 1);
	if (file->version.size % STEP != number + side * SIDE)
		atomic_fetch_add(&wrong, 1);
	file_count_request(file, 1);
	if (random % 4 == 0 && file_check(file) == -ESTALE)
		files_invalidate(roots[side], path, file);
	else if (random % 16 == 1)
		files_invalidate(roots[side], path, file);
	version = file->version;
	if (random % 8 == 2)
		files_cached_version(roots[side], path, &version);
	file_unref(file);
}

static void *look_up(void *argument)
{
	struct reactor **reactor = argument;
	unsigned state = 1 + (unsigned)(reactor - reactors);

	for (unsigned i = 0; i < LOOKUPS; i++) {
		unsigned random = next_random(&state), side = random % 2;
		unsigned number = next_random(&state) % (random % 3 == 0 ? CHANGING : NUMBERS);
		struct lookup lookup = { .want = { .reactor = *reactor, .done = answered } };
		char path[32];
		int known;

		path_of(number, path);
		if (random % 32 == 5)
			lookup.want.since_ns = clock_now_ns();
		known = files_find(roots[side], path, &lookup.want);
		if (known == 0 && random % 16 == 7 && files_cancel(&lookup.want)) {
			atomic_fetch_add(&cancelled, 1);
			continue;
		}
		while (known == 0 && !lookup.done)
			reactor_iterate(*reactor, 50);
		use(&lookup, side, number, path, random);
	}
	return NULL;
}

/* --- changes --- */

static void *change_files(void *argument)
{
	unsigned state = 77, replacements = 0;

	(void)argument;
	while (!atomic_load(&stop)) {
		unsigned random = next_random(&state), directory = random % 3, number = next_random(&state) % CHANGING;
		char path[32], sibling[64];

		path_of(number, path);
		snprintf(sibling, sizeof(sibling), "%s.%s", path, random % 2 == 0 ? "gz" : "sha256");
		if (random % 5 == 0)
			unlinkat(directories[directory], path, 0);
		else if (random % 5 == 1)
			make_file(directories[directory], sibling, 100);
		else if (random % 5 == 2)
			unlinkat(directories[directory], sibling, 0);
		else
			make_file(directories[directory], path,
				  number + (directory == 2 ? SIDE : 0) + STEP * (++replacements % 50));
		usleep(200);
	}
	return NULL;
}

static void *change_tables(void *argument)
{
	struct names_rank ranks[16];
	struct names_stats stats;
	struct files_stats lookups;

	(void)argument;
	for (unsigned i = 0; !atomic_load(&stop); i++) {
		if (files_replace_root(roots[0], directories[i % 2]) != 0)
			atomic_fetch_add(&wrong, 1);
		names_set_max(names, i % 2 == 0 ? NAMES_MIN : 2 * NAMES_MIN);
		descriptors_set_max(descriptors, 1 + i % 40);
		descriptors_close_deleted(descriptors);
		names_rank_top(names, ranks, 16);
		names_stats(names, &stats);
		names_lookups(names, &lookups);
		if (i % 4 == 0)
			descriptors_may_retry(descriptors, -EMFILE, 0);
		usleep(1000);
	}
	return NULL;
}

static void make_directory(unsigned which)
{
	char name[8], path[32];

	snprintf(name, sizeof(name), "%u", which);
	ck_assert_int_eq(mkdir(name, 0755), 0);
	directories[which] = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directories[which], 0);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_assert_int_eq(mkdirat(directories[which], path, 0755), 0);
	}
	for (unsigned i = 0; i < NUMBERS; i++) {
		path_of(i, path);
		make_file(directories[which], path, i + (which == 2 ? SIDE : 0));
	}
}

static void set_up(void)
{
	const char *parent = getenv("TMPDIR");
	struct files_options options = { .revalidate_ms = 5, .siblings = true, .superseded = note_superseded };

	snprintf(dir, sizeof(dir), "%s/test_files_threads.XXXXXX", parent ? parent : ".");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	for (unsigned i = 0; i < 3; i++)
		make_directory(i);
	ck_assert_int_eq(devices_new(&devices, &(struct devices_options){ .depth = 1, .depth_bytes = 1 }), 0);
	ck_assert_int_eq(names_new(&names, NAMES_MIN), 0);
	ck_assert_int_eq(parents_new(&parents, 16), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 20), 0);
	ck_assert_int_eq(offload_new(&offload, 3), 0);
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(reactor_new(&reactors[i]), 0);
	options.names = names, options.parents = parents, options.descriptors = descriptors;
	options.offload = offload, options.devices = devices;
	for (unsigned i = 0; i < 2; i++) {
		options.root_fd = directories[i == 0 ? 0 : 2];
		ck_assert_int_eq(files_new(&roots[i], &options), 0);
	}
}

static void tear_down(void)
{
	offload_stop(offload);
	for (unsigned i = 0; i < THREADS; i++)
		reactor_free(reactors[i]);
	files_unref(roots[0]);
	files_unref(roots[1]);
	offload_free(offload);
	names_free(names);
	parents_free(parents);
	descriptors_free(descriptors);
	devices_free(devices);
	for (unsigned i = 0; i < 3; i++)
		close(directories[i]);
	ck_assert_int_eq(chdir("/"), 0);
	remove_directory(dir);
}

START_TEST(lookups_on_four_threads)
{
	pthread_t readers[THREADS], files_changer, tables_changer;
	struct files_stats stats;

	ck_assert_int_eq(pthread_create(&files_changer, NULL, change_files, NULL), 0);
	ck_assert_int_eq(pthread_create(&tables_changer, NULL, change_tables, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, look_up, &reactors[i]), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(readers[i], NULL);
	atomic_store(&stop, true);
	pthread_join(files_changer, NULL);
	pthread_join(tables_changer, NULL);
	names_lookups(names, &stats);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(found + missing + cancelled, THREADS * LOOKUPS);
	/* Each kind of event has happened. */
	ck_assert_uint_gt(missing, 0);
	ck_assert_uint_gt(cancelled, 0);
	ck_assert_uint_gt(superseded, 0);
	ck_assert_uint_gt(stats.hits, 0);
	ck_assert_uint_gt(stats.inlined, 0);
	ck_assert_uint_gt(stats.opens + stats.revalidations, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files_threads");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, lookups_on_four_threads);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
