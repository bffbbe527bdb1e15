/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control by address: which block of the configuration decides, and how "allow" and "deny" combine. */
#include "steps/gate.h"

#include <string.h>

#include "../suite.h"
#include "base/networks.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Blocks from the outermost to the innermost one, with allowed networks, and denied ones after a "!". */
static const struct {
	const char *blocks[3][5];
	const char *address;
	bool allowed;
} cases[] = {
	{ { { NULL } }, "192.0.2.1", true },
	/* only "allow" or only "deny" */
	{ { { "192.0.2.0/24" } }, "192.0.2.1", true },
	{ { { "192.0.2.0/24" } }, "192.0.3.1", false },
	{ { { "192.0.2.0/24" } }, "2001:db8::1", false },
	{ { { "192.0.2.0/24" } }, "unix:", false },
	{ { { "192.0.2.0/24", "unix:" } }, "unix:", true },
	{ { { "!192.0.2.0/24" } }, "192.0.2.1", false },
	{ { { "!192.0.2.0/24" } }, "192.0.3.1", true },
	{ { { "!all" } }, "192.0.3.1", false },
	{ { { "!all" } }, "unix:", false },
	/* both: the narrower network decides, in any order; of equal networks, "deny" */
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
	/* the innermost block with a matching rule decides */
	{ { { "10.0.0.0/8" }, { NULL } }, "11.0.0.1", false },
	{ { { "10.0.0.0/8" }, { NULL } }, "10.0.0.1", true },
	{ { { "10.0.0.0/8" }, { "all" } }, "11.0.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.1.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" } }, "11.0.0.1", false },
	/* an address that an inner "allow" does not contain is denied, even if an outer one contains it */
	{ { { "10.0.0.0/8" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	{ { { "all" }, { "10.1.0.0/16" } }, "10.2.0.1", false },
	/* for addresses that an inner "deny" does not contain, the outer blocks decide */
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "10.1.0.1", false },
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "10.2.0.1", true },
	{ { { "10.0.0.0/8" }, { "!10.1.0.0/16" } }, "11.0.0.1", false },
	{ { { "!11.0.0.0/8" }, { "!10.1.0.0/16" } }, "11.0.0.1", false },
	{ { { "!11.0.0.0/8" }, { "!10.1.0.0/16" } }, "12.0.0.1", true },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" }, { "!10.1.2.3" } }, "10.1.2.3", false },
	{ { { "!10.0.0.0/8" }, { "10.1.0.0/16" }, { "!10.1.2.3" } }, "10.1.2.4", true },
	{ { { "!10.0.0.0/8" }, { NULL }, { "all" } }, "10.1.2.4", true },
};

START_TEST(the_innermost_matching_block_decides)
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
	ck_assert_int_eq(gate_verdict(&match, &address) != GATE_DENIED, cases[_i].allowed);
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
	tcase_add_loop_test(t, the_innermost_matching_block_decides, 0, ROWS(cases));
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
