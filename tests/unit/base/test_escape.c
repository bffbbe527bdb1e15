/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escaping: the output of every style is UTF-8 without invisible characters, whatever the input contains. */
#include "base/escape.h"

#include <check.h>
#include <iconv.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

static char output[8192];

/* Escapes a string, and returns the result as a string. */
static const char *escape(const char *text, enum escape_style style)
{
	size_t length = escape_put(output, sizeof(output) - 1, text, strlen(text), style);

	ck_assert_uint_lt(length, sizeof(output));
	output[length] = '\0';
	return output;
}

static const struct {
	const char *text, *message, *word, *json;
} texts[] = {
	{ "", "", "", "" },
	{ "a b/c.bin", "a b/c.bin", "a\\x20b/c.bin", "a b/c.bin" },
	{ "é€𝄞 \xe2\x80\x8d", "é€𝄞 \xe2\x80\x8d", "é€𝄞\\x20\xe2\x80\x8d", "é€𝄞 \xe2\x80\x8d" },
	{ "\"\\", "\"\\", "\\x22\\x5c", "\\\"\\\\x5c" },
	{ "\x01\t\n\x1b[m\x7f", "\\x01\\x09\\x0a\\x1b[m\\x7f", "\\x01\\x09\\x0a\\x1b[m\\x7f",
	  "\\u0001\\u0009\\u000a\\u001b[m\\u007f" },
	/* C1 controls: CSI, NEL */
	{ "\xc2\x9b|\xc2\x85", "\\xc2\\x9b|\\xc2\\x85", "\\xc2\\x9b|\\xc2\\x85", "\\u009b|\\u0085" },
	/* controls of text direction, a line separator, a character without width, the byte order mark */
	{ "\xe2\x80\xae\xd8\x9c", "\\xe2\\x80\\xae\\xd8\\x9c", "\\xe2\\x80\\xae\\xd8\\x9c", "\\u202e\\u061c" },
	{ "\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbf", "\\xe2\\x80\\xa8\\xe2\\x80\\x8b\\xef\\xbb\\xbf",
	  "\\xe2\\x80\\xa8\\xe2\\x80\\x8b\\xef\\xbb\\xbf", "\\u2028\\u200b\\ufeff" },
	{ "\xf3\xa0\x81\xa1", "\\xf3\\xa0\\x81\\xa1", "\\xf3\\xa0\\x81\\xa1", "\\udb40\\udc61" },
	/* bytes that are not UTF-8: alone, overlong, a surrogate, too large, incomplete */
	{ "\xff\x80", "\\xff\\x80", "\\xff\\x80", "\\\\xff\\\\x80" },
	{ "\xc0\xaf|\xe0\x80\xaf", "\\xc0\\xaf|\\xe0\\x80\\xaf", "\\xc0\\xaf|\\xe0\\x80\\xaf",
	  "\\\\xc0\\\\xaf|\\\\xe0\\\\x80\\\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\\\\xed\\\\xa0\\\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" },
	{ "\xe2\x82", "\\xe2\\x82", "\\xe2\\x82", "\\\\xe2\\\\x82" },
};

START_TEST(escapes_in_each_style)
{
	char *printed = NULL;
	size_t size;
	FILE *file = open_memstream(&printed, &size);

	ck_assert_str_eq(escape(texts[_i].text, ESCAPE_MESSAGE), texts[_i].message);
	ck_assert_str_eq(escape(texts[_i].text, ESCAPE_WORD), texts[_i].word);
	ck_assert_str_eq(escape(texts[_i].text, ESCAPE_JSON), texts[_i].json);
	escape_print(file, texts[_i].text);
	fclose(file);
	ck_assert_str_eq(printed, texts[_i].message);
	free(printed);
}
END_TEST

START_TEST(quoted_text_keeps_blanks)
{
	ck_assert_str_eq(escape("a \"b\" \\", ESCAPE_QUOTED), "a \\x22b\\x22 \\x5c");
	ck_assert_str_eq(escape("a \"b\" \\", ESCAPE_VALUE), "a \"b\" \\x5c");
}
END_TEST

