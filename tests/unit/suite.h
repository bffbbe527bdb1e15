/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions for all unit tests. libcheck reads options from the environment (CK_FORK, CK_TAP_LOG_FILE_NAME). */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Moves the clocks of this program forward; threads that sleep wake within some milliseconds. For programs whose
 * sources in Makefile.am include tests/clock.c.
 */
void clock_advance_ms(int64_t ms);

/* Removes a directory that a test has made, with its contents. */
static inline void remove_directory(const char *path)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	ck_assert_int_eq(system(command), 0);
}

/* Runs the suite and returns the exit status for main(). Frees the suite. */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
