/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions for all unit tests. libcheck reads options from the environment (CK_FORK, CK_TAP_LOG_FILE_NAME). */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

/*
 * Moves the clocks of this program forward; threads that sleep wake within some milliseconds. For programs whose
 * sources in Makefile.am include tests/clock.c.
 */
void clock_advance_ms(int64_t ms);
/* Stops the clocks of this program. They move by clock_advance_ms() only. */
void clock_hold(void);

static inline int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

/* Removes a directory that a test has made, with its contents. */
static inline void remove_directory(const char *path)
{
	ck_assert_int_eq(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline uint64_t suite_cpu_ms(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SUITE_SANITIZED true
#else
#define SUITE_SANITIZED false
#endif

/*
 * A fork of a program with a sanitizer takes much longer than most tests, so such a program runs all tests itself. A
 * suite whose tests change the state of the program defines SUITE_FORKS before it includes this header.
 */
#if defined(SUITE_FORKS)
#define SUITE_RUNS_ALL_TESTS false
#else
#define SUITE_RUNS_ALL_TESTS SUITE_SANITIZED
#endif

/* Runs the suite, frees it, and returns the exit status for main(). Prints the line for tests/summary.sh. */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	struct timespec start, end;
	int failed;

	if (SUITE_RUNS_ALL_TESTS)
		srunner_set_fork_status(runner, CK_NOFORK);
	clock_gettime(CLOCK_REALTIME_COARSE, &start);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	clock_gettime(CLOCK_REALTIME_COARSE, &end);
	printf("# took %" PRId64 " ms, of that %" PRIu64 " ms of processor time\n",
	       (int64_t)(end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000,
	       suite_cpu_ms(RUSAGE_SELF) + suite_cpu_ms(RUSAGE_CHILDREN));
	return failed != 0;
}

#endif