/* A text that exactly fits is complete. A shorter room ends in an ellipsis after a whole character or escape. */
START_TEST(truncates_between_characters)
{
	static const char *const units[] = { "a", "é", "€", "𝄞", "\n", "\"", "\\", "\xff", "\xc2\x9b" };
	const char *unit = units[_i / 5];
	const enum escape_style style = (enum escape_style)(_i % 5);
	char text[400] = "", whole[8192];

	for (unsigned count = 1; count < 12; count++) {
		strcat(text, count % 3 == 0 ? "-" : unit);
		strcpy(whole, escape(text, style));
		for (size_t room = 0; room <= strlen(whole); room++) {
			char result[512];
			size_t length = escape_put(result, room, text, strlen(text), style);

			ck_assert_uint_le(length, room);
			if (room == strlen(whole)) {
				ck_assert_uint_eq(length, room);
				ck_assert_int_eq(memcmp(result, whole, length), 0);
				continue;
			}
			if (room < ESCAPE_ELLIPSIS_BYTES) {
				ck_assert_uint_eq(length, 0);
				continue;
			}
			length -= ESCAPE_ELLIPSIS_BYTES;
			ck_assert_int_eq(memcmp(result + length, "…", ESCAPE_ELLIPSIS_BYTES), 0);
			ck_assert_int_eq(memcmp(result, whole, length), 0);
			/* The rest of the text is what the omitted characters become. */
			bool found = false;
			for (size_t at = 0; at <= strlen(text) && !found; at++)
				found = strcmp(escape(text + at, style), whole + length) == 0;
			ck_assert(found);
			/* One more character would not have fitted. */
			ck_assert_uint_gt(length + ESCAPE_ELLIPSIS_BYTES + 12, room);
		}
	}
}
END_TEST

static void assert_clean(const char *bytes, size_t length)
{
	iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
	static uint32_t characters[8192];
	char *in = (char *)(uintptr_t)bytes, *out = (char *)characters;
	size_t in_left = length, out_left = sizeof(characters);

	ck_assert(converter != (iconv_t)-1);
	ck_assert_msg(iconv(converter, &in, &in_left, &out, &out_left) == 0 && in_left == 0, "not UTF-8 at byte %zu",
		      (size_t)(in - bytes));
	iconv_close(converter);
	for (const uint32_t *c = characters; (char *)(uintptr_t)c < out; c++)
		if (*c < 0x20 || (*c >= 0x7f && *c <= 0x9f) || *c == 0x61c || *c == 0x200e || *c == 0x200f ||
		    (*c >= 0x2028 && *c <= 0x202e) || (*c >= 0x2066 && *c <= 0x2069) || *c == 0xfeff)
			ck_abort_msg("U+%04X", (unsigned)*c);
}

/* Random bytes, mixed with characters that must be escaped, in a room of random size. */
START_TEST(random_bytes_become_clean_text)
{
	static const char *const parts[] = {
		"é",  "\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\xa8", "𝄞", "plain text",
		"\\", "\""
	};

	srandom(14);
	for (unsigned round = 0; round < 5000; round++) {
		char text[256];
		size_t length = 0, room = (size_t)random() % 600;
		enum escape_style style = (enum escape_style)(round % 5);

		while (length < 200 && random() % 40 != 0) {
			const char *part = parts[random() % 10];

			if (random() % 2 == 0) {
				text[length++] = (char)random();
			} else {
				memcpy(text + length, part, strlen(part));
				length += strlen(part);
			}
		}
		size_t written = escape_put(output, room, text, length, style);
		ck_assert_uint_le(written, room);
		assert_clean(output, written);
		if (style != ESCAPE_JSON)
			continue;
		char document[1024];
		int bytes = snprintf(document, sizeof(document), "[\"%.*s\"]", (int)written, output);
		json_t *json = json_loadb(document, (size_t)bytes, JSON_ALLOW_NUL, NULL);
		ck_assert_msg(json != NULL, "%s", document);
		json_decref(json);
	}
}
END_TEST

START_TEST(documents_keep_their_meaning)
{
	static const char text[] = "{\"\xc2\x9b\":[\"a\x7f\xe2\x80\xae\xf3\xa0\x81\xa1é\"]}";
	char *escaped = escape_json_document(strdup(text));
	json_t *before = json_loads(text, 0, NULL), *after = json_loads(escaped, 0, NULL);

	ck_assert_str_eq(escaped, "{\"\\u009b\":[\"a\\u007f\\u202e\\udb40\\udc61é\"]}");
	ck_assert_ptr_nonnull(before);
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	free(escaped);
	escaped = escape_json_document(strdup("{\"plain\": 1}"));
	ck_assert_str_eq(escaped, "{\"plain\": 1}");
	free(escaped);
	ck_assert_ptr_null(escape_json_document(NULL));
}
END_TEST

START_TEST(prints_lines)
{
	char *printed = NULL;
	size_t size;
	FILE *file = open_memstream(&printed, &size);

	escape_print_line(file, "%s: %d", "a\nb\xff", 7);
	fclose(file);
	ck_assert_str_eq(printed, "a\\x0ab\\xff: 7\n");
	free(printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *tests = tcase_create("escape");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, escapes_in_each_style, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tests, quoted_text_keeps_blanks);
	tcase_add_loop_test(tests, truncates_between_characters, 0, 9 * 5);
	tcase_add_test(tests, random_bytes_become_clean_text);
	tcase_add_test(tests, documents_keep_their_meaning);
	tcase_add_test(tests, prints_lines);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
