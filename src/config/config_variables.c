/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libconfuse replaces ${NAME} itself, but takes a variable that is not set for an empty text, and does not accept a
 * variable inside a word. So this file replaces the variables before libconfuse parses the text, and escapes each "$"
 * of a value.
 *
 * A word with a variable becomes a string in double quotes. Within double quotes, a value is inserted with escapes. So
 * libconfuse reads each value as part of one string, whatever characters it contains. Line ends in values are escaped
 * as well, so line numbers in error messages stay correct.
 */
#include "config/config_variables.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"

#define WORD_ENDS " \t\r\n\"'={}()+,"
#define SHOWN_MAX 200 /* Maximum number of bytes of a value in a message. */

struct scan {
	const struct config_variables *variables;
	const char *at, *end;
	FILE *out;
	size_t written; /* Number of bytes written to `out`. */
	int line;
	int error;
};

/* The parts of one reference to a variable. */
struct reference {
	const char *name, *fallback; /* fallback: NULL if there is no default */
	int name_bytes, fallback_bytes;
};

static void fault(struct scan *scan, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fault(struct scan *scan, const char *format, ...)
{
	va_list list;

	escape_printf(scan->variables->faults, "%s:%d: ", scan->variables->name, scan->line);
	va_start(list, format);
	escape_vprintf(scan->variables->faults, format, list);
	va_end(list);
	fputc('\n', scan->variables->faults);
	scan->error = -EINVAL;
}

static bool is_at_variable(const struct scan *scan)
{
	return scan->end - scan->at >= 2 && scan->at[0] == '$' && scan->at[1] == '{';
}

/* Returns true if the new text is too long. The scan then ends, so that the text does not fill the memory. */
static bool is_full(const struct scan *scan)
{
	return scan->written > CONFIG_VARIABLES_MAX_BYTES;
}

static void put(struct scan *scan, char c)
{
	fputc(c, scan->out);
	scan->written++;
}

/* Writes one character as part of a string in double quotes. */
static void put_escaped(struct scan *scan, char c)
{
	if (c == '\n' || strchr("\"\\$", c) != NULL)
		put(scan, '\\');
	put(scan, c == '\n' ? 'n' : c);
}

static void put_all(struct scan *scan, const char *text, size_t length, void (*put_one)(struct scan *scan, char c))
{
	for (size_t i = 0; i < length; i++)
		put_one(scan, text[i]);
}

/* Returns the number of bytes of a text of `length` bytes that a message shows. */
static int shown(ptrdiff_t length)
{
	return length < SHOWN_MAX ? (int)length : SHOWN_MAX;
}

/* Returns true if the name suggests that its value is a secret. */
static bool is_secret(const char *name)
{
	static const char *const words[] = { "KEY", "PASS", "SECRET", "TOKEN", "CREDENTIAL" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(name, words[i]) != NULL)
			return true;
	return false;
}

/* Appends a line to the list of variables that were replaced. check.c escapes it. */
static void show(struct scan *scan, const char *name, const char *value, size_t length, bool is_default)
{
	const bool secret = is_secret(name);
	char *line;

	if (asprintf(&line, "%s:%d: ${%s} = \"%.*s%s\"%s", scan->variables->name, scan->line, name,
		     secret ? 0 : shown((ptrdiff_t)length), value,
		     secret		  ? "(hidden)"
		     : length > SHOWN_MAX ? "..."
					  : "",
		     is_default ? " (default)" : "") < 0) {
		scan->error = -ENOMEM;
		return;
	}
	if (text_list_add(scan->variables->seen, line, NULL) != NULL)
		scan->error = -ENOMEM;
	free(line);
}

/* Parses the reference that begins at the position, which is moved to its end. Returns false after an error. */
static bool parse_reference(struct scan *scan, struct reference *reference)
{
	const char *first = scan->at + 2, *last = first, *at;

	while (last < scan->end && (isalnum((unsigned char)*last) || *last == '_'))
		last++;
	*reference = (struct reference){ .name = first, .name_bytes = (int)(last - first) };
	for (at = last; at < scan->end && strchr("}\"\n", *at) == NULL; at++)
		at += *at == '\\' && at + 1 < scan->end && at[1] != '\n';
	scan->at = at;
	if (at == scan->end || *at != '}') {
		fault(scan, "\"%.*s\": the variable is not closed with \"}\"", shown(at - first + 2), first - 2);
		return false;
	}
	scan->at++;
	if (last == first || isdigit((unsigned char)*first) || (last != at && strncmp(last, ":-", 2) != 0)) {
		fault(scan, "\"%.*s\": expected ${NAME} or ${NAME:-default}", shown(at - first + 3), first - 2);
		return false;
	}
	if (last == at)
		return true;
	reference->fallback = last + 2;
	reference->fallback_bytes = (int)(at - reference->fallback);
	if (memmem(reference->fallback, (size_t)reference->fallback_bytes, "${", 2) == NULL)
		return true;
	fault(scan, "${%.*s:-...}: a default must not contain another variable", reference->name_bytes, first);
	return false;
}

/*
 * Replaces the reference at the position. In double quotes, the default is a part of the string, and is copied with its
 * escapes. In a word, the default is taken literally.
 */
static void replace(struct scan *scan, bool in_quotes)
{
	struct reference reference;
	const char *value;
	char *name;

	if (!parse_reference(scan, &reference))
		return;
	name = strndup(reference.name, (size_t)reference.name_bytes);
	if (name == NULL) {
		scan->error = -ENOMEM;
		return;
	}
	value = getenv(name);
	if (reference.fallback != NULL && (value == NULL || *value == '\0')) {
		show(scan, name, reference.fallback, (size_t)reference.fallback_bytes, true);
		put_all(scan, reference.fallback, (size_t)reference.fallback_bytes, in_quotes ? put : put_escaped);
	} else if (value != NULL) {
		show(scan, name, value, strlen(value), false);
		put_all(scan, value, strlen(value), put_escaped);
	} else {
		fault(scan, "the environment variable %s is not set; set it, or write ${%s:-default}", name, name);
	}
	free(name);
}

static void copy_one(struct scan *scan)
{
	scan->line += *scan->at == '\n';
	put(scan, *scan->at++);
}

/* Copies a string with its quotes. A string without an end is copied as well; libconfuse reports it. */
static void copy_string(struct scan *scan)
{
	const char quote = *scan->at;

	copy_one(scan);
	while (scan->at < scan->end && *scan->at != quote && !is_full(scan)) {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			copy_one(scan);
		else if (quote == '"' && is_at_variable(scan)) {
			replace(scan, true);
			continue;
		}
		copy_one(scan);
	}
	if (scan->at < scan->end)
		copy_one(scan);
}

/* Returns true if the word at the position contains a variable. */
static bool has_variable(const struct scan *scan)
{
	for (const char *at = scan->at; at + 1 < scan->end; at++) {
		if (at[0] == '$' && at[1] == '{')
			return true;
		if (strchr(WORD_ENDS, *at) != NULL)
			return false;
	}
	return false;
}

/* Copies a word. A word with a variable becomes a string in double quotes. */
static void copy_word(struct scan *scan)
{
	const bool quoted = has_variable(scan);

	if (quoted)
		put(scan, '"');
	while (scan->at < scan->end && !is_full(scan)) {
		if (is_at_variable(scan))
			replace(scan, false);
		else if (strchr(WORD_ENDS, *scan->at) != NULL)
			break;
		else if (quoted)
			put_escaped(scan, *scan->at++);
		else
			copy_one(scan);
	}
	if (quoted)
		put(scan, '"');
}

static void copy_text(struct scan *scan)
{
	while (scan->at < scan->end && !is_full(scan)) {
		if (*scan->at == '"' || *scan->at == '\'')
			copy_string(scan);
		else if (is_at_variable(scan) || strchr(WORD_ENDS, *scan->at) == NULL)
			copy_word(scan);
		else
			copy_one(scan);
	}
}

int config_variables_expand(const struct config_variables *variables, const char *text, size_t length, char **expanded,
			    size_t *expanded_bytes)
{
	struct scan scan = { .variables = variables, .at = text, .end = text + length, .line = 1 };

	*expanded = NULL;
	scan.out = open_memstream(expanded, expanded_bytes);
	if (scan.out == NULL)
		return -ENOMEM;
	copy_text(&scan);
	if (fclose(scan.out) != 0)
		scan.error = -ENOMEM;
	if (scan.error == 0 && is_full(&scan))
		fault(&scan, "the file has more than %zu bytes after its variables were replaced",
		      CONFIG_VARIABLES_MAX_BYTES);
	if (scan.error == 0)
		return 0;
	free(*expanded);
	*expanded = NULL;
	return scan.error;
}
