/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* allow and deny: which block decides about an address, and how. */
#include "steps/gate.h"

#include <string.h>

#include "../suite.h"
#include "base/networks.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Blocks from outer to inner: networks that are allowed, or with a "!" denied. */
static const struct {
	const char *blocks[3][5];
	const char *address;
	bool allowed;
} cases[] = {
	{ { { NULL } }, "192.0.2.1", true },
	/* one list alone */
	{ { { "192.0.2.0/24" } }, "192.0.2.1", true },
	{ { { "192.0.2.0/24" } }, "192.0.3.1", false },
	{ { { "192.0.2.0/24" } }, "2001:db8::1", false },
	{ { { "192.0.2.0/24" } }, "unix:", false },
	{ { { "192.0.2.0/24", "unix:" } }, "unix:", true },
	{ { { "!192.0.2.0/24" } }, "192.0.2.1", false },
	{ { { "!192.0.2.0/24" } }, "192.0.3.1", true },
	{ { { "!all" } }, "192.0.3.1", false },
	{ { { "!all" } }, "unix:", false },
	/* both: the narrower one, in any order; of the same, deny */
	{ { { "10.0.0.0/8", "!10.1.0.0/16" } }, "10.1.0.1", false },
	{ { { "10.0.0.0/8", "!10.1.0.0/16" } }, "10.2.0.1", true },
	{ { { "10.0.0.0/8", "!10.1.0.0/16" } }, "11.0.0.1", false },
	{ { { "!10.1.0.0/16", "10.0.0.0/8" } }, "10.1.0.1", false },
	{ { { "!10.0.0.0/8", "10.1.0.0/16" } }, "10.1.0.1", true },
	{ { { "!10.0.0.0/8", "10.1.0.0/16" } }, "10.2.0.1", false },
	{ { { "!10.0.0.0/8", "10.1.0.0/16", "!10.1.2.3" } }, "10.1.2.3", false },
	{ { { "10.0.0.0/8", "!10.0.0.0/8" } }, "10.0.0.1", false },
	{ { { "!all", "2001:db8::/32" } }, "2001:db8::1", true },
	{ { { "!all", "2001:db8::/32" } }, "2001:db9::1", false },
	/* the innermost that has something to say */
	{ { { "10.0.0.0/8" }, { NULL } }, "11.0.0.1", false },
	{ { { "10.0.0.0/8" }, { NULL } }, "10.0.0.1", true },
	{ { { "10.0.0.0/8" }, { "all" } }, "11.0.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.1.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "11.0.0.1", false },
	/* who is not in an inner allow does not come in by an outer one */
	{ { { "10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	{ { { "all" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	/* an inner deny leaves the others to the outer blocks */
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "10.1.0.1", false },
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "10.2.0.1", true },
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "11.0.0.1", false },
	{ { { "!11.0.0.0/8" }, { "!10.1.0.0/16" } }, "11.0.0.1", false },
	{ { { "!11.0.0.0/8" }, { "!10.1.0.0/16" } }, "12.0.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" }, { "!10.1.2.3" } }, "10.1.2.3", false },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" }, { "!10.1.2.3" } }, "10.1.2.4", true },
	{ { { "!10.0.0.0/8" }, { NULL }, { "all" } }, "10.1.2.4", true },
};

START_TEST(the_innermost_block_that_says_something_decides)
{
	struct settings blocks[3] = { 0 };
	static struct match match;
	struct address address = { .local = true };
	if (strcmp(cases[_i].address, "unix:") != 0)
		ck_assert_int_eq(address_parse(cases[_i].address, strlen(cases[_i].address), &address), 0);
	match.count = 3;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned j = 0; j < 5 && cases[_i].blocks[i][j] != NULL; j++) {
			const char *text = cases[_i].blocks[i][j];
			bool deny = *text == '!';
			ck_assert_ptr_null(
				text_list_add(deny ? &blocks[i].deny : &blocks[i].allow, text + deny, networks_parse));
		}
		match.chain[i] = &blocks[i];
	}
	ck_assert_int_eq(gate_allows(&match, &address), cases[_i].allowed);
	for (unsigned i = 0; i < 3; i++) {
		text_list_clear(&blocks[i].allow);
		text_list_clear(&blocks[i].deny);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *t = tcase_create("gate");
	tcase_add_loop_test(t, the_innermost_block_that_says_something_decides, 0, ROWS(cases));
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
