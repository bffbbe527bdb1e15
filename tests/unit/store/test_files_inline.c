/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of lookups that a reactor answers without waiting, and of the table of names: what they find, what they leave
 * to the offload threads, eviction, lack of memory.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_FORKS
#include "../suite.h"
#include "base/clock.h"
#include "lookup.h"
#include "store/file_check.h"
#include "store/file_open.h"
#include "store/files.h"
#include "store/names.h"
#include "store/parents.h"
#include "store/sibling.h"

#define REVALIDATE_MS 1000

static char dir[PATH_MAX];
static int root = -1;
static struct offload *offload;
static struct devices *devices;
static struct names *names;
static struct descriptors *descriptors;
static struct parents *parents;
static atomic_uint superseded_count, opened_count;

static void note_superseded(void *context, const struct file_version *version)
{
	(void)context, (void)version;
	superseded_count++;
}

static void note_opened(void *context, struct file *file, struct descriptor *descriptor)
{
	(void)context, (void)file, (void)descriptor;
	opened_count++;
}

static void make_file(const char *path, size_t length)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	while (length-- > 0)
		fputc('x', f);
	ck_assert_int_eq(fclose(f), 0);
}

/* Makes the path older than the time in which a file is young. */
static void age(const char *path)
{
	const struct timespec times[2] = { { .tv_sec = 1500000000, .tv_nsec = 5 },
					   { .tv_sec = 1500000000, .tv_nsec = 5 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void new_files(bool siblings)
{
	const struct files_options options = { .root_fd = root,
					       .revalidate_ms = REVALIDATE_MS,
					       .siblings = siblings,
					       .variants = siblings,
					       .names = names,
					       .descriptors = descriptors,
					       .parents = parents,
					       .offload = offload,
					       .devices = devices,
					       .superseded = note_superseded,
					       .opened = note_opened };

	ck_assert_int_eq(files_new(&files, &options), 0);
}

static void set_up(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_files_inline.XXXXXX", parent ? parent : ".");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	ck_assert_int_eq(mkdir("root", 0755), 0);
	make_file("root/file", 100);
	age("root/file");
	age("root");
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	superseded_count = opened_count = 0;
	ck_assert_int_eq(devices_new(&devices, &(struct devices_options){ .depth = 1, .depth_bytes = 1 }), 0);
	ck_assert_int_eq(names_new(&names, NAMES_MIN), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 10), 0);
	ck_assert_int_eq(parents_new(&parents, 1024), 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(offload_new(&offload, 1), 0);
	new_files(true);
}

static void tear_down(void)
{
	offload_stop(offload);
	reactor_free(reactor);
	files_unref(files);
	offload_free(offload);
	names_free(names);
	descriptors_free(descriptors);
	parents_free(parents);
	devices_free(devices);
	close(root);
	ck_assert_int_eq(chdir("/"), 0);
	remove_directory(dir);
}

static struct files_stats stats(void)
{
	struct files_stats s;

	names_lookups(names, &s);
	return s;
}

/* Looks a path up, and waits for the job if there is one. Returns true if the reactor answered. */
static bool look_up(const char *path, struct lookup *lookup)
{
	int result = find(path, lookup);

	ck_assert_int_ge(result, 0);
	if (result == 0)
		wait_for(lookup);
	while (offload_pending(offload) > 0)
		reactor_iterate(reactor, 1);
	return result == 1;
}

/* Looks a path up on the reactor. Returns the file, which the caller releases, or NULL and the error. */
static struct file *inline_file(const char *path, int *error)
{
	uint64_t jobs = stats().opens + stats().revalidations;
	struct lookup lookup;
	bool answered_at_once = look_up(path, &lookup);

	ck_assert_msg(answered_at_once, "%s was looked up by a job", path);
	ck_assert_uint_eq(stats().opens + stats().revalidations, jobs);
	*error = lookup.want.error;
	return lookup.want.file;
}

static struct file *file_by_job(const char *path)
{
	struct lookup lookup;

	ck_assert(!look_up(path, &lookup));
	return lookup.want.file;
}

/*
 * Waits until the directory has been read, so that lookups need no job. After a change of the directory, a job has to
 * read it again.
 */
static void settle(void)
{
	struct lookup lookup;

	for (unsigned tries = 0; tries < 10; tries++) {
		bool at_once;

		clock_advance_ms(3 * REVALIDATE_MS);
		at_once = look_up("no such name", &lookup);
		ck_assert_int_eq(lookup.want.error, -ENOENT);
		if (at_once)
			return;
	}
	ck_abort_msg("the directory is not known");
}

/* The first lookup is a job, which learns about the directory. */
static struct file *first(void)
{
	struct file *file = file_by_job("file");

	ck_assert_ptr_nonnull(file);
	settle();
	return file;
}

START_TEST(revalidates_on_the_reactor)
{
	struct file *file = first(), *again;
	uint64_t inlined;
	int error;

	again = inline_file("file", &error);
	ck_assert_ptr_eq(again, file);
	inlined = stats().inlined;
	ck_assert_uint_gt(inlined, 0);
	ck_assert_uint_eq(file->device->lookups_inline, 1);
	file_unref(again);
	/* It is fresh again. */
	again = inline_file("file", &error);
	ck_assert_uint_eq(stats().inlined, inlined);
	ck_assert_uint_eq(stats().hits, 1);
	file_unref(again);
	file_unref(file);
}
END_TEST

START_TEST(finds_new_names_on_the_reactor)
{
	struct file *known = first(), *file;
	struct descriptor *descriptor;
	int error;

	make_file("root/other", 200);
	settle();
	file = inline_file("other", &error);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(file->version.size, 200);
	ck_assert_str_eq(file->path, "other");
	ck_assert_uint_eq(file->offset_alignment, known->offset_alignment);
	ck_assert_uint_eq(file->memory_alignment, known->memory_alignment);
	ck_assert_ptr_null(file_descriptor(file)); /* It is not open. */
	ck_assert_int_eq(file_open_descriptor(file, &descriptor), 0);
	descriptors_unref(descriptor);
	ck_assert_ptr_null(inline_file("no such name", &error));
	ck_assert_int_eq(error, -ENOENT);
	ck_assert_ptr_null(inline_file("no such name/deeper", &error));
	ck_assert_int_eq(error, -ENOENT);
	file_unref(file);
	file_unref(known);
}
END_TEST

static void rewrite(void)
{
	make_file("root/file", 100);
}

static void replace(void)
{
	make_file("root/new", 100);
	ck_assert_int_eq(rename("root/new", "root/file"), 0);
}

static void grow(void)
{
	int fd = open("root/file", O_WRONLY | O_APPEND);

	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void (*const changes[])(void) = { rewrite, replace, grow };

START_TEST(finds_changes_on_the_reactor)
{
	struct file *file = first(), *now;
	int error;

	changes[_i]();
	settle();
	now = inline_file("file", &error);
	ck_assert_int_eq(error, 0);
	ck_assert_ptr_ne(now, file);
	ck_assert(!file_version_equal(&now->version, &file->version));
	ck_assert(file->outdated);
	while (offload_pending(offload) > 0)
		reactor_iterate(reactor, 1);
	ck_assert_uint_eq(superseded_count, 1);
	file_unref(now);
	file_unref(file);
}
END_TEST

START_TEST(finds_missing_files_on_the_reactor)
{
	struct file *file = first();
	struct names_stats count;
	int error;

	ck_assert_int_eq(unlink("root/file"), 0);
	settle();
	ck_assert_int_eq(access("root/file", F_OK), -1); /* Now the dentry cache knows that the name is missing. */
	ck_assert_ptr_null(inline_file("file", &error));
	ck_assert_int_eq(error, -ENOENT);
	names_stats(names, &count);
	ck_assert_uint_eq(count.count, 0);
	ck_assert_uint_eq(count.bytes, 0);
	ck_assert_int_eq(mkdir("root/file", 0755), 0);
	settle();
	ck_assert_ptr_null(inline_file("file", &error));
	ck_assert_int_eq(error, -EISDIR);
	file_unref(file);
}
END_TEST

/* A change of metadata is no new version. The permission is checked again. */
START_TEST(knows_permissions)
{
	struct file *file, *again;
	int error;

	if (geteuid() == 0) {
		ck_assert_int_eq(chown("root", 12345, 12345), 0);
		ck_assert_int_eq(chown("root/file", 12345, 12345), 0);
		ck_assert_int_eq(chmod(dir, 0755), 0);
		ck_assert_int_eq(setresuid(12345, 12345, 0), 0);
	}
	file = first();
	ck_assert_int_eq(chmod("root/file", 0), 0);
	ck_assert_ptr_null(inline_file("file", &error));
	ck_assert_int_eq(error, -EACCES);
	ck_assert_int_eq(chmod("root/file", 0600), 0);
	again = inline_file("file", &error);
	ck_assert_int_eq(error, 0);
	ck_assert_ptr_eq(again, file);
	ck_assert_uint_eq(superseded_count, 0);
	file_unref(again);
	file_unref(file);
	(void)!setresuid(0, 0, 0);
}
END_TEST

/* A sibling must be read, which is the work of a job. */
START_TEST(leaves_new_siblings_to_a_job)
{
	struct file *file = first(), *with, *again;
	int error;

	make_file("root/file.br", 5);
	settle();
	with = file_by_job("file");
	ck_assert_ptr_ne(with, file);
	ck_assert_uint_eq(file_siblings(with)->variants, 1u << SIBLING_BR);
	settle();
	again = inline_file("file", &error);
	ck_assert_uint_eq(file_siblings(again)->variants, 1u << SIBLING_BR);
	file_unref(again);
	file_unref(with);
	file_unref(file);
}
END_TEST

/* A file without a meaningful mtime may have its tag in a sidecar. */
START_TEST(finds_undated_files)
{
	const struct timespec zero[2] = { { 0, 0 }, { 0, 0 } };
	struct file *file, *again;
	int error;

	ck_assert_int_eq(utimensat(AT_FDCWD, "root/file", zero, 0), 0);
	file = first();
	again = inline_file("file", &error);
	ck_assert_ptr_eq(again, file);
	file_unref(again);
	make_file("root/file.etag", 5);
	settle();
	again = file_by_job("file");
	ck_assert_str_eq(file_tag(again), "xxxxx");
	file_unref(again);
	file_unref(file);
}
END_TEST

START_TEST(starts_again_below_another_root)
{
	struct file *file = first(), *other;
	int fd;

	ck_assert_int_eq(mkdir("other", 0755), 0);
	make_file("other/file", 300);
	fd = open("other", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(files_replace_root(files, fd), 0);
	close(fd);
	other = file_by_job("file"); /* The directory is not known. */
	ck_assert_uint_eq(other->version.size, 300);
	file_unref(other);
	file_unref(file);
}
END_TEST

/* A struct whose descriptor failed is replaced. */
START_TEST(replaces_an_unusable_file)
{
	struct file *file = first(), *again;
	int error;

	files_invalidate(files, "file", file);
	again = inline_file("file", &error);
	ck_assert_ptr_ne(again, file);
	ck_assert(file_version_equal(&again->version, &file->version));
	ck_assert_uint_eq(superseded_count, 0);
	file_unref(again);
	file_unref(file);
}
END_TEST

/* Opens a file that was replaced after its lookup. */
START_TEST(does_not_open_another_version)
{
	struct file *known = first(), *file;
	struct descriptor *descriptor = NULL;
	int error;

	make_file("root/other", 200);
	settle();
	file = inline_file("other", &error);
	if (_i == 0)
		make_file("root/other", 201);
	else
		ck_assert_int_eq(unlink("root/other"), 0);
	settle();
	ck_assert_int_eq(file_open_descriptor(file, &descriptor), -ESTALE);
	ck_assert(file->changed);
	ck_assert_ptr_null(descriptor);
	files_invalidate(files, "other", file);
	file_unref(file);
	file = inline_file("other", &error);
	ck_assert_int_eq(error, _i == 0 ? 0 : -ENOENT);
	file_unref(file);
	file_unref(known);
}
END_TEST

/* The owner is told of each open, by the job of a lookup and by a read. */
START_TEST(reports_opened_files)
{
	struct file *file = file_by_job("file");
	struct descriptor *descriptor;

	ck_assert_uint_eq(opened_count, 1);
	ck_assert_int_eq(file_open_descriptor(file, &descriptor), 0);
	ck_assert_uint_eq(opened_count, 1); /* The file is still open. */
	descriptors_unref(descriptor);
	descriptors_may_retry(descriptors, -EMFILE, 0);
	ck_assert_int_eq(file_open_descriptor(file, &descriptor), 0);
	ck_assert_uint_eq(opened_count, 2);
	descriptors_unref(descriptor);
	file_unref(file);
}
END_TEST

/* Second chance: a name that is used stays; the number of names is bounded. */
START_TEST(evicts_unused_names)
{
	struct names_stats count;
	struct lookup lookup;
	struct file *used;
	char path[32];

	for (unsigned i = 0; i < 4 * NAMES_MIN; i++) {
		snprintf(path, sizeof(path), "root/%u", i);
		make_file(path, 1);
	}
	used = first();
	for (unsigned i = 0; i < 4 * NAMES_MIN; i++) {
		snprintf(path, sizeof(path), "root/%u", i);
		look_up(path + strlen("root/"), &lookup);
		ck_assert_ptr_nonnull(lookup.want.file);
		file_unref(lookup.want.file);
		ck_assert(look_up("file", &lookup));
		ck_assert_ptr_eq(lookup.want.file, used);
		file_unref(lookup.want.file);
	}
	names_stats(names, &count);
	ck_assert_uint_le(count.count, NAMES_MIN + NAMES_SHARDS);
	ck_assert_uint_ge(count.count, NAMES_MIN / 2);
	ck_assert_uint_le(count.bytes, count.count * 256);
	ck_assert_uint_eq(count.max, NAMES_MIN);
	file_unref(used);
}
END_TEST

START_TEST(removes_the_names_of_a_root)
{
	struct names_stats count;
	struct file *file = first();
	struct files *others;
	int error;

	make_file("root/other", 200);
	settle();
	file_unref(inline_file("other", &error));
	others = files;
	new_files(false);
	file_unref(file_by_job("file"));
	names_stats(names, &count);
	ck_assert_uint_eq(count.count, 3);
	files_unref(others);
	names_stats(names, &count);
	ck_assert_uint_eq(count.count, 1);
	ck_assert_int_eq(file_check(file), 0); /* A file outlives its table. */
	file_unref(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files_inline");
	TCase *c = tcase_create("files_inline");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, revalidates_on_the_reactor);
	tcase_add_test(c, finds_new_names_on_the_reactor);
	tcase_add_loop_test(c, finds_changes_on_the_reactor, 0, sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(c, finds_missing_files_on_the_reactor);
	tcase_add_test(c, knows_permissions);
	tcase_add_test(c, leaves_new_siblings_to_a_job);
	tcase_add_test(c, finds_undated_files);
	tcase_add_test(c, starts_again_below_another_root);
	tcase_add_test(c, replaces_an_unusable_file);
	tcase_add_loop_test(c, does_not_open_another_version, 0, 2);
	tcase_add_test(c, reports_opened_files);
	tcase_add_test(c, evicts_unused_names);
	tcase_add_test(c, removes_the_names_of_a_root);
	suite_add_tcase(suite, c);
	return suite_run(suite);
}
