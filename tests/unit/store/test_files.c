/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the files below a root, with a reactor and offload threads: one lookup for all wants, maximum age, failures,
 * cancelling, eviction of descriptors. Lookups on the reactor are in test_files_inline.c.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"
#include "lookup.h"
#include "store/file_check.h"
#include "store/file_open.h"
#include "store/files.h"
#include "store/names_rank.h"
#include "store/sibling.h"

#define FOREVER 60000 /* In ms; no test takes that long. */

static char dir[PATH_MAX];
static int root = -1;
static struct offload *offload;

/* ---- a lookup, and an offload thread that can be blocked ---- */

/* Waits for the result of a lookup: a reference, or NULL and the error. */
static struct file *get(const char *path, int *error)
{
	struct lookup lookup;
	int hit = find(path, &lookup);

	ck_assert_int_ge(hit, 0);
	if (!hit)
		wait_for(&lookup);
	*error = lookup.want.error;
	ck_assert((lookup.want.file != NULL) == (lookup.want.error == 0));
	return lookup.want.file;
}

/* Waits until every job has run. */
static void wait_for_jobs(void)
{
	while (offload_pending(offload) > 0)
		ck_assert_int_ge(reactor_iterate(reactor, 1), 0);
}

static void make_file(const char *path, size_t length)
{
	FILE *f = fopen(path, "w");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));

	while (length-- > 0)
		fputc('x', f);
	ck_assert_int_eq(fclose(f), 0);
}

static void replace(const char *path, size_t length)
{
	make_file("root/.new", length);
	ck_assert_int_eq(rename("root/.new", path), 0);
}

static void rewrite(const char *path)
{
	usleep(20000); /* One tick of a coarse filesystem clock. */
	make_file(path, 100);
}

static struct devices *devices;

struct plug {
	struct offload_job job;
	sem_t pulled;
};

static void plug_work(struct offload_job *job)
{
	sem_wait(&((struct plug *)job)->pulled);
}

/* Blocks the only offload thread of the device until the plug is removed. */
static void block_thread(struct plug *plug)
{
	struct stat st;

	ck_assert_int_eq(fstat(root, &st), 0);
	*plug = (struct plug){ .job = { .work = plug_work, .device = devices_get(devices, st.st_dev, DEVICE_ASYNC) } };
	sem_init(&plug->pulled, 0, 0);
	offload_start(offload, &plug->job);
}

static void pull_plug(struct plug *plug)
{
	sem_post(&plug->pulled);
}

static struct names *names;
static struct descriptors *descriptors;
static struct file_version gone[8];
static atomic_uint superseded_count;

static void note_superseded(void *context, const struct file_version *version)
{
	(void)context;
	if (superseded_count == 8)
		return;
	gone[superseded_count] = *version;
	superseded_count++; /* Last: a thread that sees the count may read the version. */
}

static void table_with(unsigned max_files, unsigned revalidate_ms, bool siblings)
{
	struct files_options options = { .root_fd = root,
					 .revalidate_ms = revalidate_ms,
					 .siblings = siblings,
					 .variants = siblings,
					 .names = names,
					 .descriptors = descriptors,
					 .offload = offload,
					 .devices = devices,
					 .superseded = note_superseded };

	descriptors_set_max(descriptors, max_files);
	ck_assert_int_eq(files_new(&files, &options), 0);
}

static void table(unsigned max_files, unsigned revalidate_ms)
{
	table_with(max_files, revalidate_ms, false);
}

static struct files_stats stats(void)
{
	struct files_stats s;
	names_lookups(names, &s);
	return s;
}

static unsigned open_count(void)
{
	return descriptors_count(descriptors);
}

static unsigned name_count(void)
{
	struct names_stats s;
	names_stats(names, &s);
	return (unsigned)s.count;
}

/* Returns the descriptor number of an open file. */
static int fd_of(struct file *file)
{
	struct descriptor *descriptor = file_descriptor(file);
	int fd = descriptor->fd;

	descriptors_unref(descriptor);
	return fd;
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;
	DIR *d = opendir("/proc/self/fd");

	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

static void set_up(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_files.XXXXXX", parent ? parent : ".");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(devices_new(&devices, &(struct devices_options){ .depth = 1, .depth_bytes = 1 }), 0);
	ck_assert_int_eq(names_new(&names, NAMES_MIN), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 10), 0);
	superseded_count = 0;
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	ck_assert_int_eq(mkdir("root", 0755), 0);
	make_file("root/file", 100);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(offload_new(&offload, 1), 0);
}

static void tear_down(void)
{
	if (offload)
		offload_stop(offload);
	reactor_free(reactor);
	files_unref(files);
	offload_free(offload);
	names_free(names);
	descriptors_free(descriptors);
	devices_free(devices);
	close(root);
	ck_assert_int_eq(chdir("/"), 0);
	remove_directory(dir);
}

/* ---- one at a time ---- */

