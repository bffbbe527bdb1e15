/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules: which blocks match a path and which site a host selects. */
#include "http/path.h"
#include "site/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static struct rules rules;
static struct match match_found;

static void init(void)
{
	rules_init(&rules);
}

static void fini(void)
{
	rules_fini(&rules);
}

/* Returns the innermost block of the top level that matches the path, or NULL. */
static const struct rule *match_of(const char *path)
{
	rules_finish(&rules);
	ck_assert_int_eq(rules_match(&rules, &rules.sites[0], path, false, &match_found), 0);
	return match_found.rules[match_found.count - 1];
}

static const char *pattern_of(const char *path)
{
	const struct rule *rule = match_of(path);
	return rule != NULL ? rule->pattern : NULL;
}

static void set_cache(const char *pattern, enum rule_cache cache)
{
	struct settings *settings = &rules_add(&rules.sites[0], pattern)->settings;
	settings->cache = cache;
	settings->set |= 1 << SETTING_CACHE;
}

static const struct {
	const char *prefixes[4];
	const char *path, *match; /* NULL: none */
} matched[] = {
	{ { NULL }, "", NULL },
	{ { NULL }, "a/b", NULL },
	/* "/" matches all paths */
	{ { "/" }, "", "/" },
	{ { "/" }, "a", "/" },
	{ { "/" }, "a/b", "/" },
	/* a prefix consists of whole names */
	{ { "/a" }, "a", "/a" },
	{ { "/a" }, "a/b", "/a" },
	{ { "/a" }, "a/b/c", "/a" },
	{ { "/a" }, "ab", NULL },
	{ { "/a" }, "a.b", NULL },
	{ { "/a" }, "b/a", NULL },
	{ { "/a" }, "A", NULL },
	{ { "/a" }, "", NULL },
	{ { "/a/b" }, "a", NULL },
	{ { "/a/b" }, "a/b", "/a/b" },
	{ { "/a/b" }, "a/bc", NULL },
	{ { "/a/b" }, "a/b/c", "/a/b" },
	{ { "/a/b.tif" }, "a/b.tif", "/a/b.tif" },
	/* a trailing slash matches only paths below */
	{ { "/a/" }, "a/b", "/a/" },
	{ { "/a/" }, "a/b/c", "/a/" },
	{ { "/a/" }, "a", NULL },
	{ { "/a/" }, "ab", NULL },
	/* the longest prefix wins, in any order */
	{ { "/", "/a", "/a/b" }, "a/b/c", "/a/b" },
	{ { "/a/b", "/a", "/" }, "a/b/c", "/a/b" },
	{ { "/a/b", "/a", "/" }, "a/c", "/a" },
	{ { "/a/b", "/a", "/" }, "ab", "/" },
	{ { "/a", "/a/" }, "a", "/a" },
	{ { "/a", "/a/" }, "a/b", "/a/" },
	{ { "/a/", "/a" }, "a/b", "/a/" },
	{ { "/a", "/ab" }, "ab", "/ab" },
	{ { "/a", "/b" }, "c", NULL },
	/* bytes, not characters or escapes */
	{ { "/a b" }, "a b/c", "/a b" },
	{ { "/a%20b" }, "a b", NULL },
	{ { "/\xc3\xa9" }, "\xc3\xa9/x", "/\xc3\xa9" },
	{ { "/\xc3" }, "\xc3\xa9", NULL },
};

START_TEST(the_longest_prefix_matches)
{
	for (size_t i = 0; i < 4 && matched[_i].prefixes[i] != NULL; i++)
		ck_assert_ptr_nonnull(rules_add(&rules.sites[0], matched[_i].prefixes[i]));
	ck_assert_pstr_eq(pattern_of(matched[_i].path), matched[_i].match);
	ck_assert_int_eq(match_found.settings->cache, RULE_CACHE_AUTO);
}
END_TEST

START_TEST(returns_the_matching_rule)
{
	set_cache("/a", RULE_CACHE_PIN);
	set_cache("/a/b", RULE_CACHE_NEVER);
	match_of("a/x");
	ck_assert_int_eq(match_found.settings->cache, RULE_CACHE_PIN);
	match_of("a/b/x");
	ck_assert_int_eq(match_found.settings->cache, RULE_CACHE_NEVER);
	match_of("b");
	ck_assert_int_eq(match_found.settings->cache, RULE_CACHE_AUTO);
}
END_TEST

START_TEST(prefixes_are_copied)
{
	char prefix[] = "/a";
	rules_add(&rules.sites[0], prefix);
	prefix[1] = 'b';
	ck_assert_pstr_eq(pattern_of("a"), "/a");
}
END_TEST

