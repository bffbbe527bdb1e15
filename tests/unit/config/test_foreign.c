/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings as operators of other servers write them, and what ranged replies. The cases are in
 * tests/config/foreign.txt, which explains its form.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"
#include "config/config_file.h"

#define CASES_MIN 110

/* Returns the messages for a configuration, or "ok\n", each line after "> ". The caller frees them. */
static char *reply_to(const char *text)
{
	struct config config;
	char *messages = NULL, *reply = NULL, *line, *rest;
	size_t length;
	FILE *stream = open_memstream(&messages, &length);

	ck_assert_int_eq(config_init(&config), 0);
	int error = config_file_parse(&config, "f", text, strlen(text), stream);
	fclose(stream);
	config_fini(&config);
	ck_assert_int_eq(error == 0, length == 0);
	stream = open_memstream(&reply, &length);
	if (error == 0)
		fputs("> ok\n", stream);
	for (rest = messages; (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			fprintf(stream, "> %s\n", line + strlen("f:"));
	fclose(stream);
	free(messages);
	return reply;
}

/* Checks one case. With FOREIGN_PRINT in the environment, prints it with the actual reply. Returns 1 if it fails. */
static unsigned check_case(const char *text, const char *expected)
{
	char *reply = reply_to(text);
	unsigned failed = strcmp(reply, expected) != 0;

	if (getenv("FOREIGN_PRINT") != NULL)
		printf("%s%s\n", text, reply);
	else if (failed)
		fprintf(stderr, "%sexpected:\n%sactual:\n%s\n", text, expected, reply);
	free(reply);
	return failed;
}

static FILE *open_cases(void)
{
	const char *source = getenv("top_srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/config/foreign.txt", source != NULL ? source : ".");
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s: cannot be read; set top_srcdir", path);
	return file;
}

START_TEST(every_case)
{
	FILE *file = open_cases();
	char line[1024], text[8192] = "", expected[8192] = "";
	unsigned count = 0, failed = 0;
	bool more = true;

	while (more) {
		more = fgets(line, sizeof(line), file) != NULL;
		if (!more || *line == '\n') {
			if (text[0] != '\0') {
				count++;
				failed += check_case(text, expected);
			}
			text[0] = expected[0] = '\0';
		} else if (strncmp(line, "> ", 2) == 0) {
			strcat(expected, line);
		} else if (strncmp(line, "##", 2) != 0) {
			strcat(text, line);
		}
		ck_assert_uint_lt(strlen(text) + strlen(expected), sizeof(text) - sizeof(line));
	}
	fclose(file);
	ck_assert_msg(failed == 0, "%u of %u cases fail; see above", failed, count);
	ck_assert_uint_ge(count, CASES_MIN);
}
END_TEST

START_TEST(windows_text)
{
	char *reply =
		reply_to("\xef\xbb\xbfworkers = 1\r\nlisting = true\r\nlocation \"/a/\" {\r\n\tcache = pin\r\n}\r\n");
	ck_assert_str_eq(reply, "> ok\n");
	free(reply);
	reply = reply_to("\r\nlisting = true;\r\n\r\nexpires = 1 week\r\n");
	ck_assert_str_eq(reply, "> 2: remove the semicolon after \"true\"\n"
				"> 4: expires: unexpected \"week\" after \"1\"; write expires = 1w\n");
	free(reply);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *cases = tcase_create("foreign");
	tcase_add_test(cases, every_case);
	tcase_add_test(cases, windows_text);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