START_TEST(opens_once_for_all_lookups)
{
	struct lookup lookups[5];
	struct plug plug;

	table(10, FOREVER);
	block_thread(&plug);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(find("file", &lookups[i]), 0);
	pull_plug(&plug);
	for (int i = 0; i < 5; i++) {
		wait_for(&lookups[i]);
		ck_assert_int_eq(lookups[i].want.error, 0);
		ck_assert_ptr_eq(lookups[i].want.file, lookups[0].want.file);
	}
	ck_assert_uint_eq(stats().opens, 1);
	ck_assert_uint_eq(stats().hits, 0);
	ck_assert_uint_eq(open_count(), 1);
	wait_for_jobs();
	ck_assert_uint_eq(lookups[0].want.file->references, 6);
	for (int i = 0; i < 5; i++)
		file_unref(lookups[i].want.file);
}
END_TEST

START_TEST(hits_cost_nothing)
{
	struct lookup lookup;
	int error;

	table(10, FOREVER);
	struct file *file = get("file", &error);
	wait_for_jobs();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(find("file", &lookup), 1);
		ck_assert_ptr_eq(lookup.want.file, file);
		file_unref(lookup.want.file);
	}
	wait_for_jobs();
	ck_assert_uint_eq(lookup.answers, 0);
	ck_assert_uint_eq(stats().hits, 3);
	ck_assert_uint_eq(stats().opens, 1);
	ck_assert_uint_eq(stats().revalidations, 0);
	file_unref(file);
}
END_TEST

START_TEST(revalidates_after_the_maximum_age)
{
	int error;

	table(10, 30);
	struct file *first = get("file", &error);
	usleep(40000);
	struct file *second = get("file", &error);
	ck_assert_ptr_eq(first, second);
	ck_assert_uint_eq(stats().opens, 1);
	ck_assert_uint_eq(stats().revalidations, 1);
	usleep(40000);
	replace("root/file", 200);
	struct file *third = get("file", &error);
	ck_assert_uint_eq(third->version.size, 200);
	ck_assert_uint_eq(stats().opens, 2);
	ck_assert_uint_eq(name_count(), 1);
	ck_assert_int_eq(file_check(first), 0); /* Readers of the old file may continue. */
	for (unsigned tries = 0; superseded_count == 0 && tries < 1000; tries++)
		usleep(1000); /* The version is reported after the results were posted. */
	ck_assert_uint_eq(superseded_count, 1);
	ck_assert(file_version_equal(&gone[0], &first->version));
	file_unref(first);
	file_unref(second);
	file_unref(third);
}
END_TEST

/* With a maximum age of 0, wants that arrive during a lookup get another one. */
START_TEST(never_fresh)
{
	int error;

	table(10, 0);
	for (int i = 0; i < 20; i++)
		file_unref(get("file", &error));
	ck_assert_uint_eq(stats().revalidations, 19);
	ck_assert_uint_eq(stats().opens, 1);
	ck_assert_uint_eq(stats().hits, 0);
}
END_TEST

/* Past half of the maximum age a busy file is revalidated in the background: no lookup waits. */
START_TEST(background_revalidation_keeps_hits)
{
	struct lookup lookup;
	int error;

	table(10, 2000);
	file_unref(get("file", &error));
	wait_for_jobs();
	for (unsigned i = 1; i <= 2; i++) {
		clock_advance_ms(1100);
		ck_assert_int_eq(find("file", &lookup), 1);
		file_unref(lookup.want.file);
		wait_for_jobs();
		ck_assert_uint_eq(stats().revalidations, i);
	}
	replace("root/file", 200);
	clock_advance_ms(1100);
	ck_assert_int_eq(find("file", &lookup), 1);
	ck_assert_uint_eq(lookup.want.file->version.size, 100);
	file_unref(lookup.want.file);
	wait_for_jobs();
	ck_assert_int_eq(find("file", &lookup), 1);
	ck_assert_uint_eq(lookup.want.file->version.size, 200);
	file_unref(lookup.want.file);
}
END_TEST

START_TEST(background_revalidation_removes_missing_files)
{
	struct lookup lookup;
	int error;

	table(10, 2000);
	file_unref(get("file", &error));
	wait_for_jobs();
	ck_assert_int_eq(unlink("root/file"), 0);
	clock_advance_ms(1100);
	ck_assert_int_eq(find("file", &lookup), 1);
	file_unref(lookup.want.file);
	wait_for_jobs();
	ck_assert_uint_eq(open_count(), 0);
	ck_assert_ptr_null(get("file", &error));
	ck_assert_int_eq(error, -ENOENT);
}
END_TEST

