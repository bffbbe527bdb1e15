/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiles the format string of an access log. The configuration owns a format until log_retire(). The writer thread of
 * the log then frees the format.
 *
 * The main idea: a format is a list of operations, each of which appends one value to the line. The minimum length of
 * each operation is known when the format is compiled. It is the maximum length of a number, date or literal, or the
 * length of an ellipsis for a text. The number of bytes that the operations after a text need is therefore known, and a
 * long text does not use those bytes.
 */
#include "site/access_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/escape.h"
#include "site/access_json.h"
#include "site/access_line.h"

#define OPS_MAX 100
#define NAME_MAX_BYTES 24 /* maximum length of a name in braces, with its NUL */

#define COMBINED "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""
#define TIMING "%h %l %u %t \"%r\" %>s %B \"%{Referer}i\" \"%{User-Agent}i\" \"%{Range}i\" %{duration}x"

struct access_format {
	struct log_form form; /* must be first: form_line() and form_free() cast it to the format */
	bool json;
	char *text; /* the format string, to which literals point */
	unsigned count;
	struct access_line_op ops[OPS_MAX];
};

/* --- directives --- */

static const struct {
	char letter;
	const char *name; /* the name in braces; NULL for a directive without braces */
	struct access_line_op op;
} directives[] = {
	{ 'a', NULL, { .kind = ACCESS_LINE_CLIENT, .min_bytes = ADDRESS_TEXT_BYTES } },
	{ 'h', NULL, { .kind = ACCESS_LINE_CLIENT, .min_bytes = ADDRESS_TEXT_BYTES } },
	{ 'l', NULL, { .kind = ACCESS_LINE_LITERAL, .literal = "-", .min_bytes = 1 } },
	{ 'u', NULL, { .kind = ACCESS_LINE_USER, .text = ACCESS_USER, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 't', NULL, { .kind = ACCESS_LINE_DATE, .min_bytes = 32 } },
	{ 't', "rfc3339", { .kind = ACCESS_LINE_RFC3339, .min_bytes = CLOCK_TEXT_BYTES } },
	{ 't', "sec", { .kind = ACCESS_LINE_TIME, .unit = CLOCK_NS_PER_S, .min_bytes = 20 } },
	{ 't', "msec", { .kind = ACCESS_LINE_TIME, .unit = CLOCK_NS_PER_MS, .min_bytes = 20 } },
	{ 't', "usec", { .kind = ACCESS_LINE_TIME, .unit = 1000, .min_bytes = 20 } },
	{ 'm', NULL, { .kind = ACCESS_LINE_TEXT, .text = ACCESS_METHOD, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'U', NULL, { .kind = ACCESS_LINE_PATH, .text = ACCESS_TARGET, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'q', NULL, { .kind = ACCESS_LINE_QUERY, .text = ACCESS_TARGET, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'H', NULL, { .kind = ACCESS_LINE_TEXT, .text = ACCESS_VERSION, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 's', NULL, { .kind = ACCESS_LINE_STATUS, .min_bytes = 20 } },
	{ 'b', NULL, { .kind = ACCESS_LINE_BYTES_CLF, .min_bytes = 20 } },
	{ 'B', NULL, { .kind = ACCESS_LINE_BYTES, .min_bytes = 20 } },
	{ 'D', NULL, { .kind = ACCESS_LINE_DURATION, .unit = 1000, .min_bytes = 20 } },
	{ 'T', NULL, { .kind = ACCESS_LINE_DURATION, .unit = CLOCK_NS_PER_S, .min_bytes = 20 } },
	{ 'T', "s", { .kind = ACCESS_LINE_DURATION, .unit = CLOCK_NS_PER_S, .min_bytes = 20 } },
	{ 'T', "ms", { .kind = ACCESS_LINE_DURATION, .unit = CLOCK_NS_PER_MS, .min_bytes = 20 } },
	{ 'T', "us", { .kind = ACCESS_LINE_DURATION, .unit = 1000, .min_bytes = 20 } },
	{ 'v', NULL, { .kind = ACCESS_LINE_TEXT, .text = ACCESS_SITE, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'p', NULL, { .kind = ACCESS_LINE_PORT, .min_bytes = 20 } },
	{ 'i', "Referer", { .kind = ACCESS_LINE_TEXT, .text = ACCESS_REFERER, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'i',
	  "User-Agent",
	  { .kind = ACCESS_LINE_TEXT, .text = ACCESS_USER_AGENT, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'i', "Range", { .kind = ACCESS_LINE_TEXT, .text = ACCESS_RANGE, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'i',
	  "X-Forwarded-For",
	  { .kind = ACCESS_LINE_TEXT, .text = ACCESS_FORWARDED_FOR, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'i', "Host", { .kind = ACCESS_LINE_TEXT, .text = ACCESS_HOST, .min_bytes = ESCAPE_ELLIPSIS_BYTES } },
	{ 'x', "duration", { .kind = ACCESS_LINE_DURATION_SECONDS, .min_bytes = 28 } },
	{ 'x', "wait", { .kind = ACCESS_LINE_WAIT_SECONDS, .min_bytes = 28 } },
	{ 'x', "wait_us", { .kind = ACCESS_LINE_WAIT, .unit = 1000, .min_bytes = 20 } },
	{ 'x', "scheme", { .kind = ACCESS_LINE_SCHEME, .min_bytes = 5 } },
	{ 'x', "cache", { .kind = ACCESS_LINE_CACHE, .min_bytes = 6 } },
	{ 'x', "reason", { .kind = ACCESS_LINE_REASON, .min_bytes = ACCESS_REASON_BYTES } },
	{ '%', NULL, { .kind = ACCESS_LINE_LITERAL, .literal = "%", .min_bytes = 1 } },
};
#define DIRECTIVES (sizeof(directives) / sizeof(directives[0]))

/* --- compiling --- */

struct compiler {
	struct access_format *format;
	const char *at;
	char *fault;
};

/* Describes the problem with the `bytes` bytes of the format that begin at `at`. Returns -EINVAL. */
static int refuse(const struct compiler *compiler, const char *at, size_t bytes, const char *problem)
{
	snprintf(compiler->fault, ACCESS_FORMAT_FAULT_BYTES, "\"%.*s\" at byte %zu: %s", (int)(bytes < 40 ? bytes : 40),
		 at, (size_t)(at - compiler->format->text) + 1, problem);
	return -EINVAL;
}

static int add(struct compiler *compiler, const struct access_line_op *op)
{
	if (compiler->format->count == OPS_MAX)
		return refuse(compiler, compiler->at, 1, "the format has too many directives");
	compiler->format->ops[compiler->format->count++] = *op;
	return 0;
}

/* Adds "%r", which is three directives. Each of them leaves out its value if the request line has none. */
static int add_request_line(struct compiler *compiler)
{
	static const enum access_text texts[] = { ACCESS_METHOD, ACCESS_TARGET, ACCESS_VERSION };
	int error = 0;

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]) && error == 0; i++)
		error = add(compiler, &(struct access_line_op){ .kind = ACCESS_LINE_REQUEST,
								.text = texts[i],
								.min_bytes = 1 + ESCAPE_ELLIPSIS_BYTES });
	return error;
}

static int add_directive(struct compiler *compiler, const char *from, char letter, const char *name)
{
	size_t bytes = (size_t)(compiler->at - from);
	bool known = false;

	if (letter == 'r' && name == NULL)
		return add_request_line(compiler);
	for (unsigned i = 0; i < DIRECTIVES; i++) {
		if (directives[i].letter != letter)
			continue;
		if (name == NULL ? directives[i].name == NULL
				 : directives[i].name != NULL && strcasecmp(name, directives[i].name) == 0)
			return add(compiler, &directives[i].op);
		known = true;
	}
	if (letter == 'i')
		return refuse(
			compiler, from, bytes,
			"only the request fields Referer, User-Agent, Range, Host and X-Forwarded-For can be logged");
	if (letter == 'x')
		return refuse(compiler, from, bytes,
			      "the name in braces before x must be duration, wait, wait_us, scheme, cache or reason");
	return refuse(compiler, from, bytes, known ? "unknown name in braces for this directive" : "unknown directive");
}

/*
 * Compiles the directive whose percent sign precedes compiler->at. Apache's "<" and ">" select one of several internal
 * requests. They are ignored, because ranged has no internal requests.
 */
static int compile_directive(struct compiler *compiler)
{
	const char *from = compiler->at - 1, *end;
	char name[NAME_MAX_BYTES];

	compiler->at += strspn(compiler->at, "<>");
	bool braces = *compiler->at == '{';
	if (braces) {
		end = strchr(compiler->at, '}');
		if (end == NULL)
			return refuse(compiler, from, strlen(from), "missing closing brace");
		snprintf(name, sizeof(name), "%.*s",
			 (int)(end - compiler->at - 1 < NAME_MAX_BYTES ? end - compiler->at - 1 : NAME_MAX_BYTES),
			 compiler->at + 1);
		compiler->at = end + 1;
	}
	if (*compiler->at == '\0')
		return refuse(compiler, from, strlen(from), "incomplete directive at the end of the format");
	char letter = *compiler->at++;
	return add_directive(compiler, from, letter, braces ? name : NULL);
}

static int compile_literal(struct compiler *compiler)
{
	size_t length = strcspn(compiler->at, "%");
	struct access_line_op op = { .kind = ACCESS_LINE_LITERAL, .literal = compiler->at, .min_bytes = length };

	for (size_t i = 0, bytes; i < length; i += bytes) {
		uint32_t character;

		bytes = escape_decode(compiler->at + i, length - i, &character);
		if (bytes == 0 || (escape_is_invisible(character) && character != '\t'))
			return refuse(compiler, compiler->at, i,
				      bytes == 0 ? "a byte follows that is not UTF-8"
						 : "a control character follows; control characters are not allowed");
	}
	compiler->at += length;
	return add(compiler, &op);
}

static int compile(struct access_format *format, char *fault)
{
	struct compiler compiler = { .format = format, .at = format->text, .fault = fault };
	size_t reserved = 0;
	int error = 0;

	if (strchr(format->text, '%') == NULL)
		return refuse(&compiler, format->text, strlen(format->text),
			      "expected combined, timing, json, or a format string with a % directive");
	while (*compiler.at != '\0' && error == 0) {
		bool directive = *compiler.at == '%';

		compiler.at += directive;
		error = directive ? compile_directive(&compiler) : compile_literal(&compiler);
	}
	for (unsigned i = format->count; i-- > 0;) {
		format->ops[i].reserved_bytes = reserved;
		reserved += format->ops[i].min_bytes;
	}
	if (error == 0 && reserved > SINK_LINE_BYTES - 1)
		error = refuse(&compiler, format->text, 20,
			       "a line of this format can exceed the maximum of 4095 bytes");
	return error;
}

static size_t form_line(const struct log_form *form, const void *record, char *line)
{
	struct access_entry entry;

	access_unpack(record, &entry);
	return access_format_line((const struct access_format *)form, &entry, line);
}

static void form_free(struct log_form *form)
{
	access_format_free((struct access_format *)form);
}

int access_format_new(const char *text, struct access_format **format, char fault[ACCESS_FORMAT_FAULT_BYTES])
{
	struct access_format *f = calloc(1, sizeof(*f));
	int error;

	if (f == NULL)
		return -ENOMEM;
	f->form = (struct log_form){ .line = form_line, .fields = access_fields, .free = form_free };
	f->json = strcmp(text, "json") == 0;
	f->text = strdup(strcmp(text, "combined") == 0 ? COMBINED : strcmp(text, "timing") == 0 ? TIMING : text);
	error = f->text == NULL ? -ENOMEM : f->json ? 0 : compile(f, fault);
	if (error != 0) {
		access_format_free(f);
		return error;
	}
	*format = f;
	return 0;
}

void access_format_free(struct access_format *format)
{
	if (format == NULL)
		return;
	free(format->text);
	free(format);
}

struct log_form *access_format_form(struct access_format *format)
{
	return &format->form;
}

size_t access_format_line(const struct access_format *format, const struct access_entry *entry, char *line)
{
	return format->json ? access_json_line(entry, line) : access_line_put(format->ops, format->count, entry, line);
}
