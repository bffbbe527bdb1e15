/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of descriptors, memory, AIO slots and roots. */
#include "daemon/root_lookup.h"
#include "daemon/system_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_FORKS
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

#define WORKERS 2

/* Number of descriptors that are needed in addition to those of connections and open files. */
static uint64_t fixed_descriptors(void)
{
	return system_limits_descriptors_needed(&config, WORKERS) - config.max_connections - config.open_file_cache;
}

static void fit(rlim_t hard)
{
	struct rlimit limit = { .rlim_cur = hard < 64 ? hard : 64, .rlim_max = hard };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	system_limits_raise_descriptors(&config, WORKERS);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, hard);
}

/* 0 as an expected number stands for all descriptors that remain. */
static const struct {
	unsigned connections, files;
	rlim_t limit;
	unsigned expected_connections, expected_files;
} fits[] = {
	{ 4096, 1024, 65536, 4096, 1024 }, /* the default values and the limit of the unit */
	{ 4096, 50000, 65536, 4096, 50000 }, { 4096, 1024, 8192, 4096, 1024 }, { 4096, 50000, 16384, 4096, 0 },
	{ 4096, 1000000, 16384, 4096, 0 },   { 4096, 1024, 5200, 4096, 0 },    { 4096, 1024, 4096, 0, 32 },
	{ 4096, 1024, 1024, 0, 32 },	     { 4096, 50000, 256, 0, 32 },      { 700, 50000, 1024, 700, 0 },
	{ 64, 50000, 256, 64, 0 },	     { 4096, 8, 1024, 0, 8 }, /* a small value is not raised */
	{ 4096, 32, 1024, 0, 32 },	     { 4, 1024, 100, 4, 32 },	       { 4096, 1024, 100, 16, 32 },
};

START_TEST(open_files_yield_to_connections)
{
	unsigned connections = fits[_i].expected_connections, files = fits[_i].expected_files;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < fits[_i].limit)
		return;
	config.max_connections = fits[_i].connections;
	config.open_file_cache = fits[_i].files;
	if (connections == 0)
		connections = fits[_i].limit - fixed_descriptors() - files;
	if (files == 0)
		files = fits[_i].limit - fixed_descriptors() - connections;
	fit(fits[_i].limit);
	ck_assert_uint_eq(config.max_connections, connections);
	ck_assert_uint_eq(config.open_file_cache, files);
	fit(fits[_i].limit); /* values that fit stay the same */
	ck_assert_uint_eq(config.max_connections, connections);
	ck_assert_uint_eq(config.open_file_cache, files);
}
END_TEST

/* With listings, each connection may also have an open directory. */
START_TEST(listings_need_descriptors)
{
	uint64_t fixed = fixed_descriptors();

	config.max_connections = 500;
	config.open_file_cache = 50000;
	config.rules.sites[0].settings.listing = true;
	fit(2000);
	ck_assert_uint_eq(config.max_connections, 500);
	ck_assert_uint_eq(config.open_file_cache, 2000 - 1000 - fixed);
	fit(1000);
	ck_assert_uint_eq(config.max_connections, (1000 - 32 - fixed) / 2);
	ck_assert_uint_eq(config.open_file_cache, 32);
}
END_TEST

/* open_file_cache is for all sites together. */
START_TEST(sites_share_the_open_files)
{
	uint64_t one;

	config.open_file_cache = 50000;
	one = system_limits_descriptors_needed(&config, WORKERS);
	for (int i = 0; i < 20; i++) {
		struct site *site = rules_add_site(&config.rules, "a.example");

		ck_assert_ptr_nonnull(site);
		site->root = strdup("/");
	}
	rules_finish(&config.rules);
	ck_assert_uint_gt(system_limits_descriptors_needed(&config, WORKERS), one + 20);
	ck_assert_uint_lt(system_limits_descriptors_needed(&config, WORKERS), one + 200);
}
END_TEST

START_TEST(names_need_memory)
{
	uint64_t needed = system_limits_memory_needed(&config);

	config.name_cache += 1000;
	ck_assert_uint_eq(system_limits_memory_needed(&config), needed + 256 * 1000);
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

/* Looks up a root that requires a file. */
static int look_up(const char *path, struct root_found *found)
{
	static char here[] = "/here", absent[] = "/absent";
	char *names[] = { here, absent };
	struct text_list required = { .list = names, .count = 2 };

	return root_lookup(&(struct root_place){ .path = path, .required = &required }, found, NULL);
}

START_TEST(root_must_be_a_readable_directory)
{
	char directory[] = "root.XXXXXX";
	struct root_found found;

	ck_assert_int_eq(look_up("/nonexistent", &found), -ENOENT);
	ck_assert_int_eq(look_up("/dev/null", &found), -ENOTDIR);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(look_up(directory, &found), 0);
	ck_assert_int_eq(found.required_error, -ENOENT);
	ck_assert_uint_eq(found.required_failed, 0);
	ck_assert_int_eq(mkdirat(found.fd, "here", 0700), 0);
	close(found.fd);
	ck_assert_int_eq(look_up(directory, &found), 0);
	ck_assert_int_eq(found.required_error, -ENOENT);
	ck_assert_uint_eq(found.required_failed, 1);
	ck_assert_int_eq(unlinkat(found.fd, "here", AT_REMOVEDIR), 0);
	close(found.fd);
	if (geteuid() == 0) {
		chmod(directory, 0700);
		ck_assert_int_eq(seteuid(65534), 0);
		ck_assert_int_eq(look_up(directory, &found), -EACCES);
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
	tcase_add_loop_test(tests, open_files_yield_to_connections, 0, sizeof(fits) / sizeof(fits[0]));
	tcase_add_test(tests, listings_need_descriptors);
	tcase_add_test(tests, sites_share_the_open_files);
	tcase_add_test(tests, names_need_memory);
	tcase_add_test(tests, too_many_asynchronous_reads_are_rejected);
	tcase_add_test(tests, root_must_be_a_readable_directory);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