START_TEST(failures_reach_all_lookups_and_are_not_cached)
{
	struct lookup lookups[3];
	struct plug plug;
	int error;

	table(10, FOREVER);
	block_thread(&plug);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(find("later", &lookups[i]), 0);
	pull_plug(&plug);
	for (int i = 0; i < 3; i++) {
		wait_for(&lookups[i]);
		ck_assert_int_eq(lookups[i].want.error, -ENOENT);
		ck_assert_ptr_null(lookups[i].want.file);
	}
	ck_assert_uint_eq(stats().failures, 1);
	make_file("root/later", 7);
	struct file *file = get("later", &error);
	ck_assert_uint_eq(file->version.size, 7);
	file_unref(file);
	ck_assert_ptr_null(get("", &error));
	ck_assert_int_eq(error, -EISDIR);
	ck_assert_ptr_null(get("../root/file", &error));
	ck_assert_int_eq(error, -EXDEV);
	ck_assert_uint_eq(stats().failures, 3);
	ck_assert_uint_eq(open_count(), 1);
}
END_TEST

START_TEST(cancels_waiting_lookups)
{
	struct lookup one, two, three;
	struct plug plug;
	int error;

	table(10, FOREVER);
	block_thread(&plug);
	ck_assert_int_eq(find("file", &one), 0);
	ck_assert_int_eq(find("file", &two), 0);
	ck_assert_int_eq(find("file", &three), 0);
	ck_assert(files_cancel(&two.want));
	pull_plug(&plug);
	wait_for(&one);
	wait_for(&three);
	wait_for_jobs();
	ck_assert_uint_eq(two.answers, 0);
	ck_assert_ptr_null(two.want.file);
	file_unref(one.want.file);
	file_unref(three.want.file);

	/* All are cancelled: the job runs to its end, and its result is stored or discarded. */
	block_thread(&plug);
	make_file("root/other", 1);
	ck_assert_int_eq(find("other", &one), 0);
	ck_assert_int_eq(find("nothing", &two), 0);
	ck_assert(files_cancel(&one.want));
	ck_assert(files_cancel(&two.want));
	pull_plug(&plug);
	wait_for_jobs();
	ck_assert_uint_eq(one.answers + two.answers, 0);
	file_unref(get("other", &error));
	ck_assert_uint_eq(stats().hits, 1);
}
END_TEST

START_TEST(cannot_cancel_posted_results)
{
	struct lookup lookup;

	table(10, FOREVER);
	ck_assert_int_eq(find("file", &lookup), 0);
	while (offload_pending(offload) > 0)
		usleep(1000);
	ck_assert(!files_cancel(&lookup.want));
	ck_assert_uint_eq(lookup.answers, 0);
	wait_for(&lookup);
	ck_assert_ptr_nonnull(lookup.want.file);
	file_unref(lookup.want.file);
}
END_TEST

static void make_many(unsigned count)
{
	char path[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "root/%u", i);
		make_file(path, i);
	}
}

static struct file *get_number(unsigned number, int *error)
{
	char path[16];

	snprintf(path, sizeof(path), "%u", number);
	struct file *file = get(path, error);
	ck_assert(!file || file->version.size == number);
	return file;
}

/* Names stay known when descriptors are closed. */
START_TEST(closes_the_least_recently_used)
{
	struct lookup lookup;
	int error;

	make_many(20);
	table(4, FOREVER);
	struct file *used = get_number(0, &error);
	struct descriptor *reading = file_descriptor(used);
	for (unsigned i = 1; i < 20; i++) {
		file_unref(get_number(i, &error));
		wait_for_jobs();
		ck_assert_uint_le(open_count(), 4);
		ck_assert_int_eq(find("1", &lookup), 1); /* Its name is known, even without a descriptor. */
		file_unref(lookup.want.file);
	}
	ck_assert_uint_eq(stats().opens, 20);
	ck_assert_uint_eq(name_count(), 20);
	ck_assert_int_eq(find("18", &lookup), 1);
	struct descriptor *recent = file_descriptor(lookup.want.file);
	ck_assert_ptr_nonnull(recent);
	descriptors_unref(recent);
	file_unref(lookup.want.file);
	ck_assert_int_eq(find("2", &lookup), 1);
	ck_assert_ptr_null(file_descriptor(lookup.want.file));
	ck_assert_int_eq(file_open_descriptor(lookup.want.file, &recent), 0);
	descriptors_unref(recent);
	file_unref(lookup.want.file);
	ck_assert_int_ge(fcntl(reading->fd, F_GETFD), 0); /* A descriptor in use is not closed. */
	descriptors_unref(reading);
	file_unref(used);
}
END_TEST

