/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the error log as JSON: each line is one valid object, whatever the message contains. */
#include "base/line.h"

#include <check.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"

static char line[LINE_BYTES];

__attribute__((format(printf, 3, 4))) static size_t format(enum log_level level, bool journal, const char *text, ...)
{
	va_list arguments;
	size_t length;

	memset(line, 'x', sizeof(line));
	va_start(arguments, text);
	length = line_format(line, level, journal, text, arguments);
	va_end(arguments);
	ck_assert_uint_le(length, LINE_BYTES);
	return length;
}

/* Parses a line, and checks that it is one line with exactly the three members. The caller owns the object. */
static json_t *parse(const char *bytes, size_t length)
{
	json_error_t error;
	json_t *object = json_loadb(bytes, length - 1, JSON_REJECT_DUPLICATES, &error);

	ck_assert_msg(object != NULL, "%.*s: %s", (int)length, bytes, error.text);
	ck_assert_int_eq(bytes[length - 1], '\n');
	ck_assert_ptr_eq(memchr(bytes, '\n', length), bytes + length - 1);
	ck_assert_uint_eq(json_object_size(object), 3);
	return object;
}

static const char *member(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	ck_assert_ptr_nonnull(value);
	return value;
}

static void assert_message(const char *text, const char *expected)
{
	json_t *object = parse(line, format(LOG_LEVEL_INFO, false, "%s", text));

	ck_assert_str_eq(member(object, "message"), expected);
	json_decref(object);
}

static const struct {
	const char *text, *message;
} messages[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a \"quote\"", "a \"quote\"" },
	{ "\x01\t\n\r\x1b[31m\x7f", "\x01\t\n\r\x1b[31m\x7f" },
	{ "back\\slash", "back\\x5cslash" },
	{ "é €…𝄞", "é €…𝄞" },
	/* line separators and noncharacters are valid */
	{ "\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xef\xbf\xbf", "\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xef\xbf\xbf" },
	/* bytes that are not UTF-8: alone, overlong, surrogates, too large, incomplete */
	{ "a\xff"
	  "b\x80",
	  "a\\xffb\\x80" },
	{ "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80\xf8", "\\xf4\\x90\\x80\\x80\\xf8" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xe2\x82x\xf0\x9d\x84", "\\xe2\\x82x\\xf0\\x9d\\x84" },
	{ "\"}{\"level\":\"forged\"", "\"}{\"level\":\"forged\"" },
};

START_TEST(escapes_messages)
{
	line_set_style(LINE_STYLE_JSON);
	assert_message(messages[_i].text, messages[_i].message);
}
END_TEST

START_TEST(accepts_all_pairs_of_bytes)
{
	line_set_style(LINE_STYLE_JSON);
	for (unsigned second = 1; second < 256; second++) {
		json_t *object = parse(line, format(LOG_LEVEL_ERROR, false, "%c%c|", _i, (int)second));

		ck_assert_ptr_nonnull(strchr(member(object, "message"), '|'));
		json_decref(object);
	}
}
END_TEST

START_TEST(has_time_and_level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	unsigned fields[7];

	line_set_style(LINE_STYLE_JSON);
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		json_t *object = parse(line, format((enum log_level)level, false, "x"));
		const char *time = member(object, "time");

		ck_assert_str_eq(member(object, "level"), names[level]);
		ck_assert_uint_eq(strlen(time), strlen("2026-11-22T23:26:41.123Z"));
		ck_assert_int_eq(sscanf(time, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ", &fields[0], &fields[1], &fields[2],
					&fields[3], &fields[4], &fields[5], &fields[6]),
				 7);
		json_decref(object);
	}
}
END_TEST

START_TEST(keeps_the_priority_for_the_journal)
{
	json_t *object;
	size_t length;

	line_set_style(LINE_STYLE_JSON);
	length = format(LOG_LEVEL_WARNING, true, "x");
	ck_assert_int_eq(memcmp(line, "<4>{", 4), 0);
	object = parse(line + 3, length - 3);
	ck_assert_str_eq(member(object, "level"), "warning");
	json_decref(object);
}
END_TEST

/* A line that is too long is still an object. Its message ends in an ellipsis, after a whole character or escape. */
START_TEST(truncates_messages)
{
	static const char *const fillers[] = { "a", "é", "€", "𝄞", "\n", "\"", "\\", "\xff" };
	static const char *const ends[] = { "a", "é", "€", "𝄞", "\n", "\"", "\\x5c", "\\xff" };
	const unsigned filler = (unsigned)_i / 4;
	char text[6000] = "";
	json_t *object;
	const char *message;
	size_t length;

	line_set_style(LINE_STYLE_JSON);
	for (int i = 0; i < _i % 4; i++)
		strcat(text, "-");
	while (strlen(text) < 5000)
		strcat(text, fillers[filler]);
	length = format(LOG_LEVEL_INFO, false, "%s", text);
	object = parse(line, length);
	message = member(object, "message");
	length = strlen(message) - strlen("…");
	ck_assert_str_eq(message + length, "…");
	ck_assert_int_eq(memcmp(message + length - strlen(ends[filler]), ends[filler], strlen(ends[filler])), 0);
	json_decref(object);
}
END_TEST

START_TEST(writes_text_by_default)
{
	size_t length = format(LOG_LEVEL_INFO, true, "a\"\\\n");

	ck_assert_uint_eq(length, strlen("<6>a\"\\\\x0a\n"));
	ck_assert_int_eq(memcmp(line, "<6>a\"\\\\x0a\n", length), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("line");
	TCase *c = tcase_create("line");

	tcase_add_test(c, writes_text_by_default); /* the first test, for CK_FORK=no */
	tcase_add_loop_test(c, escapes_messages, 0, sizeof(messages) / sizeof(messages[0]));
	tcase_add_loop_test(c, accepts_all_pairs_of_bytes, 1, 256);
	tcase_add_test(c, has_time_and_level);
	tcase_add_test(c, keeps_the_priority_for_the_journal);
	tcase_add_loop_test(c, truncates_messages, 0, 32);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
