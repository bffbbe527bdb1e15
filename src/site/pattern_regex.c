/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converts regular expressions of other servers to globs, as far as globs can express them. The result is only part of
 * a message, so it may match slightly more than the expression: a glob has no repetition of a single character.
 *
 * The main idea: alternatives and optional characters are expanded first, by a recursion over copies of the text. The
 * remaining text is a sequence, which is converted from left to right. The functions are pure and thread-safe.
 */
#include "site/pattern_regex.h"

#include <string.h>

#include "site/pattern.h"

#define DEPTH_MAX 8 /* maximum number of groups and optional characters */

static void expand(const char *regex, struct pattern_texts *globs, unsigned depth);

/* Returns the end of one character, escaped character or bracket expression. */
static const char *unit_end(const char *at)
{
	return pattern_element_end(at);
}

/* Returns the parenthesis that closes the group at `open`, or NULL. */
static const char *find_group_end(const char *open)
{
	unsigned depth = 0;

	for (const char *at = open; *at != '\0'; at = unit_end(at)) {
		depth += *at == '(';
		if (*at == ')' && --depth == 0)
			return at;
	}
	return NULL;
}

/* Returns the first "|" between `at` and `end` that is not in a group, or `end`. */
static const char *find_bar(const char *at, const char *end)
{
	unsigned depth = 0;

	for (; at < end && (*at != '|' || depth > 0); at = unit_end(at))
		depth += *at == '(' ? 1U : *at == ')' && depth > 0 ? -1U : 0U;
	return at < end ? at : end;
}

/* Expands the text with the bytes from `open` to `close` replaced by the bytes from `from` to `to`. */
static void expand_with(const char *regex, const char *open, const char *from, const char *to, const char *close,
			struct pattern_texts *globs, unsigned depth)
{
	char text[PATTERN_TEXT_BYTES];
	size_t before = (size_t)(open - regex), inner = (size_t)(to - from), after = strlen(close);

	if (before + inner + after >= sizeof(text))
		return;
	memcpy(text, regex, before);
	memcpy(text + before, from, inner);
	memcpy(text + before + inner, close, after + 1);
	expand(text, globs, depth);
}

/* Expands the group from `open` to `close`. Returns false if globs cannot express it. */
static void expand_group(const char *regex, const char *open, const char *close, struct pattern_texts *globs,
			 unsigned depth)
{
	const char *from = open + 1, *after = close + 1;

	if (*from == '?') {
		from = strncmp(from, "?:", 2) == 0 ? from + 2 : strncmp(from, "?i)", 3) == 0 ? from + 2 : NULL;
		if (from == NULL)
			return; /* a look-ahead or a named group */
	}
	if (*after == '*' || *after == '+') {
		expand_with(regex, open, ".*", &".*"[2], after + 1, globs, depth);
		return;
	}
	if (*after == '?') {
		after++;
		expand_with(regex, open, from, from, after, globs, depth);
	}
	while (from <= close) {
		const char *bar = find_bar(from, close);

		expand_with(regex, open, from, bar, after, globs, depth);
		from = bar + 1;
	}
}

/* Returns the first optional character, which is followed by "?", or NULL. */
static const char *find_optional(const char *at)
{
	for (; *at != '\0'; at = unit_end(at))
		if (*at != '.' && *at != '[' && strchr("?*+", *at) == NULL && *unit_end(at) == '?')
			return at;
	return NULL;
}

/* Appends one unit as a glob. Returns false if globs cannot express it. */
static bool put_unit(struct pattern_texts *globs, const char *at, const char *end)
{
	if (*at == '\\' && at[1] == 'd') {
		pattern_texts_put(globs, "[0-9]");
		return true;
	}
	if (*at == '\\' && at[1] == 'w') {
		pattern_texts_put(globs, "[0-9A-Za-z_]");
		return true;
	}
	if (*at == '\\') {
		const char set[] = { '[', at[1], ']', '\0' };

		if (at[1] == '\0' || strchr("DsSWbB\\123456789", at[1]) != NULL)
			return false;
		pattern_texts_put(globs, strchr("*?[", at[1]) != NULL ? set : (const char[]){ at[1], '\0' });
		return true;
	}
	if (strchr("^$(){}|?+", *at) != NULL)
		return false;
	if (*at == '[' && at[1] == '^') {
		pattern_texts_put(globs, "[!");
		at += 2;
	}
	pattern_texts_put_bytes(globs, at, (size_t)(end - at));
	return true;
}

/* Appends a text without groups. Returns false if globs cannot express it. */
static bool put_sequence(struct pattern_texts *globs, const char *at, const char *end)
{
	while (at < end) {
		const char *next = unit_end(at);
		bool repeats = next < end && (*next == '*' || *next == '+');
		bool is_any = *at == '.' || *at == '[' || (*at == '\\' && strchr("dw", at[1]) != NULL);

		if (repeats && is_any)
			pattern_texts_put(globs, "*");
		else if ((repeats && *next == '+' && *at != '/') || !put_unit(globs, at, next))
			return false;
		else if (repeats && *next == '*')
			pattern_texts_put(globs, "*");
		at = repeats ? next + 1 : next;
		at += repeats && at < end && *at == '?'; /* a lazy repetition */
	}
	return true;
}

static void convert(const char *regex, struct pattern_texts *globs)
{
	size_t length = strlen(regex);
	bool begins = *regex == '^', ends = length > 1 && regex[length - 1] == '$';
	const char *from = regex + begins, *to = regex + length - ends;

	pattern_texts_begin(globs);
	if (!begins && *from != '/' && strncmp(from, "\\/", 2) != 0 && strncmp(from, ".*", 2) != 0 && from < to)
		pattern_texts_put(globs, "*");
	if (!put_sequence(globs, from, to))
		return;
	if (!ends && to > from && to[-1] != '/' && (to[-1] != '*' || (to - from > 1 && to[-2] == '\\')))
		pattern_texts_put(globs, "*");
	pattern_texts_end(globs);
}

static void expand(const char *regex, struct pattern_texts *globs, unsigned depth)
{
	const char *end = regex + strlen(regex), *bar = find_bar(regex, end), *open = regex, *optional;

	if (depth == 0)
		return;
	if (bar < end) {
		expand_with(regex, regex, regex, bar, end, globs, depth - 1);
		expand_with(regex, regex, bar + 1, end, end, globs, depth - 1);
		return;
	}
	while (*open != '\0' && *open != '(')
		open = unit_end(open);
	if (*open == '(') {
		const char *close = find_group_end(open);

		if (close != NULL)
			expand_group(regex, open, close, globs, depth - 1);
		return;
	}
	optional = find_optional(regex);
	if (optional == NULL) {
		convert(regex, globs);
		return;
	}
	expand_with(regex, optional, optional, optional, unit_end(optional) + 1, globs, depth - 1);
	expand_with(regex, optional, optional, unit_end(optional), unit_end(optional) + 1, globs, depth - 1);
}

void pattern_regex_convert(const char *regex, struct pattern_texts *globs)
{
	expand(regex, globs, DEPTH_MAX);
}