/* The last reader is on a reactor, and freeing the blocks of an unlinked file waits for the disk. */
START_TEST(closes_on_an_offload_thread)
{
	struct plug plug;
	int error;

	table(10, FOREVER);
	struct file *file = get("file", &error);
	wait_for_jobs();
	int fd = fd_of(file);
	rewrite("root/file");
	ck_assert_int_eq(file_check(file), -ESTALE);
	files_invalidate(files, "file", file);
	block_thread(&plug);
	file_unref(file);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	pull_plug(&plug);
	wait_for_jobs();
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

/* A reactor that is stopping or busy, and made the first lookup, does not delay the others. */
START_TEST(completes_without_the_first_reactor)
{
	struct lookup here, there = { .want = { .done = answered } };
	struct plug plug;

	table(10, FOREVER);
	block_thread(&plug);
	ck_assert_int_eq(reactor_new(&there.want.reactor), 0);
	ck_assert_int_eq(files_find(files, "file", &there.want), 0);
	ck_assert_int_eq(find("file", &here), 0);
	pull_plug(&plug);
	wait_for(&here);
	ck_assert_uint_eq(there.answers, 0);
	file_unref(here.want.file);
	ck_assert_int_eq(find("file", &here), 1);
	file_unref(here.want.file);
	reactor_free(there.want.reactor);
	ck_assert_uint_eq(there.answers, 1);
	file_unref(there.want.file);
}
END_TEST

/* More files at once than the limit: all lookups succeed, and afterwards the limit is kept. */
START_TEST(evicts_after_a_burst)
{
	struct lookup lookups[20];
	char path[16];

	make_many(20);
	table(4, FOREVER);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_assert_int_eq(find(path, &lookups[i]), 0);
	}
	for (unsigned i = 0; i < 20; i++) {
		wait_for(&lookups[i]);
		ck_assert_uint_eq(lookups[i].want.file->version.size, i);
		file_unref(lookups[i].want.file);
	}
	wait_for_jobs();
	ck_assert_uint_le(open_count(), 4);
}
END_TEST

START_TEST(keeps_no_file_with_a_limit_of_zero)
{
	int error;

	table(0, FOREVER);
	file_unref(get("file", &error));
	wait_for_jobs();
	ck_assert_uint_eq(open_count(), 0);
}
END_TEST

START_TEST(invalidates)
{
	struct lookup lookup;
	int error;

	table(10, FOREVER);
	struct file *first = get("file", &error);
	wait_for_jobs();
	rewrite("root/file");
	ck_assert_int_eq(file_check(first), -ESTALE);
	files_invalidate(files, "nothing", first);
	ck_assert_uint_eq(superseded_count, 0);
	files_invalidate(files, "file", first);
	ck_assert_uint_eq(name_count(), 0);
	struct file *second = get("file", &error);
	ck_assert_ptr_ne(first, second);
	wait_for_jobs();
	ck_assert_uint_eq(superseded_count, 1);
	ck_assert(file_version_equal(&gone[0], &first->version));
	/* The file is no longer in the table. */
	files_invalidate(files, "file", first);
	ck_assert_int_eq(find("file", &lookup), 1);
	ck_assert_ptr_eq(lookup.want.file, second);
	ck_assert_uint_eq(stats().opens, 2);
	file_unref(lookup.want.file);
	file_unref(first);
	file_unref(second);
}
END_TEST

/*
 * A descriptor that its server has lost (ESTALE) does not mean that the file has changed: it is opened again, and its
 * version stays in the cache.
 */
START_TEST(opens_an_unusable_file_again)
{
	int error;

	table(10, FOREVER);
	struct file *first = get("file", &error);
	wait_for_jobs();
	files_invalidate(files, "file", first);
	struct file *second = get("file", &error);
	wait_for_jobs();
	ck_assert_ptr_ne(first, second);
	ck_assert(file_version_equal(&first->version, &second->version));
	ck_assert_uint_eq(superseded_count, 0);
	file_unref(first);
	file_unref(second);
}
END_TEST

/* Invalidated during a lookup: no later want gets the struct file. */
START_TEST(invalidates_during_a_lookup)
{
	struct lookup lookup;
	struct plug plug;
	int error;

	for (int changed = 0; changed < 2; changed++) {
		table(10, 30);
		struct file *first = get("file", &error);
		wait_for_jobs();
		usleep(40000);
		block_thread(&plug);
		ck_assert_int_eq(find("file", &lookup), 0);
		if (changed)
			rewrite("root/file");
		ck_assert_int_eq(file_check(first), changed ? -ESTALE : 0);
		files_invalidate(files, "file", first);
		pull_plug(&plug);
		wait_for(&lookup);
		ck_assert_ptr_ne(lookup.want.file, first);
		ck_assert_uint_eq(stats().opens, 2 * (uint64_t)(changed + 1));
		wait_for_jobs();
		ck_assert_uint_eq(superseded_count, changed);
		file_unref(lookup.want.file);
		ck_assert_uint_eq(first->references, 1);
		file_unref(first);
		files_unref(files);
	}
	table(10, 30); /* For tear_down(). */
}
END_TEST

