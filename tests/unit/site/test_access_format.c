/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats of the access log: their output, invalid formats, and that no byte of a client breaks a line. */
#include "site/access_format.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUITE_FORKS
#include "../suite.h"
#include "base/clock.h"

static struct access_entry plain(void)
{
	struct access_entry entry = { .time_ns = 1795390001123456789,
				      .status = 206,
				      .sent_bytes = 100,
				      .wait_ns = 1234567,
				      .duration_ns = 61000123999,
				      .port = 8080,
				      .source = ACCESS_MISS,
				      .reason = "min_rate" };

	address_parse("2001:db8::1", 11, &entry.client);
	entry.texts[ACCESS_METHOD] = "GET";
	entry.texts[ACCESS_TARGET] = "/x/y?a=b&c";
	entry.texts[ACCESS_VERSION] = "HTTP/1.1";
	entry.texts[ACCESS_RANGE] = "bytes=0-99";
	entry.texts[ACCESS_USER_AGENT] = "curl/8";
	entry.texts[ACCESS_HOST] = "Example.org:80";
	entry.texts[ACCESS_SITE] = "example.org";
	entry.texts[ACCESS_FORWARDED_FOR] = "192.0.2.1, 10.0.0.1";
	return entry;
}

/* Returns the line as a string, which the caller frees. */
static char *line_of(const char *text, const struct access_entry *entry)
{
	struct access_format *format = NULL;
	char fault[ACCESS_FORMAT_FAULT_BYTES] = "", *line = malloc(SINK_LINE_BYTES);

	ck_assert_msg(access_format_new(text, &format, fault) == 0, "%s: %s", text, fault);
	size_t length = access_format_line(format, entry, line);
	ck_assert_uint_lt(length, SINK_LINE_BYTES);
	line[length] = '\0';
	ck_assert_uint_eq(strlen(line), length);
	access_format_free(format);
	return line;
}

static const struct {
	const char *format, *line;
} lines[] = {
	{ "combined",
	  "2001:db8::1 - - [22/Nov/2026:23:26:41 +0000] \"GET /x/y?a=b&c HTTP/1.1\" 206 100 \"-\" \"curl/8\"" },
	{ "timing", "2001:db8::1 - - [22/Nov/2026:23:26:41 +0000] \"GET /x/y?a=b&c HTTP/1.1\" 206 100 \"-\" \"curl/8\" "
		    "\"bytes=0-99\" 61.000123" },
	{ "%a %h %l %u|", "2001:db8::1 2001:db8::1 - -|" },
	{ "%t %{sec}t %{msec}t %{usec}t %{rfc3339}t",
	  "[22/Nov/2026:23:26:41 +0000] 1795390001 1795390001123 1795390001123456 2026-11-22T23:26:41.123Z" },
	{ "%m %U%q %H=%r", "GET /x/y?a=b&c HTTP/1.1=GET /x/y?a=b&c HTTP/1.1" },
	{ "%s%>s%<s %b %B", "206206206 100 100" },
	{ "%{x-forwarded-for}i", "192.0.2.1, 10.0.0.1" },
	{ "%D %T %{s}T %{ms}T %{us}T", "61000123 61 61 61000 61000123" },
	{ "%v %p %%", "example.org 8080 %" },
	{ "%{referer}i %{USER-AGENT}i %{Range}i %{Host}i", "- curl/8 bytes=0-99 Example.org:80" },
	{ "%{duration}x %{wait}x %{wait_us}x %{scheme}x %{cache}x %{reason}x",
	  "61.000123 0.001234 1234 http miss min_rate" },
	{ "a\tb%%c", "a\tb%c" },
	{ "%", NULL },
	{ "x%{", NULL },
	{ "x%{Referer", NULL },
	{ "x%{Referer}", NULL },
	{ "%>", NULL },
	{ "%y", NULL },
	{ "%{Cookie}i", NULL },
	{ "%i", NULL },
	{ "%{us}D", NULL },
	{ "%{}t", NULL },
	{ "%{a very long name that nobody has in mind}x", NULL },
	{ "", NULL },
	{ "Combined", NULL },
	{ "a\nb%h", NULL },
	{ "é%h", "é2001:db8::1" },
	{ "a\xc2\x9b%h", NULL },
	{ "a\xe2\x80\xae%h", NULL },
	{ "a\xff%h", NULL },
};

