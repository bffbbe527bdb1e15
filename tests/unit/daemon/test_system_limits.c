/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of descriptors, AIO slots and roots. */
#include "daemon/root.h"
#include "daemon/system_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"

static struct config config;

static void setup(void)
{
	ck_assert_int_eq(config_init(&config), 0);
}

static void teardown(void)
{
	config_fini(&config);
}

START_TEST(soft_limit_is_raised_to_the_hard_one)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	system_limits_raise_descriptors(&config, 2);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

START_TEST(max_connections_is_lowered_to_fit)
{
	struct rlimit limit = { .rlim_cur = 2000, .rlim_max = 2000 };

	config.max_connections = 4000;
	config.open_file_cache = 500;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	system_limits_raise_descriptors(&config, 2);
	ck_assert_uint_le(system_limits_descriptors_needed(&config, 2), 2000);
	ck_assert_uint_gt(config.max_connections, 1000);
}
END_TEST

START_TEST(too_many_asynchronous_reads_are_rejected)
{
	config.disk_depth = 4096;
	ck_assert(!system_limits_check_aio(&config, 1 << 20));
	config.disk_depth = 1;
	ck_assert(system_limits_check_aio(&config, 1));
}
END_TEST

START_TEST(root_must_be_a_readable_directory)
{
	char directory[] = "root.XXXXXX";
	int fd;

	ck_assert_int_eq(root_open("/nonexistent"), -ENOENT);
	ck_assert_int_eq(root_open("/dev/null"), -ENOTDIR);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	fd = root_open(directory);
	ck_assert_int_ge(fd, 0);
	close(fd);
	if (geteuid() == 0) {
		chmod(directory, 0700);
		ck_assert_int_eq(seteuid(65534), 0);
		ck_assert_int_eq(root_open(directory), -EACCES);
		ck_assert_int_eq(seteuid(0), 0);
	}
	rmdir(directory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *tests = tcase_create("limits");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, soft_limit_is_raised_to_the_hard_one);
	tcase_add_test(tests, max_connections_is_lowered_to_fit);
	tcase_add_test(tests, too_many_asynchronous_reads_are_rejected);
	tcase_add_test(tests, root_must_be_a_readable_directory);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
