/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/warm.c over a real file, with modified answers of the kernel (--wrap=io_getevents). */
#include "store/cache_content.h"
#include "store/warm.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "../storage.h"

#define SOME_BYTES ((uint64_t)3 * SHARD_EXTENT_BYTES)

static struct files *files;
static struct warm *warm;
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
	struct files_options options = { .max_files = 10, .revalidate_ms = 1000 };
	int root_fd;

	storage_setup();
	make_old();
	root_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	options.root_fd = root_fd;
	options.offload = offload;
	options.devices = devices;
	ck_assert_int_eq(files_new(&files, &options), 0);
	close(root_fd);
	error_result = 0;
	spare = 0;
	allowed = true;
	warm = NULL;
}

static void teardown(void)
{
	warm_free(warm);
	for (unsigned i = 0; i < 100; i++)
		storage_turn_both();
	files_unref(files);
	storage_teardown();
}

static bool may_continue(void *context)
{
	(void)context;
	return allowed;
}

static void start(const char *path, uint64_t max_bytes, bool pinned)
{
	const struct warm_options options = { .reactor = sides[0].reactor,
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
		result = warm_wait(warm, 0);
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
	ck_assert_int_eq(warm_wait(warm, 0), -EINPROGRESS);
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
	tcase_add_test(tests, errors_end_it);
	tcase_add_test(tests, a_file_that_changes_ends_it);
	tcase_add_loop_test(tests, it_can_be_cancelled, 0, 12);
	tcase_add_test(tests, it_can_be_ended_by_its_callback);
	tcase_add_test(tests, other_wants_get_memory);
	tcase_add_test(tests, a_young_file_is_retried);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