START_TEST(formats_directives)
{
	struct access_entry entry = plain();
	struct access_format *format = NULL;
	char fault[ACCESS_FORMAT_FAULT_BYTES] = "";

	if (lines[_i].line == NULL) {
		ck_assert_int_eq(access_format_new(lines[_i].format, &format, fault), -EINVAL);
		ck_assert_ptr_null(format);
		ck_assert_str_ne(fault, "");
		return;
	}
	char *line = line_of(lines[_i].format, &entry);
	ck_assert_str_eq(line, lines[_i].line);
	free(line);
}
END_TEST

START_TEST(formats_absent_values)
{
	struct access_entry entry = { .client.local = true, .tls = true };
	char *line = line_of("%h %u %m %U[%q] %b %B %p %v %{scheme}x %{cache}x %s", &entry);

	ck_assert_str_eq(line, "unix: - - -[] - 0 - - https - 0");
	free(line);
	line = line_of("%H \"%r\" %{Referer}i %{User-Agent}i %{Range}i %{Host}i %{X-Forwarded-For}i %{reason}x",
		       &entry);
	ck_assert_str_eq(line, "- \"-\" - - - - - -");
	free(line);
	entry.texts[ACCESS_TARGET] = "/a";
	line = line_of("\"%r\" %U", &entry);
	ck_assert_str_eq(line, "\"-\" /a"); /* the method is not known */
	free(line);
	entry.texts[ACCESS_METHOD] = "GET";
	line = line_of("\"%r\"", &entry);
	ck_assert_str_eq(line, "\"GET /a\"");
	free(line);
	entry.texts[ACCESS_USER] = "a b\"c";
	entry.texts[ACCESS_TARGET] = "";
	line = line_of("%u %U[%q] \"%{Referer}i\"", &entry);
	ck_assert_str_eq(line, "a\\x20b\\x22c -[] \"-\"");
	free(line);
}
END_TEST

/* Dates are in local time, with the offset of the time of the entry. */
START_TEST(dates_are_local)
{
	static const struct {
		const char *zone;
		int64_t seconds;
		const char *date;
	} dates[] = {
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1795390001, "[23/Nov/2026:00:26:41 +0100]" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792889999, "[25/Oct/2026:02:59:59 +0200]" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1792890000, "[25/Oct/2026:02:00:00 +0100]" },
		{ "IST-5:30", 1795390001, "[23/Nov/2026:04:56:41 +0530]" },
		{ "NST3:30NDT,M3.2.0,M11.1.0", 1795390001, "[22/Nov/2026:19:56:41 -0330]" },
	};
	struct access_entry entry = plain();

	for (unsigned i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		setenv("TZ", dates[i].zone, 1);
		tzset();
		entry.time_ns = dates[i].seconds * (int64_t)CLOCK_NS_PER_S + i; /* of another second than before */
		char *line = line_of("%t", &entry);
		ck_assert_str_eq(line, dates[i].date);
		free(line);
		line = line_of("%h %{rfc3339}t", &entry);
		ck_assert_str_eq(line + strlen(line) - 1, "Z");
		free(line);
		entry.time_ns = 0;
		free(line_of("%t", &entry)); /* replaces the cached date */
	}
}
END_TEST

