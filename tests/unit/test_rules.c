/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which prefix a path falls under, and which prefixes there can be. */
#include "http/rules.h"

#include <string.h>

#include "suite.h"

#define ROWS(table) (int)(sizeof table / sizeof *table)

static struct rules rules;

static void fini(void)
{
	rules_fini(&rules);
}

static const struct {
	const char *prefixes[4];
	const char *path, *match; /* NULL: none */
} matched[] = {
	{{NULL}, "", NULL},
	{{NULL}, "a/b", NULL},
	/* everything */
	{{"/"}, "", "/"},
	{{"/"}, "a", "/"},
	{{"/"}, "a/b", "/"},
	/* whole names only */
	{{"/a"}, "a", "/a"},
	{{"/a"}, "a/b", "/a"},
	{{"/a"}, "a/b/c", "/a"},
	{{"/a"}, "ab", NULL},
	{{"/a"}, "a.b", NULL},
	{{"/a"}, "b/a", NULL},
	{{"/a"}, "A", NULL},
	{{"/a"}, "", NULL},
	{{"/a/b"}, "a", NULL},
	{{"/a/b"}, "a/b", "/a/b"},
	{{"/a/b"}, "a/bc", NULL},
	{{"/a/b"}, "a/b/c", "/a/b"},
	{{"/a/b.tif"}, "a/b.tif", "/a/b.tif"},
	/* only what is below */
	{{"/a/"}, "a/b", "/a/"},
	{{"/a/"}, "a/b/c", "/a/"},
	{{"/a/"}, "a", NULL},
	{{"/a/"}, "ab", NULL},
	/* the longest one, wherever it stands */
	{{"/", "/a", "/a/b"}, "a/b/c", "/a/b"},
	{{"/a/b", "/a", "/"}, "a/b/c", "/a/b"},
	{{"/a/b", "/a", "/"}, "a/c", "/a"},
	{{"/a/b", "/a", "/"}, "ab", "/"},
	{{"/a", "/a/"}, "a", "/a"},
	{{"/a", "/a/"}, "a/b", "/a/"},
	{{"/a/", "/a"}, "a/b", "/a/"},
	{{"/a", "/ab"}, "ab", "/ab"},
	{{"/a", "/b"}, "c", NULL},
	/* bytes, not characters or escapes */
	{{"/a b"}, "a b/c", "/a b"},
	{{"/a%20b"}, "a b", NULL},
	{{"/\xc3\xa9"}, "\xc3\xa9/x", "/\xc3\xa9"},
	{{"/\xc3"}, "\xc3\xa9", NULL},
};

START_TEST(match)
{
	for (size_t i = 0; i < 4 && matched[_i].prefixes[i] != NULL; i++)
		ck_assert_ptr_nonnull(rules_add(&rules, matched[_i].prefixes[i]));
	const struct rule *rule = rules_match(&rules, matched[_i].path);
	ck_assert_ptr_nonnull(rule);
	ck_assert_pstr_eq(rule->prefix, matched[_i].match);
	ck_assert_int_eq(rule->cache, RULE_CACHE_AUTO);
}
END_TEST

START_TEST(the_rule_that_was_set)
{
	rules_add(&rules, "/a")->cache = RULE_CACHE_PIN;
	rules_add(&rules, "/a/b")->cache = RULE_CACHE_NEVER;
	ck_assert_int_eq(rules_match(&rules, "a/x")->cache, RULE_CACHE_PIN);
	ck_assert_int_eq(rules_match(&rules, "a/b/x")->cache, RULE_CACHE_NEVER);
	ck_assert_int_eq(rules_match(&rules, "b")->cache, RULE_CACHE_AUTO);
}
END_TEST

START_TEST(prefixes_are_copied)
{
	char prefix[] = "/a";
	rules_add(&rules, prefix);
	prefix[1] = 'b';
	ck_assert_pstr_eq(rules_match(&rules, "a")->prefix, "/a");
}
END_TEST

static const struct {
	const char *prefix, *fault; /* a part of it; NULL: it can be */
} prefixes[] = {
	{"/", NULL},
	{"/a", NULL},
	{"/a/", NULL},
	{"/a/b/", NULL},
	{"/.a", NULL},
	{"/..a/b..", NULL},
	{"/...", NULL},
	{"", "empty"},
	{"a", "begins with a slash"},
	{"a/b", "begins with a slash"},
	{"//", "two slashes"},
	{"//a", "two slashes"},
	{"/a//b", "two slashes"},
	{"/a//", "two slashes"},
	{"/..", "\"..\""},
	{"/../a", "\"..\""},
	{"/a/..", "\"..\""},
	{"/a/../b", "\"..\""},
	{"/.", "\".\""},
	{"/a/./b", "\".\""},
	{"/a/./", "\".\""},
};

START_TEST(prefix)
{
	const char *fault = rules_prefix_fault(prefixes[_i].prefix);
	if (prefixes[_i].fault == NULL) {
		ck_assert_pstr_eq(fault, NULL);
	} else {
		ck_assert_ptr_nonnull(fault);
		ck_assert_msg(strstr(fault, prefixes[_i].fault) != NULL, "%s: %s", prefixes[_i].prefix, fault);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *cases = tcase_create("rules");
	tcase_add_checked_fixture(cases, NULL, fini);
	tcase_add_loop_test(cases, match, 0, ROWS(matched));
	tcase_add_test(cases, the_rule_that_was_set);
	tcase_add_test(cases, prefixes_are_copied);
	tcase_add_loop_test(cases, prefix, 0, ROWS(prefixes));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
