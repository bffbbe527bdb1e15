/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The check of patterns and paths. Each rejected text has the spelling that the message suggests. A pattern passes the
 * check exactly if it matches a path.
 */
#include "site/pattern_fault.h"

#include <string.h>

#include "../suite.h"
#include "site/pattern.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))
#define L PATTERN_LOCATION
#define H PATTERN_HIDE
#define P PATTERN_PATH
#define NO_SPELLING ""

static const struct {
	enum pattern_use use;
	const char *text;
	const char *spelling; /* the end of the message from "write " on; NO_SPELLING: none; NULL: the text is valid */
} texts[] = {
	{ L, "/", NULL },
	{ L, "/a", NULL },
	{ L, "/a/", NULL },
	{ L, "/.a", NULL },
	{ L, "/..a/b..", NULL },
	{ L, "/...", NULL },
	{ L, "/~anna/", NULL },
	{ L, "/*", NULL },
	{ L, "*", NULL },
	{ L, "*.key", NULL },
	{ L, "~*", NULL },
	{ L, "[!/]*", NULL },
	{ L, "/a b/", NULL },
	{ L, "/a b/*.key *", NULL },
	{ L, "/100%", NULL },
	{ L, "/Film (2020)/", NULL },
	{ L, "/{5B3C}/", NULL },
	{ L, "/$RECYCLE.BIN/", NULL },
	{ L, "/a=b&c", NULL },
	/* how special characters are written literally */
	{ L, "/[{]a,b}", NULL },
	{ L, "/[(]a[|]b)", NULL },
	{ L, "/a[%]41", NULL },
	{ L, "[\\\\]*", NULL },
	{ L, "/a[?]b=c", NULL },
	{ L, "/a[$]", NULL },
	{ L, "/a[ ]", NULL },
	{ H, "a", NULL },
	{ H, "a/", NULL },
	{ H, "@eaDir", NULL },
	{ H, ".*", NULL },
	{ H, ".*.swp", NULL },
	{ H, "/a", NULL },
	{ H, "/a/*", NULL },
	/* a slash is missing */
	{ L, "docs/*.key", "\"/docs/*.key\"" },
	{ H, "docs/*.key", "\"/docs/*.key\"" },
	{ L, "a", "\"/a\"" },
	{ L, "a/", "\"/a/\"" },
	{ L, ".php", "\"*.php\"" },
	{ L, "@fallback", NO_SPELLING },
	{ L, "**/*.key", "\"*.key\"" },
	{ H, "**/a", "\"a\"" },
	{ H, "./*.key", "\"/*.key\"" },
	{ L, "*.d/", "\"/*.d/\"" },
	/* other servers */
	{ L, "~* \\.(key|pem)$", "\"*.key\" and \"*.pem\"" },
	{ L, "~* .(key|pem)$", "\"*.key\" and \"*.pem\"" }, /* a double-quoted string loses the backslash */
	{ L, "~ ^/docs/.*\\.(jpe?g|png)$", "\"/docs/*.jpg\", \"/docs/*.jpeg\" and \"/docs/*.png\"" },
	{ L, "~ \\.php", "\"*.php*\"" },
	{ L, "~ ^/v[0-9]+/", "\"/v*/\"" },
	{ L, "~ ^/a(?!b)", NO_SPELLING },
	{ L, "~ ^/a{2}$", NO_SPELLING },
	{ L, "~^/docs/", "\"/docs/\"" },
	{ L, "\\.key$", "\"*.key\"" },
	{ L, "^/docs/", "\"/docs/\"" },
	{ L, "^/docs/.*", "\"/docs/*\"" },
	{ L, "^/docs", "\"/docs*\"" },
	{ L, "/docs$", "\"/docs\"" },
	{ L, ".*\\.pdf$", "\"*.pdf\"" },
	{ L, "^~ /docs*", "\"/docs*\"" },
	{ L, "^~ /docs/", "\"/docs/\"" },
	{ L, "= /x", "\"/x\"" },
	{ L, "= /", NO_SPELLING },
	{ L, "=~ \\.key$", "\"*.key\"" },
	{ L, "path_regexp \\.key$", "\"*.key\"" },
	{ L, "path *.key", "\"*.key\"" },
	{ L, "(a|b)", "\"*a*\" and \"*b*\"" },
	{ L, "*.{key,pem}", "\"*.key\" and \"*.pem\"" },
	{ H, "docs/*.{a,{b,c}}", "\"/docs/*.a\", \"/docs/*.b\" and \"/docs/*.c\"" },
	{ L, "*.key|*.pem", "\"*.key\" and \"*.pem\"" },
	{ H, "*.bak *.tmp", "\"*.bak\" and \"*.tmp\"" },
	{ H, "*.bak,*.tmp", "\"*.bak\" and \"*.tmp\"" },
	{ L, "/d%6fcs/", "\"/docs/\"" },
	{ L, "/a%5bb", "\"/a[[]b\"" },
	{ L, "/a%2541", "\"/a[%]41\"" },
	{ L, "/a%2Fb", NO_SPELLING },
	{ L, "/a\\*", "\"/a[*]\"" },
	{ L, "http://host/path", "\"/path\"" },
	{ L, "https://host", "\"/\"" },
	{ L, "/a?b=1", "\"/a\"" },
	/* no path matches */
	{ L, "", NO_SPELLING },
	{ L, " /x", "\"/x\"" },
	{ L, "/x\t", "\"/x\"" },
	{ L, "/a\nb", NO_SPELLING },
	{ L, "/a\177", NO_SPELLING },
	{ L, "[", "\"[[]\"" },
	{ L, "/a[b/*", "\"/a[[]b/*\"" },
	{ L, "[z-a]", NO_SPELLING },
	{ L, "[[:foo:]]", NO_SPELLING },
	{ L, "[/]x", NO_SPELLING },
	{ L, "/[.]/*", NO_SPELLING },
	{ L, "//", "\"/\"" },
	{ L, "//a", "\"/a\"" },
	{ L, "/a//b", "\"/a/b\"" },
	{ L, "/a//", "\"/a/\"" },
	{ L, "/..", NO_SPELLING },
	{ L, "/../a", "\"/a\"" },
	{ L, "/a/..", NO_SPELLING },
	{ L, "/a/b/..", "\"/a\"" },
	{ L, "/a/./b", "\"/a/b\"" },
	{ L, "/a/../*.key", "\"/*.key\"" },
	{ H, "/./*.key", "\"/*.key\"" },
	{ H, "/", NO_SPELLING },
	{ H, "..", NO_SPELLING },
	/* paths of files */
	{ P, "/a", NULL },
	{ P, "/[slug].html", NULL },
	{ P, "{path}.html", NULL },
	{ P, "{path}/index.html", NULL },
	{ P, "/a (b|c).html", NULL },
	{ P, "$uri/index.html", "\"{path}/index.html\"" },
	{ P, "$uri", "\"{path}\"" },
	{ P, "$uri/", "\"{path}/index.html\"" },
	{ P, "=404", NO_SPELLING },
	{ P, "@fallback", NO_SPELLING },
	{ P, "/index.html?a=b", "\"/index.html\"" },
	{ P, "/index.html?$args", "\"/index.html\"" },
	{ P, "/errors/*.html", NO_SPELLING },
	{ P, "index.html", "\"/index.html\"" },
	{ P, "/a%20b", "\"/a b\"" },
	{ P, "/a%5b", "\"/a[\"" },
	{ P, "/a/", "\"/a/index.html\"" },
	{ P, "/a//b", "\"/a/b\"" },
	{ P, "/a/{path}", NO_SPELLING },
};

