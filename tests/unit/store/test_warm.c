/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/warm.c over a real file, with modified answers of the kernel (--wrap=io_getevents). */
#include "store/cache_content.h"
#include "store/warm.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "../storage.h"
#include "store/names.h"

#define SOME_BYTES ((uint64_t)3 * SHARD_EXTENT_BYTES)

static struct files *files;
static struct names *names;
static struct warm *warm;
static struct warm_group *group;
static long error_result;
static unsigned spare;
static bool allowed;

int __real_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);
int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);

int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout)
{
	int n = __real_io_getevents(context, min, max, events, timeout);

	for (int i = 0; i < n; i++) {
		if (spare > 0)
			spare--;
		else if (error_result != 0)
			events[i].res = (unsigned long)error_result;
	}
	return n;
}

static void make_old(void)
{
	char path[64];
	const struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

	snprintf(path, sizeof(path), "%s/f", directory);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void setup(void)
{
	struct files_options options = { .revalidate_ms = 1000 };
	int root_fd;

	storage_setup();
	make_old();
	root_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	options.root_fd = root_fd;
	ck_assert_int_eq(names_new(&names, NAMES_MIN), 0);
	options.names = names;
	options.descriptors = descriptors;
	options.offload = offload;
	options.devices = devices;
	ck_assert_int_eq(files_new(&files, &options), 0);
	close(root_fd);
	error_result = 0;
	spare = 0;
	allowed = true;
	warm = NULL;
	ck_assert_int_eq(warm_group_new(&group), 0);
}

static void teardown(void)
{
	warm_free(warm);
	warm_group_free(group);
	for (unsigned i = 0; i < 100; i++)
		storage_turn_both();
	files_unref(files);
	storage_teardown();
	names_free(names);
}

static bool may_continue(void *context)
{
	(void)context;
	return allowed;
}

static void start(const char *path, uint64_t max_bytes, bool pinned)
{
	const struct warm_options options = { .group = group,
					      .reactor = sides[0].reactor,
					      .store = store,
					      .cache = cache,
					      .files = files,
					      .max_bytes = max_bytes,
					      .pinned = pinned,
					      .may_continue = may_continue };

	ck_assert_int_eq(warm_new(&warm, &options, path), 0);
}

static int run(void)
{
	int result = -EINPROGRESS;

	for (unsigned i = 0; i < 5000 && result == -EINPROGRESS; i++) {
		storage_turn();
		result = warm_result(warm);
	}
	return result;
}

static uint64_t resident(uint64_t *pinned)
{
	struct cache_cursor cursor = { 0 };
	struct cache_resident list[7];
	uint64_t bytes = 0;
	size_t count;

	*pinned = 0;
	while ((count = cache_content_walk(cache, &cursor, list, 7)) > 0)
		for (size_t i = 0; i < count; i++) {
			bytes += list[i].bytes;
			*pinned += list[i].pinned ? list[i].bytes : 0;
		}
	return bytes;
}

START_TEST(a_file_is_loaded)
{
	uint64_t pinned;

	start("f", SOME_BYTES, _i == 1);
	ck_assert_int_eq(run(), 0);
	ck_assert_int_eq(run(), 0); /* As often as it is requested. */
	ck_assert_uint_eq(warm_done_bytes(warm), SOME_BYTES);
	ck_assert_uint_eq(resident(&pinned), SOME_BYTES);
	ck_assert_uint_eq(pinned, _i == 1 ? SOME_BYTES : 0);
	warm_free(warm);
	start("f", SOME_BYTES, false);
	ck_assert_int_eq(run(), 0);
	ck_assert_uint_eq(warm_done_bytes(warm), SOME_BYTES);
	/* Another version, before make_old(). */
	ck_assert_uint_eq(cache_content_invalidate(cache, &file->version), 0);
}
END_TEST

/* Each warming is reported by the wait for its group, whatever the order of their ends. */
START_TEST(a_group_is_waited_for)
{
	struct warm *list[3] = { NULL };
	unsigned ended = 0;

	for (unsigned i = 0; i < 3; i++) {
		start(i == 1 ? "nothing" : "f", SOME_BYTES, false);
		list[i] = warm;
	}
	warm = NULL;
	ck_assert_str_eq(warm_path(list[1]), "nothing");
	warm_group_wait(group, 0); /* Nothing has happened yet. */
	for (unsigned i = 0; i < 5000 && ended < 3; i++) {
		storage_turn();
		warm_group_wait(group, 0);
		ended = 0;
		for (unsigned k = 0; k < 3; k++)
			ended += warm_result(list[k]) != -EINPROGRESS;
	}
	ck_assert_uint_eq(ended, 3);
	ck_assert_int_eq(warm_result(list[0]), 0);
	ck_assert_int_eq(warm_result(list[1]), -ENOENT);
	ck_assert_uint_eq(warm_version(list[2])->size, FILE_BYTES);
	for (unsigned i = 0; i < 3; i++)
		warm_free(list[i]);
}
END_TEST

/* Lookups of all groups together are limited, but each group may have one. */
START_TEST(lookups_are_limited)
{
	struct warm *list[16] = { NULL };
	struct warm_group *other;
	unsigned count = 0;

	ck_assert_int_eq(warm_group_new(&other), 0);
	for (; count < 16 && warm_group_may_start(group); count++) {
		start("f", SOME_BYTES, false);
		list[count] = warm;
	}
	ck_assert_uint_gt(count, 1);
	ck_assert_uint_lt(count, 16);
	ck_assert(warm_group_may_start(other));
	warm = list[0];
	ck_assert_int_eq(run(), 0);
	for (unsigned i = 0; i < 5000 && !warm_group_may_start(group); i++)
		storage_turn();
	ck_assert(warm_group_may_start(group));
	for (unsigned i = 1; i < count; i++)
		warm_free(list[i]);
	for (unsigned i = 0; i < 100; i++)
		storage_turn();
	warm_group_free(other);
}
END_TEST

/* The reads of a file are pinned, and the cache reports them. */
START_TEST(pinned_bytes_are_reported)
{
	struct file_version version;
	uint64_t pinned_bytes;

	start("f", SOME_BYTES, true);
	ck_assert_int_eq(run(), 0);
	version = *warm_version(warm);
	ck_assert_uint_eq(cache_content_bytes(cache, &version, &pinned_bytes), SOME_BYTES);
	ck_assert_uint_eq(pinned_bytes, SOME_BYTES);
	ck_assert_uint_eq(cache_content_invalidate(cache, &version), SOME_BYTES);
	ck_assert_uint_eq(cache_content_bytes(cache, &version, &pinned_bytes), 0);
	ck_assert_uint_eq(pinned_bytes, 0);
	version.size = 1;
	ck_assert_uint_eq(cache_content_memory_of(&version), 4096);
	version.size = 4097;
	ck_assert_uint_eq(cache_content_memory_of(&version), 8192);
	version.size = 0;
	ck_assert_uint_eq(cache_content_memory_of(&version), 0);
	version.size = SHARD_WHOLE_MAX_BYTES + 1;
	ck_assert_uint_eq(cache_content_memory_of(&version), SHARD_WHOLE_MAX_BYTES + 4096);
	version.size = 5 * SHARD_EXTENT_BYTES;
	ck_assert_uint_eq(cache_content_memory_of(&version), version.size);
}
END_TEST

START_TEST(errors_end_it)
{
	error_result = -EIO;
	spare = 2;
	start("f", UINT64_MAX, false);
	ck_assert_int_eq(run(), -EIO);
	ck_assert_uint_lt(warm_done_bytes(warm), FILE_BYTES);
	warm_free(warm);
	start("nothing", UINT64_MAX, false);
	ck_assert_int_eq(run(), -ENOENT);
}
END_TEST

START_TEST(a_file_that_changes_ends_it)
{
	start("f", UINT64_MAX, false);
	for (unsigned i = 0; i < 5000 && warm_done_bytes(warm) == 0; i++)
		storage_turn();
	make_old(); /* Its ctime differs. */
	ck_assert_int_eq(run(), -ESTALE);
}
END_TEST

START_TEST(it_can_be_cancelled)
{
	uint64_t pinned;

	start("f", UINT64_MAX, false);
	for (int i = 0; i < _i; i++)
		storage_turn();
	warm_free(warm);
	warm = NULL;
	for (unsigned i = 0; i < 100; i++)
		storage_turn();
	ck_assert_uint_eq(storage_pending(), 0);
	ck_assert(resident(&pinned) < FILE_BYTES || _i > 2);
}
END_TEST

START_TEST(it_can_be_ended_by_its_callback)
{
	start("f", UINT64_MAX, false);
	for (unsigned i = 0; i < 5000 && warm_done_bytes(warm) == 0; i++)
		storage_turn();
	allowed = false;
	ck_assert_int_eq(run(), -ECANCELED);
	ck_assert_uint_eq(storage_pending(), 0);
}
END_TEST

/* The file is larger than the memory. The warming completes, and other wants get memory meanwhile. */
START_TEST(other_wants_get_memory)
{
	start("f", UINT64_MAX, false);
	ck_assert_int_eq(run(), 0);
	ck_assert_uint_eq(warm_done_bytes(warm), FILE_BYTES);
	ck_assert_uint_eq(cache_waiting(cache), 0);
}
END_TEST

START_TEST(a_young_file_is_retried)
{
	char path[64];
	uint64_t pinned;

	snprintf(path, sizeof(path), "%s/f", directory);
	/* The file is young for 2 s. */
	const struct timespec second = { .tv_sec = time(NULL) };
	ck_assert_int_eq(utimensat(AT_FDCWD, path, (const struct timespec[]){ second, second }, 0), 0);
	start("f", SOME_BYTES, false);
	for (unsigned i = 0; i < 20; i++)
		storage_turn();
	ck_assert_int_eq(warm_result(warm), -EINPROGRESS);
	ck_assert_uint_eq(warm_done_bytes(warm), 0);
	ck_assert_int_eq(run(), 0);
	ck_assert_uint_eq(resident(&pinned), SOME_BYTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("warm");
	TCase *tests = tcase_create("warm");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_file_is_loaded, 0, 2);
	tcase_add_test(tests, a_group_is_waited_for);
	tcase_add_test(tests, lookups_are_limited);
	tcase_add_test(tests, pinned_bytes_are_reported);
	tcase_add_test(tests, errors_end_it);
	tcase_add_test(tests, a_file_that_changes_ends_it);
	tcase_add_loop_test(tests, it_can_be_cancelled, 0, 12);
	tcase_add_test(tests, it_can_be_ended_by_its_callback);
	tcase_add_test(tests, other_wants_get_memory);
	tcase_add_test(tests, a_young_file_is_retried);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