START_TEST(faults_name_the_position)
{
	struct access_format *format;
	char fault[ACCESS_FORMAT_FAULT_BYTES], many[1000] = "";

	ck_assert_int_eq(access_format_new("%h %l %>y %s", &format, fault), -EINVAL);
	ck_assert_str_eq(fault, "\"%>y\" at byte 7: unknown directive");
	ck_assert_int_eq(access_format_new("%{Cookie}i", &format, fault), -EINVAL);
	ck_assert_str_eq(fault,
			 "\"%{Cookie}i\" at byte 1: only the request fields Referer, User-Agent, Range, Host and "
			 "X-Forwarded-For can be logged");
	for (int i = 0; i < 99; i++)
		strcat(many, "%h");
	ck_assert_int_eq(access_format_new(many, &format, fault), -EINVAL);
	ck_assert_ptr_nonnull(strstr(fault, "a line of this format can exceed the maximum of 4095 bytes"));
	strcat(many, "%s%s");
	ck_assert_int_eq(access_format_new(many, &format, fault), -EINVAL);
	ck_assert_ptr_nonnull(strstr(fault, "the format has too many directives"));
}
END_TEST

/* Sets each text to `bytes` bytes of the repeated `filler`. */
static struct access_entry filled(const char *filler, char *text, size_t bytes)
{
	struct access_entry entry = plain();

	*text = '\0';
	for (char *end = text; (size_t)(end - text) + strlen(filler) < bytes; end += strlen(filler))
		strcpy(end, filler);
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		entry.texts[i] = text;
	return entry;
}

static const char *const fillers[] = { "a", "\"", "\\", "\n", "\x7f",	  "\xff",
				       "é", "€",  "𝄞",	" ",  "\xc2\x9b", "\xe2\x80\xae" };

/* A long text is truncated between two characters, and the values after it are complete. */
START_TEST(long_texts_are_truncated)
{
	char text[9000];
	struct access_entry entry = filled(fillers[_i], text, sizeof(text));
	char *line = line_of("timing", &entry);

	ck_assert_ptr_nonnull(strstr(line, "…\" 206 100 \""));
	ck_assert_str_eq(line + strlen(line) - 14, "…\" 61.000123");
	ck_assert_uint_eq(strcspn(line, "\n\x7f"), strlen(line));
	free(line);
	line = line_of("%r %r %r %r %r %{Referer}i %{User-Agent}i|%s", &entry);
	ck_assert_uint_gt(strlen(line), SINK_LINE_BYTES - 40);
	ck_assert_str_eq(line + strlen(line) - 7, "…|206");
	json_t *text_value = json_string(line); /* NULL: it is not UTF-8 */
	ck_assert_ptr_nonnull(text_value);
	json_decref(text_value);
	free(line);
}
END_TEST

static char *string_of(const json_t *object, const char *key)
{
	ck_assert_msg(json_is_string(json_object_get(object, key)), "%s", key);
	return (char *)json_string_value(json_object_get(object, key));
}

START_TEST(json_has_all_keys)
{
	struct access_entry entry = plain();
	char *line = line_of("json", &entry);
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_ptr_nonnull(object);
	ck_assert_uint_eq(json_object_size(object), 20);
	ck_assert_str_eq(string_of(object, "time"), "2026-11-22T23:26:41.123Z");
	ck_assert_str_eq(string_of(object, "client"), "2001:db8::1");
	ck_assert_str_eq(string_of(object, "method"), "GET");
	ck_assert_str_eq(string_of(object, "target"), "/x/y?a=b&c");
	ck_assert_str_eq(string_of(object, "version"), "HTTP/1.1");
	ck_assert_str_eq(string_of(object, "user_agent"), "curl/8");
	ck_assert_str_eq(string_of(object, "range"), "bytes=0-99");
	ck_assert_str_eq(string_of(object, "host"), "Example.org:80");
	ck_assert_str_eq(string_of(object, "site"), "example.org");
	ck_assert_str_eq(string_of(object, "forwarded_for"), "192.0.2.1, 10.0.0.1");
	ck_assert_str_eq(string_of(object, "cache"), "miss");
	ck_assert_str_eq(string_of(object, "reason"), "min_rate");
	ck_assert(json_is_null(json_object_get(object, "referer")) && json_is_null(json_object_get(object, "user")));
	ck_assert(json_is_false(json_object_get(object, "tls")));
	ck_assert_int_eq(json_integer_value(json_object_get(object, "status")), 206);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "bytes")), 100);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "duration_us")), 61000123);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "wait_us")), 1234);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "port")), 8080);
	json_decref(object);
	free(line);
}
END_TEST