START_TEST(a_message_has_the_right_spelling)
{
	char buffer[PATTERN_FAULT_BYTES];
	const char *fault = pattern_fault(texts[_i].use, texts[_i].text, buffer);
	if (texts[_i].spelling == NULL) {
		ck_assert_msg(fault == NULL, "%s: %s", texts[_i].text, fault);
		return;
	}
	ck_assert_msg(fault != NULL, "%s is accepted", texts[_i].text);
	const char *spelling = strstr(fault, "; write ");
	ck_assert_msg(strcmp(spelling != NULL ? spelling + 8 : NO_SPELLING, texts[_i].spelling) == 0, "%s: %s",
		      texts[_i].text, fault);
}
END_TEST

START_TEST(long_names_are_rejected)
{
	char buffer[PATTERN_FAULT_BYTES], text[5000];
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[256] = '\0';
	ck_assert_ptr_null(pattern_fault(PATTERN_LOCATION, text, buffer));
	strcpy(text + 256, "a*");
	ck_assert_ptr_nonnull(pattern_fault(PATTERN_LOCATION, text, buffer));
	ck_assert_ptr_nonnull(pattern_fault(PATTERN_HIDE, text + 1, buffer));
	strcpy(text + 256, "/*");
	ck_assert_ptr_null(pattern_fault(PATTERN_LOCATION, text, buffer));
	memset(text + 256, '/', sizeof(text) - 257);
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_nonnull(pattern_fault(PATTERN_LOCATION, text, buffer));
}
END_TEST