static const struct {
	const char *glob, *path;
	bool fits;
} globs[] = {
	{ "*.mp4", "a.mp4", true },
	{ "*.mp4", "x/y/a.mp4", true },
	{ "*.mp4", "a.mp4/b", false },
	{ "*.mp4", "a.mp3", false },
	{ "/v/*.mp4", "v/a.mp4", true },
	{ "/v/*.mp4", "v/x/a.mp4", true },
	{ "/v/*.mp4", "w/a.mp4", false },
	{ "?.txt", "a.txt", true },
	{ "?.txt", "ab.txt", false },
	{ "[ab].txt", "b.txt", true },
	{ "/*", "", true },
	{ "/*", "x", true },
};

START_TEST(globs_match)
{
	rules_add(&rules.sites[0], globs[_i].glob);
	ck_assert_int_eq(match_of(globs[_i].path) != NULL, globs[_i].fits);
}
END_TEST

START_TEST(a_directory_matches_its_prefix_with_a_slash)
{
	rules_add(&rules.sites[0], "/a/");
	ck_assert_ptr_null(match_of("a"));
	rules_match(&rules, &rules.sites[0], "a", true, &match_found);
	ck_assert_uint_eq(match_found.count, 2);
	rules_match(&rules, &rules.sites[0], "ab", true, &match_found);
	ck_assert_uint_eq(match_found.count, 1);
}
END_TEST

/*
 * The order from outer to inner: top level, its prefixes from short to long, its globs; site, its prefixes, its globs.
 */
START_TEST(blocks_are_merged)
{
	struct site *top = &rules.sites[0], *site = rules_add_site(&rules, "h");
	static const char *const expected[] = { NULL, "/", "/a/b", "*.x", "b*", NULL, "/a", "*" };
	set_cache("*.x", RULE_CACHE_NEVER);
	rules_add(top, "b*");
	rules_add(top, "/a/b");
	set_cache("/", RULE_CACHE_PIN);
	rules_add(site, "*");
	rules_add(site, "/a");
	rules_add(site, "/c");
	rules_finish(&rules);
	ck_assert_int_eq(rules_match(&rules, site, "a/b/b.x", false, &match_found), 0);
	ck_assert_uint_eq(match_found.count, 8);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_pstr_eq(match_found.rules[i] != NULL ? match_found.rules[i]->pattern : NULL, expected[i]);
	ck_assert_ptr_eq(match_found.chain[5], &site->settings);
	ck_assert_int_eq(match_found.settings->cache,
			 RULE_CACHE_NEVER); /* the glob overrides the prefix, and no inner block sets it */
}
END_TEST

START_TEST(the_key_identifies_the_blocks)
{
	struct site *top = &rules.sites[0], *site = rules_add_site(&rules, "h");
	struct match a, b;
	rules_add(top, "/a");
	rules_add(site, "/a");
	rules_match(&rules, top, "a/1", false, &a);
	rules_match(&rules, top, "a/2", false, &b);
	ck_assert_uint_eq(a.key, b.key);
	rules_match(&rules, top, "b", false, &b);
	ck_assert_uint_ne(a.key, b.key);
	rules_match(&rules, site, "a/1", false, &b);
	ck_assert_uint_ne(a.key, b.key);
}
END_TEST

START_TEST(too_many_blocks_are_an_error)
{
	for (int i = 0; i < RULES_CHAIN_MAX; i++)
		rules_add(&rules.sites[0], "*");
	ck_assert_int_eq(rules_match(&rules, &rules.sites[0], "a", false, &match_found), -E2BIG);
}
END_TEST

static const struct {
	const char *host;
	const char *site; /* "-": the top level; NULL: none */
} hosts[] = {
	{ "www.example.org", "www.example.org" },
	{ "WWW.Example.ORG:8080", "www.example.org" },
	{ "www.example.org.", "www.example.org" },
	{ "a.example.org", "*.example.org" },
	{ "b.a.example.org", "*.a.example.org" },
	{ "example.org", "-" },
	{ "other", "-" },
	{ "", "-" },
	{ NULL, "-" },
	{ "[::1]:80", "[::1]" },
	{ "xwww.example.org", "*.example.org" },
	{ "c.b.a.example.org", "[::1]" },
	{ "Exact.example.org", "[::1]" },
	{ "alias.only-there", "-" },
	{ "a.only-there", "-" },
};