/* Decodes "\xNN", which yields the bytes that the client sent. */
static void unescape(const char *value, char *bytes)
{
	unsigned byte;

	for (; *value != '\0'; bytes++) {
		if (*value == '\\') {
			ck_assert_int_eq(sscanf(value, "\\x%2x", &byte), 1);
			*bytes = (char)byte;
			value += 4;
		} else {
			*bytes = *value++;
		}
	}
	*bytes = '\0';
}

static void assert_lossless(const char *sent)
{
	struct access_entry entry = plain();
	char back[ACCESS_TEXT_MAX];

	entry.texts[ACCESS_TARGET] = sent;
	char *line = line_of("json", &entry);
	json_t *object = json_loads(line, 0, NULL);
	ck_assert_msg(object != NULL, "%s", line);
	unescape(string_of(object, "target"), back);
	ck_assert_str_eq(back, sent);
	json_decref(object);
	free(line);
}

START_TEST(json_accepts_any_byte)
{
	char text[8];

	for (unsigned a = 1; a < 256; a++) {
		sprintf(text, "%c", (int)a);
		assert_lossless(text);
		sprintf(text, "x%cy", (int)a);
		assert_lossless(text);
		for (unsigned b = 0x70; b < 0x100; b += 13) {
			sprintf(text, "%c%c", (int)a, (int)b);
			assert_lossless(text);
			sprintf(text, "%c%c\x80", (int)a, (int)b);
			assert_lossless(text);
			sprintf(text, "%c%c\xbf\x80", (int)a, (int)b);
			assert_lossless(text);
		}
	}
}
END_TEST

static const char *const not_utf8[] = {
	"\xc0\x80",	    "\xc1\xbf",		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
	"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82",	"\xf0\x9d\x84", "\xc3"
};

START_TEST(json_keeps_utf8)
{
	assert_lossless(not_utf8[_i]);
	assert_lossless("é€𝄞\xf4\x8f\xbf\xbf\xee\x80\x80");
}
END_TEST

START_TEST(json_is_complete_for_long_texts)
{
	char text[9000];
	struct access_entry entry = filled(fillers[_i], text, sizeof(text));

	entry.sent_bytes = entry.duration_ns = entry.wait_ns = INT64_MAX;
	entry.port = 65535;
	char *line = line_of("json", &entry);
	json_t *object = json_loads(line, 0, NULL);
	ck_assert_msg(object != NULL, "%s", line);
	const char *target = string_of(object, "target");
	ck_assert_str_eq(target + strlen(target) - 3, "…");
	ck_assert_int_eq(json_integer_value(json_object_get(object, "status")), 206);
	json_decref(object);
	free(line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_format");
	TCase *tests = tcase_create("access_format");
	const int filler_count = sizeof(fillers) / sizeof(fillers[0]);

	setenv("TZ", "UTC0", 1);
	tzset();
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, formats_directives, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tests, formats_absent_values);
	tcase_add_test(tests, dates_are_local);
	tcase_add_test(tests, faults_name_the_position);
	tcase_add_loop_test(tests, long_texts_are_truncated, 0, filler_count);
	tcase_add_test(tests, json_has_all_keys);
	tcase_add_test(tests, json_accepts_any_byte);
	tcase_add_loop_test(tests, json_keeps_utf8, 0, sizeof(not_utf8) / sizeof(not_utf8[0]));
	tcase_add_loop_test(tests, json_is_complete_for_long_texts, 0, filler_count);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
