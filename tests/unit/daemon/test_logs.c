/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and closing the logs of configurations, also of two at the same time. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/logs.h"

static char dir[64];
static struct config old, new;

static const char *in_dir(const char *name)
{
	static char paths[4][96];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void set(struct config *config, const char *key, const char *text)
{
	char fault[CONFIG_FAULT_BYTES];

	ck_assert_int_eq(config_set(config, key, text, fault), 0);
}

static void add_site(struct config *config, const char *host, const char *target)
{
	char fault[CONFIG_FAULT_BYTES];
	struct site *site;

	ck_assert_int_eq(config_add_site(config, host, &site, fault), 0);
	ck_assert_int_eq(config_set_site(config, site, "access_log", target, fault), 0);
}

static void open_logs(struct config *config)
{
	char fault[LOGS_FAULT_BYTES];

	ck_assert_int_eq(logs_open(config, fault), 0);
	logs_use(config);
}

static void set_up(void)
{
	strcpy(dir, "test_logs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(config_init(&old), 0);
	ck_assert_int_eq(config_init(&new), 0);
	set(&old, "error_log", in_dir("error"));
	set(&old, "access_log", in_dir("access"));
	set(&new, "error_log", in_dir("error"));
	set(&new, "access_log", in_dir("access"));
}

static void tear_down(void)
{
	logs_close(&new);
	logs_close(&old);
	ck_assert(log_stop());
	config_fini(&new);
	config_fini(&old);
	remove_directory(dir);
}

static unsigned count_open(void)
{
	struct log_stats stats;
	unsigned count = 0;

	for (unsigned at = 0; log_stats(&at, &stats);)
		count++;
	return count;
}

static void await_open(unsigned count)
{
	for (int i = 0; count_open() != count; i++) {
		ck_assert_int_lt(i, 2000);
		usleep(5000);
	}
}

START_TEST(each_site_has_its_log)
{
	set(&old, "access_log", "");
	add_site(&old, "own.example", in_dir("own"));
	add_site(&old, "shared.example", in_dir("own"));
	add_site(&old, "none.example", "");
	open_logs(&old);
	const struct site *sites = old.rules.sites;
	ck_assert_uint_eq(sites[0].log, 0);
	ck_assert_uint_ne(sites[1].log, 0);
	ck_assert_uint_eq(sites[2].log, sites[1].log);
	ck_assert_ptr_ne(sites[2].log_form, sites[1].log_form);
	ck_assert_uint_eq(sites[3].log, 0);
	ck_assert_uint_eq(count_open(), 2);
}
END_TEST

START_TEST(two_configurations_share_a_log)
{
	add_site(&old, "old.example", in_dir("old"));
	add_site(&new, "new.example", in_dir("new"));
	open_logs(&old);
	open_logs(&new);
	ck_assert_uint_eq(new.rules.sites[0].log, old.rules.sites[0].log);
	ck_assert_ptr_ne(new.rules.sites[0].log_form, old.rules.sites[0].log_form);
	ck_assert_uint_eq(count_open(), 4);
	logs_close(&old);
	await_open(3);
	ck_assert_uint_eq(old.rules.sites[0].log, 0);
	ck_assert_int_eq(access(in_dir("new"), F_OK), 0);
	logs_close(&old); /* has no effect */
	ck_assert_uint_eq(count_open(), 3);
}
END_TEST

START_TEST(a_failure_changes_nothing)
{
	char fault[LOGS_FAULT_BYTES];

	open_logs(&old);
	set(&new, "error_log", in_dir("other"));
	add_site(&new, "good.example", in_dir("good"));
	add_site(&new, "bad.example", in_dir("absent/log"));
	ck_assert_int_eq(logs_open(&new, fault), -ENOENT);
	ck_assert_ptr_nonnull(strstr(fault, "access_log: "));
	ck_assert_ptr_nonnull(strstr(fault, "absent/log: No such file or directory"));
	await_open(2);
	log_warning("here");
	logs_close(&new); /* has no effect */
	logs_close(&old);
	ck_assert(log_stop());
	struct stat st;
	ck_assert_int_eq(stat(in_dir("error"), &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	ck_assert_int_eq(stat(in_dir("other"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);

	set(&new, "error_log", in_dir("absent/error"));
	ck_assert_int_eq(logs_open(&new, fault), -ENOENT);
	ck_assert_ptr_nonnull(strstr(fault, "error_log: "));
	ck_assert_uint_eq(count_open(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs");
	TCase *t = tcase_create("logs");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_site_has_its_log);
	tcase_add_test(t, two_configurations_share_a_log);
	tcase_add_test(t, a_failure_changes_nothing);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