START_TEST(the_host_selects_a_site)
{
	static const char *const names[] = { "www.example.org", "*.example.org", "*.a.example.org", "[::1]",
					     "a.only-there" };
	for (size_t i = 0; i < 5; i++)
		ck_assert_ptr_nonnull(rules_add_site(&rules, names[i]));
	text_list_add(&rules.sites[4].aliases, "*.b.a.example.org", NULL);
	text_list_add(&rules.sites[4].aliases, "exact.example.org", NULL);
	text_list_add(&rules.sites[5].aliases, "alias.only-there", NULL);
	rules.listeners[0] = 0x1f; /* all sites except the last */
	const char *host = hosts[_i].host;
	ck_assert_ptr_null(rules_find_site(&rules, 0, "other", 5)); /* the top level has no root */
	rules.sites[0].root = strdup("/");
	const struct site *site = rules_find_site(&rules, 0, host, host != NULL ? strlen(host) : 0);
	ck_assert_ptr_nonnull(site);
	ck_assert_pstr_eq(site->host != NULL ? site->host : "-", hosts[_i].site);
	rules.listeners[1] = 0x20;
	ck_assert_ptr_null(rules_find_site(&rules, 1, "other", 5));
	ck_assert_ptr_eq(rules_find_site(&rules, 1, "a.only-there", 12), &rules.sites[5]);
	ck_assert_ptr_eq(rules_find_site(&rules, 1, "alias.only-there", 16), &rules.sites[5]);
}
END_TEST

/* The root of the innermost block that has one is used. */
START_TEST(locations_have_roots)
{
	static const struct {
		unsigned site;
		const char *path, *root, *below;
	} rows[] = {
		{ 0, "", "/top", "" },
		{ 0, "x", "/top", "x" },
		{ 0, "isos", "/isos", "" },
		{ 0, "isos/x/y", "/isos", "x/y" },
		{ 0, "isosx", "/top", "isosx" },
		{ 0, "isos/deep/x", "/deep", "x" },
		{ 0, "isos/x.gz", "/isos", "x.gz" },
		{ 1, "isos/x", "/isos", "x" },	   /* a site without a root */
		{ 2, "isos/x", "/own", "isos/x" }, /* the root of a site overrides those of the top level */
		{ 2, "all/x", "/all", "x" },
		{ 3, "x/y", "/every", "x/y" },
	};
	static const struct {
		unsigned site;
		const char *pattern, *root;
	} locations[] = { { 0, "/isos/", "/isos" },
			  { 0, "/isos/deep", "/deep" },
			  { 2, "/all", "/all" },
			  { 3, "/", "/every" },
			  { 0, "*.gz", NULL } };

	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(rules_add_site(&rules, "x"));
	rules.sites[0].root = strdup("/top");
	rules.sites[2].root = strdup("/own");
	for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
		struct rule *rule = rules_add(&rules.sites[locations[i].site], locations[i].pattern);

		rule->settings.root = locations[i].root != NULL ? strdup(locations[i].root) : NULL;
		rule->settings.set |= locations[i].root != NULL ? UINT64_C(1) << SETTING_ROOT : 0;
	}
	rules_finish(&rules);
	ck_assert_uint_eq(rules.root_count, 6);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = rows[i].path;

		ck_assert_int_eq(rules_match(&rules, &rules.sites[rows[i].site], path, false, &match_found), 0);
		ck_assert_pstr_eq(match_found.root->path, rows[i].root);
		ck_assert_str_eq(path_below(path, match_found.root_prefix_bytes), rows[i].below);
	}
}
END_TEST

START_TEST(hide_globs_match_names_and_paths)
{
	struct rule *rule = rules_add(&rules.sites[0], "/a");
	text_list_add(&rules.sites[0].settings.hide, "*.key", NULL);
	text_list_add(&rule->settings.hide, "/a/b", NULL);
	static const struct {
		const char *path;
		bool hidden;
	} rows[] = {
		{ "x", false },	  { "x.key", true }, { "x.key/y", true }, { "y/x.key", true }, { "b/x", false },
		{ "a/x", false }, { "a/b", true },   { "a/b/x", true },	  { "a/bc", false },   { "a/x.key", true }
	};
	for (size_t i = 0; i < 10; i++) {
		match_of(rows[i].path);
		ck_assert_int_eq(rules_hides(&match_found, rows[i].path), rows[i].hidden);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *cases = tcase_create("rules");
	tcase_add_checked_fixture(cases, init, fini);
	tcase_add_loop_test(cases, the_longest_prefix_matches, 0, ROWS(matched));
	tcase_add_test(cases, returns_the_matching_rule);
	tcase_add_test(cases, prefixes_are_copied);
	tcase_add_loop_test(cases, globs_match, 0, ROWS(globs));
	tcase_add_test(cases, a_directory_matches_its_prefix_with_a_slash);
	tcase_add_test(cases, blocks_are_merged);
	tcase_add_test(cases, the_key_identifies_the_blocks);
	tcase_add_test(cases, too_many_blocks_are_an_error);
	tcase_add_loop_test(cases, the_host_selects_a_site, 0, ROWS(hosts));
	tcase_add_test(cases, hide_globs_match_names_and_paths);
	tcase_add_test(cases, locations_have_roots);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