/* --- all short patterns against all short paths --- */

#define PATTERN_BYTES "/ax.*?[]!"
#define PATTERN_LENGTH 4
#define PATH_LENGTH 4
#define REJECTED_LENGTH \
	4 /* a rejected pattern is compared with shorter paths, because it is compared with all of them */

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

static bool is_normalised(const char *path)
{
	size_t length = strlen(path);
	if (path[0] == '/' || strstr(path, "//") != NULL || (length > 0 && path[length - 1] == '/'))
		return false;
	for (const char *name = path; *name != '\0'; name += strcspn(name, "/"), name += *name == '/')
		if (strcspn(name, "/") <= 2 && strncmp(name, "..", strcspn(name, "/")) == 0)
			return false;
	return true;
}

static char paths[12000][PATH_LENGTH + 1];
static size_t path_count;

static void list_paths(void)
{
	char path[PATH_LENGTH + 1];
	for (unsigned long i = 0; text_of(i, PATTERN_BYTES, PATH_LENGTH, path); i++)
		if (is_normalised(path) && path_count < sizeof(paths) / sizeof(*paths))
			strcpy(paths[path_count++], path);
}

static bool matches_any(enum pattern_use use, const char *pattern, size_t length)
{
	for (size_t i = 0; i < path_count && strlen(paths[i]) <= length; i++)
		if (use == PATTERN_HIDE
			    ? pattern_hides(pattern, paths[i])
			    : pattern_matches(pattern, paths[i], false) || pattern_matches(pattern, paths[i], true))
			return true;
	return false;
}

/* Returns true for a "[" that is not closed. fnmatch() of glibc takes it as a literal byte. */
static bool has_open_bracket(const char *pattern)
{
	for (const char *at = pattern, *end; *at != '\0'; at = end) {
		end = pattern_element_end(at);
		if (*at == '[' && end == at + 1)
			return true;
	}
	return false;
}

/* Returns true if the text is rejected although paths match it, or if the key removes its trailing slash. */
static bool is_rejected_by_syntax(enum pattern_use use, const char *pattern)
{
	size_t length = strlen(pattern);
	bool is_literal = strpbrk(pattern, "*?[") == NULL;
	return length == 0 || *pattern == '!' || has_open_bracket(pattern) ||
	       (use == PATTERN_LOCATION && is_literal && *pattern != '/') ||
	       (use == PATTERN_HIDE && pattern[length - 1] == '/') || (length > 1 && strncmp(pattern, "//", 2) == 0);
}

START_TEST(a_pattern_is_valid_if_it_matches_a_path)
{
	enum pattern_use use = _i == 0 ? PATTERN_LOCATION : PATTERN_HIDE;
	char pattern[PATTERN_LENGTH + 1], buffer[PATTERN_FAULT_BYTES];
	list_paths();
	for (unsigned long i = 1; text_of(i, PATTERN_BYTES, PATTERN_LENGTH, pattern); i++) {
		const char *fault = is_rejected_by_syntax(use, pattern) ? "" : pattern_fault(use, pattern, buffer);
		if (fault == NULL)
			ck_assert_msg(matches_any(use, pattern, PATH_LENGTH), "\"%s\" is accepted but matches no path",
				      pattern);
		else if (*fault != '\0' && strlen(pattern) <= REJECTED_LENGTH)
			ck_assert_msg(!matches_any(use, pattern, REJECTED_LENGTH), "\"%s\": %s, but a path matches",
				      pattern, fault);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern_fault");
	TCase *cases = tcase_create("pattern_fault");
	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, a_message_has_the_right_spelling, 0, ROWS(texts));
	tcase_add_test(cases, long_names_are_rejected);
	tcase_add_loop_test(cases, a_pattern_is_valid_if_it_matches_a_path, 0, 2);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
