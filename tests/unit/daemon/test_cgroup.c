/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of control groups, read from trees of files as containers and hosts have them, and the sizes that follow. */
#include "daemon/cgroup.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUITE_FORKS
#include "../suite.h"
#include "daemon/sizing.h"

#define MIB (UINT64_C(1) << 20)
#define FILES_MAX 8

static char top[] = "cgroup.XXXXXX";

/* A machine: its files below `top`, and the limits that the process has. */
static const struct {
	const char *name;
	struct {
		const char *path, *text;
	} files[FILES_MAX];
	uint64_t memory_bytes;
	unsigned cpus;
} machines[] = {
	{ "no control groups", { { NULL, NULL } }, CGROUP_NO_LIMIT, 0 },
	{ "version 2 on a host",
	  { { "proc/self/cgroup", "0::/system.slice/ranged.service\n" },
	    { "proc/self/mountinfo",
	      "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n" },
	    { "sys/fs/cgroup/system.slice/ranged.service/memory.max", "536870912\n" },
	    { "sys/fs/cgroup/system.slice/ranged.service/cpu.max", "150000 100000\n" } },
	  512 * MIB,
	  2 },
	{ "version 2, the limits of the groups above are lower",
	  { { "proc/self/cgroup", "0::/a/b/c\n" },
	    { "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n" },
	    { "sys/fs/cgroup/a/b/c/memory.max", "max\n" },
	    { "sys/fs/cgroup/a/b/memory.max", "134217728\n" },
	    { "sys/fs/cgroup/a/memory.max", "268435456\n" },
	    { "sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n" },
	    { "sys/fs/cgroup/a/cpu.max", "300000 100000\n" } },
	  128 * MIB,
	  3 },
	{ "version 2, no limits",
	  { { "proc/self/cgroup", "0::/a\n" },
	    { "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n" },
	    { "sys/fs/cgroup/a/memory.max", "max\n" },
	    { "sys/fs/cgroup/a/cpu.max", "max 100000\n" } },
	  CGROUP_NO_LIMIT,
	  0 },
	{ "version 2 in a cgroup namespace: the group is the top",
	  { { "proc/self/cgroup", "0::/\n" },
	    { "proc/self/mountinfo", "900 800 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n" },
	    { "sys/fs/cgroup/memory.max", "1073741824\n" },
	    { "sys/fs/cgroup/cpu.max", "50000 100000\n" } },
	  1024 * MIB,
	  1 },
	{ "version 2 in a container without a cgroup namespace: only the group of the container is mounted",
	  { { "proc/self/cgroup", "0::/kubepods/pod1/c1\n" },
	    { "proc/self/mountinfo", "900 800 0:26 /kubepods/pod1/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n" },
	    { "sys/fs/cgroup/memory.max", "1073741824\n" },
	    { "sys/fs/cgroup/cpu.max", "100000 100000\n" } },
	  1024 * MIB,
	  1 },
	{ "version 2 below the group that is mounted",
	  { { "proc/self/cgroup", "0::/docker/d1/inner\n" },
	    { "proc/self/mountinfo", "900 800 0:26 /docker/d1 /cg rw - cgroup2 cgroup rw\n" },
	    { "cg/inner/memory.max", "67108864\n" },
	    { "cg/memory.max", "1073741824\n" } },
	  64 * MIB,
	  0 },
	{ "version 2, the group is outside the cgroup namespace",
	  { { "proc/self/cgroup", "0::/../../other\n" },
	    { "proc/self/mountinfo", "900 800 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" },
	    { "sys/fs/cgroup/memory.max", "67108864\n" } },
	  64 * MIB,
	  0 },
	{ "the second of two mounts contains the group",
	  { { "proc/self/cgroup", "0::/b\n" },
	    { "proc/self/mountinfo", "1 1 0:26 /a /x rw - cgroup2 cgroup rw\n2 1 0:26 /b /y rw - cgroup2 cgroup rw\n" },
	    { "x/memory.max", "1048576\n" },
	    { "y/memory.max", "2097152\n" } },
	  2 * MIB,
	  0 },
	{ "version 1 on a host",
	  { { "proc/self/cgroup",
	      "6:cpuset:/\n5:memory:/system.slice/r\n4:cpu,cpuacct:/system.slice/r\n1:name=systemd:/\n" },
	    { "proc/self/mountinfo", "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
				     "32 30 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
				     "33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" },
	    { "sys/fs/cgroup/memory/system.slice/r/memory.limit_in_bytes", "9223372036854771712\n" },
	    { "sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes", "805306368\n" },
	    { "sys/fs/cgroup/cpu,cpuacct/system.slice/r/cpu.cfs_quota_us", "250000\n" },
	    { "sys/fs/cgroup/cpu,cpuacct/system.slice/r/cpu.cfs_period_us", "50000\n" },
	    { "sys/fs/cgroup/cpu,cpuacct/system.slice/cpu.cfs_quota_us", "-1\n" },
	    { "sys/fs/cgroup/cpu,cpuacct/system.slice/cpu.cfs_period_us", "100000\n" } },
	  768 * MIB,
	  5 },
	{ "version 1 in a container without a cgroup namespace",
	  { { "proc/self/cgroup", "5:memory:/docker/d1\n4:cpuacct,cpu:/docker/d1\n" },
	    { "proc/self/mountinfo",
	      "31 30 0:27 /docker/d1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
	      "33 30 0:29 /docker/d1 /sys/fs/cgroup/cpu\\054cpu\\040acct ro - cgroup cgroup rw,cpu,cpuacct\n" },
	    { "sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n" },
	    { "sys/fs/cgroup/cpu,cpu acct/cpu.cfs_quota_us", "10000\n" },
	    { "sys/fs/cgroup/cpu,cpu acct/cpu.cfs_period_us", "100000\n" } },
	  256 * MIB,
	  1 },
	{ "hybrid: version 2 without controllers",
	  { { "proc/self/cgroup", "4:memory:/m\n1:cpu:/\n0::/m\n" },
	    { "proc/self/mountinfo", "41 31 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
				     "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
				     "36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" },
	    { "sys/fs/cgroup/memory/m/memory.limit_in_bytes", "268435456\n" },
	    { "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n" },
	    { "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n" },
	    { "sys/fs/cgroup/unified/m/cgroup.procs", "1\n" } },
	  256 * MIB,
	  0 },
	{ "damaged files",
	  { { "proc/self/cgroup", "\n:\n0:\n0::\n::::\n" },
	    { "proc/self/mountinfo", "\n - \n1 2 3 - cgroup2\n1 1 0:1 / /sys/fs/cgroup rw - cgroup2\n" },
	    { "sys/fs/cgroup/memory.max", "x\n" },
	    { "sys/fs/cgroup/cpu.max", "0 0\n" } },
	  CGROUP_NO_LIMIT,
	  0 },
};