/* A want that needs a lookup which began later than the last one of the entry, or than the one in progress. */
START_TEST(revalidates_on_demand)
{
	struct lookup first, second;
	struct plug plug;
	int error;

	table(10, FOREVER);
	file_unref(get("file", &error));
	wait_for_jobs();
	replace("root/file", 200);
	first = (struct lookup){ .want = { .reactor = reactor, .done = answered, .since_ns = clock_now_ns() } };
	ck_assert_int_eq(files_find(files, "file", &first.want), 0);
	wait_for(&first);
	ck_assert_uint_eq(first.want.file->version.size, 200);
	ck_assert_uint_eq(stats().opens, 2);
	wait_for_jobs();
	file_unref(first.want.file);

	block_thread(&plug);
	first = (struct lookup){ .want = { .reactor = reactor, .done = answered, .since_ns = clock_now_ns() } };
	ck_assert_int_eq(files_find(files, "file", &first.want), 0);
	second = (struct lookup){
		.want = { .reactor = reactor, .done = answered, .since_ns = clock_now_ns() + 50 * CLOCK_NS_PER_MS }
	};
	ck_assert_int_eq(files_find(files, "file", &second.want), 0);
	pull_plug(&plug);
	wait_for(&first);
	wait_for(&second);
	ck_assert_uint_ge(stats().revalidations, 3); /* Until one began late enough. */
	ck_assert_ptr_eq(first.want.file, second.want.file);
	file_unref(first.want.file);
	file_unref(second.want.file);
}
END_TEST

/* A lack of descriptors does not concern the path: the entry keeps its file, and its bytes stay in the cache. */
START_TEST(keeps_its_file_when_a_revalidation_fails)
{
	struct rlimit limit, none;
	int error;

	table(10, 0);
	struct file *first = get("file", &error);
	wait_for_jobs();
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_null(get("file", &error));
		ck_assert_int_eq(error, -EMFILE);
		wait_for_jobs();
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(superseded_count, 0);
	ck_assert_uint_eq(name_count(), 1);
	ck_assert_uint_eq(open_count(), 0); /* Its descriptor was closed for others. */
	struct file *second = get("file", &error);
	ck_assert_ptr_eq(first, second);
	ck_assert_uint_eq(stats().opens, 1);
	file_unref(first);
	file_unref(second);
}
END_TEST

/* A failed background revalidation is not repeated by each hit. */
START_TEST(failing_revalidations_are_few)
{
	struct rlimit limit, none;
	struct lookup lookup;
	int error;

	table(10, 2000);
	struct file *first = get("file", &error);
	wait_for_jobs();
	clock_advance_ms(1100);
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(find("file", &lookup), 1);
		file_unref(lookup.want.file);
		wait_for_jobs();
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(stats().failures, 1);
	file_unref(first);
}
END_TEST

static void link_it(void)
{
	ck_assert_int_eq(link("root/file", "root/other"), 0);
}

static void unlink_other(void)
{
	ck_assert_int_eq(unlink("root/other"), 0);
}

static void change_mode(void)
{
	ck_assert_int_eq(chmod("root/file", 0600), 0);
}

/*
 * A change of metadata does not create another version. Only after a change of the mode is the file opened again, to
 * find out whether it may be read.
 */
START_TEST(knows_changes_of_metadata)
{
	void (*const changes[])(void) = { link_it, change_mode, unlink_other };
	const unsigned opens[] = { 1, 2, 2 };
	int error;

	table(10, 0);
	struct file *first = get("file", &error);
	for (unsigned i = 0; i < 3; i++) {
		usleep(20000);
		changes[i]();
		if (i == 1)
			/* A reader may see the change before the table does. */
			ck_assert_int_eq(file_check(first), 0);
		struct file *again = get("file", &error);
		ck_assert_ptr_eq(again, first);
		ck_assert_uint_eq(stats().opens, opens[i]);
		file_unref(again);
	}
	struct file_version version;
	ck_assert_int_eq(beneath_get_version(root, "file", FILE_SYMLINKS_BENEATH, &version), 0);
	ck_assert(!file_version_equal(&version, &first->version));
	files_cached_version(files, "file", &version);
	ck_assert(file_version_equal(&version, &first->version));
	wait_for_jobs();
	ck_assert_uint_eq(superseded_count, 0);
	file_unref(first);
}
END_TEST

START_TEST(rejects_files_that_became_unreadable)
{
	int error;

	if (geteuid() == 0 && seteuid(65534) != 0)
		return;
	table(10, 0);
	struct file *first = get("file", &error);
	ck_assert_ptr_nonnull(first);
	(void)!seteuid(getuid());
	ck_assert_int_eq(chmod("root/file", 0), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_ptr_null(get("file", &error));
	ck_assert_int_eq(error, -EACCES);
	(void)!seteuid(getuid());
	ck_assert_int_eq(chmod("root/file", 0644), 0);
	struct file *second = get("file", &error);
	ck_assert_ptr_eq(second, first);
	wait_for_jobs();
	ck_assert_uint_eq(superseded_count, 0);
	file_unref(first);
	file_unref(second);
}
END_TEST

START_TEST(ranks_files_by_bytes_sent)
{
	static const char *const paths[] = { "a", "b", "c", "d" };
	static const uint64_t bytes[] = { 10, 40, 0, 20 };
	struct names_rank ranks[3];
	int error;

	table(10, 1000);
	for (unsigned i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "root/%s", paths[i]);
		make_file(name, 1);
		struct file *file = get(paths[i], &error);
		ck_assert_ptr_nonnull(file);
		if (bytes[i] > 0)
			file_count_request(file, bytes[i]);
		file_unref(file);
	}
	ck_assert_uint_eq(names_rank_top(names, ranks, 2), 2);
	ck_assert_str_eq(ranks[0].path, "b");
	ck_assert_str_eq(ranks[1].path, "d");
	/* Files of which nothing was sent are not listed. */
	ck_assert_uint_eq(names_rank_top(names, ranks, 3), 3);
	ck_assert_str_eq(ranks[2].path, "a");
	ck_assert_uint_eq(ranks[2].bytes, 10);
	ck_assert_uint_eq(ranks[2].requests, 1);
	ck_assert(files_is_below(files, ranks[2].root));
}
END_TEST

