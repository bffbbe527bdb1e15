/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comparison of two patterns: a proof that one matches all paths of the other holds for all short paths. */
#include "site/pattern_cover.h"

#include <string.h>

#include "../suite.h"
#include "http/path.h"
#include "site/pattern.h"
#include "site/pattern_fault.h"

#define STEPS 1000000 /* more than one comparison makes */
/* One of this many pairs of patterns is compared. */
#define SAMPLING (SUITE_SANITIZED ? 12 : 3)
#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static const struct {
	const char *outer, *inner;
	bool covers;
} pairs[] = {
	{ "/", "/a", true },	    { "/", "*.a", true },	 { "/a", "/a/", true },	    { "/a/", "/a", false },
	{ "/a", "/a/b", true },	    { "/a", "/ab", false },	 { "/a/", "/a/*", true },   { "/a/*", "/a/", true },
	{ "/a/*", "/a/*.b", true }, { "/a/*.b", "/a/*", false }, { "*", "/a", true },	    { "/*", "*.b", true },
	{ "*.b", "/a/*.b", true },  { "*.b", "/a/*.b*", false }, { "*.[bc]", "*.b", true }, { "*.b", "*.[bc]", false },
	{ "/a*", "/a/", true },	    { "/a*", "/ab", true },	 { "/a?", "/ab", false }, /* also matches below /ab */
};

START_TEST(patterns_cover_others)
{
	unsigned steps = STEPS;
	ck_assert_msg(pattern_cover(pairs[_i].outer, pairs[_i].inner, &steps) == pairs[_i].covers, "%s, %s",
		      pairs[_i].outer, pairs[_i].inner);
}
END_TEST

static const struct {
	const char *pattern;
	bool is_dotfile;
} dotfiles[] = {
	{ "/.git/", true }, { "/a/.git", true }, { "/a/.ht*", true },
	{ ".ht*", true },   { "/.git/*", true }, { "/.well-known/", false },
	{ "/.w*", false },  { ".z*", false },	 { "/a/.zarray", false },
	{ "/*", false },    { "/a.b/", false },	 { ".*", false },
};

START_TEST(patterns_of_dotfiles)
{
	ck_assert_msg(pattern_cover_is_dotfile(dotfiles[_i].pattern) == dotfiles[_i].is_dotfile, "%s",
		      dotfiles[_i].pattern);
}
END_TEST

/* --- all short patterns against all short paths --- */

#define ALPHABET "/ab*?[]"
#define PATTERN_LENGTH 4
#define PATH_LENGTH 4
#define COUNT 3000

/* Writes the text of this number over an alphabet. Returns false if the number has more than `length` digits. */
static bool text_of(unsigned long number, const char *alphabet, size_t length, char *text)
{
	size_t used = 0, base = strlen(alphabet);
	while (number > 0 && used < length) {
		text[used++] = alphabet[(number - 1) % base];
		number = (number - 1) / base;
	}
	text[used] = '\0';
	return number == 0;
}

static char paths[COUNT][PATH_LENGTH + 1];
static size_t path_count;

static void list_paths(void)
{
	char path[PATH_LENGTH + 1];
	for (unsigned long i = 0; text_of(i, "/abc", PATH_LENGTH, path); i++) {
		size_t length = strlen(path);
		if (*path != '/' && strstr(path, "//") == NULL && (length == 0 || path[length - 1] != '/') &&
		    path_count < COUNT)
			strcpy(paths[path_count++], path);
	}
}

/* Returns a path that the inner pattern matches and the outer pattern does not, or NULL. */
static const char *find_exception(const char *outer, const char *inner)
{
	for (size_t i = 0; i < path_count; i++)
		for (unsigned is_directory = *paths[i] == '\0'; is_directory < 2; is_directory++)
			if (pattern_matches(inner, paths[i], is_directory != 0) &&
			    !pattern_matches(outer, paths[i], is_directory != 0))
				return paths[i];
	return NULL;
}

static char patterns[COUNT][PATTERN_LENGTH + 1];

static size_t list_patterns(enum pattern_use use)
{
	char pattern[PATTERN_LENGTH + 1], fault[PATTERN_FAULT_BYTES];
	size_t count = 0;
	for (unsigned long i = 1; text_of(i, ALPHABET, PATTERN_LENGTH, pattern) && count < COUNT; i++)
		if (pattern_fault(use, pattern, fault) == NULL)
			strcpy(patterns[count++], pattern);
	return count;
}

START_TEST(a_covered_pattern_has_no_exception)
{
	list_paths();
	size_t count = list_patterns(PATTERN_LOCATION);
	for (size_t i = 0; i < count; i++)
		for (size_t j = i % 7; j < count; j += SAMPLING * (1 + i % 7)) {
			unsigned steps = STEPS;
			if (!pattern_cover(patterns[i], patterns[j], &steps))
				continue;
			const char *exception = find_exception(patterns[i], patterns[j]);
			ck_assert_msg(exception == NULL, "%s does not cover %s: /%s", patterns[i], patterns[j],
				      exception);
		}
}
END_TEST

START_TEST(a_hidden_pattern_matches_hidden_paths_only)
{
	static char hides[COUNT][PATTERN_LENGTH + 1];
	list_paths();
	size_t hide_count = list_patterns(PATTERN_HIDE);
	memcpy(hides, patterns, sizeof(hides));
	size_t count = list_patterns(PATTERN_LOCATION);
	for (size_t i = 0; i < hide_count; i++)
		for (size_t j = i % 7; j < count; j += SAMPLING * (1 + i % 7)) {
			unsigned steps = STEPS;
			if (!pattern_cover_hides(hides[i], patterns[j], &steps))
				continue;
			for (size_t k = 0; k < path_count; k++)
				for (unsigned d = *paths[k] == '\0'; d < 2; d++)
					ck_assert_msg(!pattern_matches(patterns[j], paths[k], d != 0) ||
							      pattern_hides(hides[i], paths[k]),
						      "%s does not hide %s: /%s", hides[i], patterns[j], paths[k]);
		}
}
END_TEST

/* Without a limit, the comparison of these patterns needs about 10^8 steps, most of them with a set of bytes. */
START_TEST(an_expensive_proof_is_given_up)
{
	char outer[200] = "/", inner[200] = "/";
	unsigned steps = STEPS;
	for (unsigned i = 0; i < 20; i++) {
		strcat(outer, "*[ab]");
		strcat(inner, "[ac]");
	}
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(!pattern_cover(outer, inner, &steps));
	ck_assert_uint_lt(steps, 1000);
	steps = 3;
	ck_assert(!pattern_cover("/a*", "/abcd/", &steps));
	ck_assert_uint_eq(steps, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern_cover");
	TCase *cases = tcase_create("pattern_cover");
	tcase_set_timeout(cases, 300);
	tcase_add_loop_test(cases, patterns_cover_others, 0, ROWS(pairs));
	tcase_add_loop_test(cases, patterns_of_dotfiles, 0, ROWS(dotfiles));
	tcase_add_test(cases, an_expensive_proof_is_given_up);
	tcase_add_test(cases, a_covered_pattern_has_no_exception);
	tcase_add_test(cases, a_hidden_pattern_matches_hidden_paths_only);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