/* Writes a file below `top`, with the directories above it. */
static void write_file(const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	for (char *slash = strchr(full, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static void teardown(void)
{
	remove_directory(top);
}

START_TEST(limits_are_read)
{
	struct cgroup_limits limits;

	for (unsigned i = 0; i < FILES_MAX && machines[_i].files[i].path != NULL; i++)
		write_file(machines[_i].files[i].path, machines[_i].files[i].text);
	cgroup_read(&limits, top);
	ck_assert_msg(limits.memory_bytes == machines[_i].memory_bytes, "%s: memory %llu", machines[_i].name,
		      (unsigned long long)limits.memory_bytes);
	ck_assert_msg(limits.cpus == machines[_i].cpus, "%s: cpus %u", machines[_i].name, limits.cpus);
}
END_TEST

START_TEST(resources_are_those_of_the_group)
{
	struct sizing all, limited;

	sizing_read(&all, top);
	ck_assert(!all.memory_is_limited && !all.cpus_are_limited);
	write_file("proc/self/cgroup", "0::/\n");
	write_file("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	write_file("sys/fs/cgroup/memory.max", "67108864\n");
	write_file("sys/fs/cgroup/cpu.max", "100000 100000\n");
	sizing_read(&limited, top);
	ck_assert(limited.memory_is_limited);
	ck_assert_uint_eq(limited.memory_bytes, 64 * MIB);
	ck_assert_uint_eq(limited.cpus, 1);
	ck_assert(limited.cpus_are_limited == (all.cpus > 1));
	/* A quota of more than all CPUs, and a limit of more than all memory, do not limit. */
	write_file("sys/fs/cgroup/memory.max", "9223372036854771712\n");
	write_file("sys/fs/cgroup/cpu.max", "102400000 100000\n");
	sizing_read(&limited, top);
	ck_assert(!limited.memory_is_limited && !limited.cpus_are_limited);
	ck_assert_uint_eq(limited.memory_bytes, all.memory_bytes);
	ck_assert_uint_eq(limited.cpus, all.cpus);
}
END_TEST

/* Memory in MiB, a value of cache_size (NULL: not set), the size in MiB, and the message. */
static const struct {
	uint64_t memory;
	bool limited;
	const char *value;
	uint64_t size;
	const char *message; /* NULL: none */
} sizes[] = {
	{ 1000, false, NULL, 256, NULL },
	{ 1000, true, NULL, 600, "cache_size = 600M (default: 60% of 1000M, the memory limit of the control group)" },
	{ 1000, true, "64M", 64, NULL },
	{ 1000, true, "0", 0, NULL },
	{ 1000, false, "60%", 600, "cache_size = 600M (60% of 1000M, the memory of the machine)" },
	{ 1000, true, "1%", 10, "cache_size = 10M (1% of 1000M, the memory limit of the control group)" },
	{ 1000, true, "90%", 900, "cache_size = 900M (90% of 1000M, the memory limit of the control group)" },
	{ 64, true, NULL, 38, "cache_size = 38M (default: 60% of 64M, the memory limit of the control group)" },
	{ 64, true, "50%", 32, "cache_size = 32M (50% of 64M, the memory limit of the control group)" },
	{ 64, true, "1%", 4, "cache_size = 4M (1% of 64M, the memory limit of the control group)" },
};

START_TEST(cache_size_is_computed)
{
	const struct sizing sizing = { .memory_bytes = sizes[_i].memory * MIB, .memory_is_limited = sizes[_i].limited };
	char fault[CONFIG_FAULT_BYTES];
	struct config config;

	ck_assert_int_eq(config_init(&config), 0);
	ck_assert_int_eq(config_set(&config, "workers", "1", fault), 0);
	if (sizes[_i].value != NULL)
		ck_assert_int_eq(config_set(&config, "cache_size", sizes[_i].value, fault), 0);
	sizing_set(&sizing, &config);
	ck_assert_uint_eq(config.cache_size_bytes, sizes[_i].size * MIB);
	ck_assert_uint_eq(config.resolved.count, sizes[_i].message != NULL);
	if (sizes[_i].message != NULL)
		ck_assert_str_eq(config.resolved.list[0], sizes[_i].message);
	config_fini(&config);
}
END_TEST

/* A size on the command line overrides a percentage of the file, and the reverse. */
START_TEST(last_cache_size_wins)
{
	const struct sizing sizing = { .memory_bytes = 1000 * MIB, .memory_is_limited = true };
	char fault[CONFIG_FAULT_BYTES];
	struct config config;

	ck_assert_int_eq(config_init(&config), 0);
	ck_assert_int_eq(config_set(&config, "cache_size", "50%", fault), 0);
	ck_assert_int_eq(config_set(&config, "cache_size", "8M", fault), 0);
	sizing_set(&sizing, &config);
	ck_assert_uint_eq(config.cache_size_bytes, 8 * MIB);
	ck_assert_int_eq(config_set(&config, "cache_size", "50%", fault), 0);
	sizing_set(&sizing, &config);
	ck_assert_uint_eq(config.cache_size_bytes, 500 * MIB);
	config_fini(&config);
}
END_TEST

START_TEST(workers_follow_the_quota)
{
	struct sizing sizing = { .memory_bytes = 1000 * MIB, .cpus = 3, .cpus_are_limited = true };
	char fault[CONFIG_FAULT_BYTES];
	struct config config;

	ck_assert_int_eq(config_init(&config), 0);
	sizing_set(&sizing, &config);
	ck_assert_uint_eq(config_workers(&config), 3);
	ck_assert_str_eq(config.resolved.list[0], "workers = 3 (the CPU quota of the control group)");
	config_fini(&config);

	sizing.cpus_are_limited = false;
	ck_assert_int_eq(config_init(&config), 0);
	sizing_set(&sizing, &config);
	ck_assert_str_eq(config.resolved.list[0], "workers = 3 (one for each CPU)");
	config_fini(&config);

	ck_assert_int_eq(config_init(&config), 0);
	ck_assert_int_eq(config_set(&config, "workers", "7", fault), 0);
	sizing_set(&sizing, &config);
	ck_assert_uint_eq(config_workers(&config), 7);
	ck_assert_uint_eq(config.resolved.count, 0);
	config_fini(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *tests = tcase_create("cgroup");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, limits_are_read, 0, sizeof(machines) / sizeof(machines[0]));
	tcase_add_test(tests, resources_are_those_of_the_group);
	tcase_add_loop_test(tests, cache_size_is_computed, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tests, last_cache_size_wins);
	tcase_add_test(tests, workers_follow_the_quota);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