START_TEST(closes_deleted_files)
{
	struct file *kept;
	struct descriptor *reading;
	int error;

	make_file("root/a", 10);
	make_file("root/b", 10);
	make_file("root/c", 10);
	table(10, FOREVER);
	file_unref(get("a", &error));
	kept = get("b", &error);
	reading = file_descriptor(kept);
	file_unref(get("c", &error));
	descriptors_close_deleted(descriptors);
	ck_assert_uint_eq(open_count(), 3);
	ck_assert_int_eq(unlink("root/a"), 0);
	replace("root/b", 20);
	descriptors_close_deleted(descriptors);
	ck_assert_uint_eq(open_count(), 2);
	ck_assert_int_eq(file_check(kept), 0); /* Its reader continues. */
	descriptors_unref(reading);
	descriptors_close_deleted(descriptors);
	ck_assert_uint_eq(open_count(), 1);
	file_unref(kept);
}
END_TEST

START_TEST(closes_unused_files_for_descriptors)
{
	struct rlimit limit;
	struct descriptor *held[100];
	int error;

	make_many(200);
	table(1000, FOREVER);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = open_descriptors() + 50;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct file *file = get_number(i, &error);
		ck_assert_msg(file != NULL, "%u: %s", i, strerror(-error));
		file_unref(file);
		wait_for_jobs();
	}
	unsigned count = 0;
	for (; count < 100; count++) {
		struct file *file = get_number(count, &error);

		ck_assert_ptr_nonnull(file);
		error = file_open_descriptor(file, &held[count]);
		file_unref(file);
		if (error != 0)
			break;
	}
	ck_assert_int_eq(error, -EMFILE); /* Descriptors in use cannot be closed. */
	ck_assert_uint_gt(count, 30);
	while (count > 0)
		descriptors_unref(held[--count]);
	struct file *file = get_number(150, &error);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(file_open_descriptor(file, &held[0]), 0);
	descriptors_unref(held[0]);
	file_unref(file);
}
END_TEST

/* A file with mtime 0 has its tag from a sidecar, which may change alone. */
START_TEST(sees_a_new_sidecar)
{
	struct timespec zero[2] = { { 0, 0 }, { 0, 0 } };
	int error;

	ck_assert_int_eq(utimensat(AT_FDCWD, "root/file", zero, 0), 0);
	table(10, 30);
	struct file *first = get("file", &error);
	usleep(40000);
	struct file *second = get("file", &error);
	ck_assert_ptr_eq(first, second);
	make_file("root/file.etag", 5);
	usleep(40000);
	struct file *third = get("file", &error);
	ck_assert_str_eq(file_tag(third), "xxxxx");
	file_unref(first);
	file_unref(second);
	file_unref(third);
}
END_TEST

/* Waits until the entry must be revalidated. */
static struct file *get_later(const char *path)
{
	int error;

	usleep(40000);
	return get(path, &error);
}

/* A new struct file with the same version: its bytes stay in the cache. */
START_TEST(detects_new_and_removed_siblings)
{
	table_with(10, 30, true);
	struct file *none = get_later("file"), *same = get_later("file");
	ck_assert_uint_eq(file_siblings(none)->variants, 0);
	ck_assert_ptr_eq(none, same);
	make_file("root/file.br", 5);
	struct file *one = get_later("file"), *still = get_later("file");
	ck_assert_uint_eq(file_siblings(one)->variants, 1u << SIBLING_BR);
	ck_assert_uint_eq(file_siblings(none)->variants, 0);
	ck_assert_ptr_eq(one, still);
	ck_assert(file_version_equal(&one->version, &none->version));
	ck_assert_int_eq(unlink("root/file.br"), 0);
	struct file *gone_again = get_later("file");
	ck_assert_uint_eq(file_siblings(gone_again)->variants, 0);
	ck_assert(!atomic_load(&none->outdated) && !atomic_load(&one->outdated));
	wait_for_jobs();
	ck_assert_uint_eq(superseded_count, 0);
	replace("root/file", 50);
	struct file *other = get_later("file");
	wait_for_jobs();
	ck_assert_uint_eq(superseded_count, 1);
	ck_assert(atomic_load(&gone_again->outdated));
	file_unref(none);
	file_unref(same);
	file_unref(one);
	file_unref(still);
	file_unref(gone_again);
	file_unref(other);
}
END_TEST

