/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lookups below one root, for the tests of files.h. The tests create the reactor and the files. */
#ifndef TESTS_UNIT_STORE_LOOKUP_H
#define TESTS_UNIT_STORE_LOOKUP_H

#include <check.h>

#include "store/files.h"

static struct reactor *reactor;
static struct files *files;

struct lookup {
	struct files_want want;
	unsigned answers;
};

static void answered(struct files_want *want)
{
	((struct lookup *)want)->answers++;
}

static int find(const char *path, struct lookup *lookup)
{
	*lookup = (struct lookup){ .want = { .reactor = reactor, .done = answered } };
	return files_find(files, path, &lookup->want);
}

static void wait_for(const struct lookup *lookup)
{
	for (int i = 0; lookup->answers == 0; i++) {
		ck_assert_int_lt(i, 1000);
		ck_assert_int_ge(reactor_iterate(reactor, 50), 0);
	}
	ck_assert_uint_eq(lookup->answers, 1);
}

#endif
