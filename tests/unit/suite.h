/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions for all unit tests. libcheck reads options from the environment (CK_FORK, CK_TAP_LOG_FILE_NAME). */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdint.h>

/*
 * Moves the clocks of this program forward; threads that sleep wake within some milliseconds. For programs whose
 * sources in Makefile.am include tests/clock.c.
 */
void clock_advance_ms(int64_t ms);

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