START_TEST(searches_siblings_only_if_enabled)
{
	make_file("root/file.br", 5);
	table(10, 30);
	struct file *file = get_later("file"), *same = get_later("file");
	ck_assert_uint_eq(file_siblings(file)->variants, 0);
	ck_assert_ptr_eq(file, same);
	file_unref(file);
	file_unref(same);
}
END_TEST

/* ---- concurrently ---- */

#define THREADS 4
#define ROUNDS 1500
#define PATHS 16
#define AT_ONCE 8

struct hammer {
	pthread_t thread;
	struct reactor *reactor;
	unsigned seed, waiting, found, failed, cancelled;
};

struct hit {
	struct files_want want;
	struct hammer *hammer;
	char path[8];
	bool waiting;
};

static void take_result(struct hit *hit)
{
	struct hammer *hammer = hit->hammer;
	struct file *file = hit->want.file;

	if (file) {
		ck_assert_int_eq(hit->want.error, 0);
		ck_assert_uint_eq(file->version.size % PATHS, (unsigned)atoi(hit->path));
		if (file_check(file) < 0 || rand_r(&hammer->seed) % 16 == 0)
			files_invalidate(files, hit->path, file);
		hammer->found++;
	} else {
		ck_assert_int_eq(hit->want.error, -ENOENT);
		hammer->failed++;
	}
	file_unref(file);
}

static void hammer_done(struct files_want *want)
{
	struct hit *hit = (struct hit *)want;

	ck_assert(hit->waiting);
	hit->waiting = false;
	hit->hammer->waiting--;
	take_result(hit);
}

static void strike(struct hammer *hammer, struct hit *hit)
{
	if (hit->waiting && rand_r(&hammer->seed) % 4 == 0 && files_cancel(&hit->want)) {
		hit->waiting = false;
		hammer->waiting--;
		hammer->cancelled++;
	}
	if (hit->waiting)
		return;
	*hit = (struct hit){ .want = { .reactor = hammer->reactor, .done = hammer_done }, .hammer = hammer };
	snprintf(hit->path, sizeof(hit->path), "%d", rand_r(&hammer->seed) % (PATHS + 1));
	int result = files_find(files, hit->path, &hit->want);
	ck_assert_int_ge(result, 0);
	if (result == 1) {
		take_result(hit);
	} else {
		hit->waiting = true;
		hammer->waiting++;
	}
}

static void *hammer_main(void *context)
{
	struct hammer *hammer = context;
	struct hit hits[AT_ONCE] = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		strike(hammer, &hits[rand_r(&hammer->seed) % AT_ONCE]);
		if (i % 4 == 0 || hammer->waiting == AT_ONCE)
			reactor_iterate(hammer->reactor, hammer->waiting == AT_ONCE ? 100 : 0);
	}
	while (hammer->waiting > 0)
		reactor_iterate(hammer->reactor, 100);
	return NULL;
}

static atomic_bool stop;

/* The size of a file tells its path: size % PATHS. Path 16 never exists. */
static void *replacer_main(void *context)
{
	char path[32];

	for (unsigned i = 0; !atomic_load(&stop); i++) {
		snprintf(path, sizeof(path), "root/%u", i % PATHS);
		replace(path, i % (PATHS * 5));
		usleep(500);
	}
	return context;
}

START_TEST(many_reactors)
{
	struct hammer hammers[THREADS] = { 0 };
	unsigned before = open_descriptors(), sum = 0;
	pthread_t replacer;

	make_many(PATHS);
	offload_free(offload);
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	table(6, 4);
	pthread_create(&replacer, NULL, replacer_main, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		hammers[i].seed = i;
		ck_assert_int_eq(reactor_new(&hammers[i].reactor), 0);
		pthread_create(&hammers[i].thread, NULL, hammer_main, &hammers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(hammers[i].thread, NULL);
	atomic_store(&stop, true);
	pthread_join(replacer, NULL);
	offload_stop(offload);
	for (unsigned i = 0; i < THREADS; i++) {
		reactor_free(hammers[i].reactor);
		ck_assert_uint_gt(hammers[i].found, 0);
		sum += hammers[i].found + hammers[i].failed + hammers[i].cancelled;
	}
	ck_assert_uint_gt(sum, THREADS * ROUNDS / 4);
	ck_assert_uint_le(open_count(), 6);
	files_unref(files);
	ck_assert_uint_eq(name_count(), 0);
	ck_assert_uint_eq(open_descriptors(), before);
	offload_free(offload);
	offload = NULL;
	files = NULL;
}
END_TEST

/* Makes another directory with another "file". */
static int make_other_root(void)
{
	int other;

	ck_assert_int_eq(mkdir("other", 0755), 0);
	make_file("other/file", 200);
	other = open("other", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	return other;
}

START_TEST(serves_another_root)
{
	int error, other = make_other_root();
	struct file *before, *after;
	struct descriptor *reading;

	make_file("root/only", 10);
	table(10, FOREVER);
	before = get("file", &error);
	file_unref(get("only", &error));
	ck_assert(files_has_root(files));
	reading = file_descriptor(before);
	ck_assert_int_eq(files_replace_root(files, other), 0);
	after = get("file", &error);
	ck_assert_uint_eq(before->version.size, 100);
	ck_assert_uint_eq(after->version.size, 200);
	/* Files below the former root that are not being read are closed. */
	ck_assert_uint_eq(open_count(), 2);
	ck_assert_int_eq(file_check(before), 0); /* Its reader continues. */
	descriptors_unref(reading);
	ck_assert_uint_eq(open_count(), 1);
	ck_assert_ptr_null(get("only", &error));
	ck_assert_int_eq(error, -ENOENT);
	file_unref(before);
	file_unref(after);
	close(other);
}
END_TEST

START_TEST(keeps_names_of_a_lost_root)
{
	int nothing = eventfd(0, EFD_CLOEXEC), directory = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC), error;
	struct file *before, *after;

	table(10, FOREVER);
	before = get("file", &error);
	files_set_root_lost(files, true);
	ck_assert(!files_has_root(files));
	ck_assert_int_eq(files_replace_root(files, nothing), 0);
	ck_assert_uint_eq(open_count(), 0); /* The filesystem can be unmounted. */
	ck_assert_ptr_null(get("file", &error));
	ck_assert_int_eq(error, -ENODEV);
	ck_assert_ptr_null(get("absent", &error));
	ck_assert_int_eq(error, -ENODEV);
	ck_assert_int_eq(files_replace_root(files, directory), 0);
	files_set_root_lost(files, false);
	ck_assert(files_has_root(files));
	after = get("file", &error);
	ck_assert_ptr_eq(after, before);
	ck_assert(!atomic_load(&before->outdated));
	file_unref(before);
	file_unref(after);
	close(directory);
	close(nothing);
}
END_TEST

static int other_root = -1;

/* Replaces the root during a lookup of a file. */
static void replace_once(void *context, struct file *file, struct descriptor *descriptor)
{
	(void)context, (void)file, (void)descriptor;
	if (other_root >= 0)
		ck_assert_int_eq(files_replace_root(files, other_root), 0);
	if (other_root >= 0)
		close(other_root);
	other_root = -1;
}

START_TEST(discards_results_of_a_replaced_root)
{
	struct files_options options = { .root_fd = root,
					 .revalidate_ms = FOREVER,
					 .names = names,
					 .descriptors = descriptors,
					 .offload = offload,
					 .devices = devices,
					 .opened = replace_once };
	struct file *file;
	int error;

	other_root = make_other_root();
	ck_assert_int_eq(files_new(&files, &options), 0);
	file = get("file", &error);
	ck_assert_uint_eq(file->version.size, 200);
	file_unref(file);
	ck_assert_uint_eq(open_count(), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("files");
	TCase *c = tcase_create("files");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, opens_once_for_all_lookups);
	tcase_add_test(c, hits_cost_nothing);
	tcase_add_test(c, revalidates_after_the_maximum_age);
	tcase_add_test(c, never_fresh);
	tcase_add_test(c, background_revalidation_keeps_hits);
	tcase_add_test(c, background_revalidation_removes_missing_files);
	tcase_add_test(c, failures_reach_all_lookups_and_are_not_cached);
	tcase_add_test(c, cancels_waiting_lookups);
	tcase_add_test(c, cannot_cancel_posted_results);
	tcase_add_test(c, closes_the_least_recently_used);
	tcase_add_test(c, evicts_after_a_burst);
	tcase_add_test(c, closes_on_an_offload_thread);
	tcase_add_test(c, completes_without_the_first_reactor);
	tcase_add_test(c, keeps_no_file_with_a_limit_of_zero);
	tcase_add_test(c, invalidates);
	tcase_add_test(c, opens_an_unusable_file_again);
	tcase_add_test(c, invalidates_during_a_lookup);
	tcase_add_test(c, revalidates_on_demand);
	tcase_add_test(c, keeps_its_file_when_a_revalidation_fails);
	tcase_add_test(c, failing_revalidations_are_few);
	tcase_add_test(c, knows_changes_of_metadata);
	tcase_add_test(c, rejects_files_that_became_unreadable);
	tcase_add_test(c, ranks_files_by_bytes_sent);
	tcase_add_test(c, closes_deleted_files);
	tcase_add_test(c, closes_unused_files_for_descriptors);
	tcase_add_test(c, serves_another_root);
	tcase_add_test(c, keeps_names_of_a_lost_root);
	tcase_add_test(c, discards_results_of_a_replaced_root);
	tcase_add_test(c, sees_a_new_sidecar);
	tcase_add_test(c, detects_new_and_removed_siblings);
	tcase_add_test(c, searches_siblings_only_if_enabled);
	tcase_add_test(c, many_reactors);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
