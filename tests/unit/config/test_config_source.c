/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Included files: the joined text with the places of its lines, and the errors. */
#include "config/config_source.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/text_list.h"

static char directory[] = "test_config_source.XXXXXX";
static struct config_source source;
static char *messages;
static size_t messages_bytes;

/* Files whose names are in the table below, so each case uses some of them. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "two", "a = 1\nb = 2" },
	{ "sub/up", "include = ../two" },
	{ "sub/side", "include = up" },
	{ "empty", "" },
	{ "comment", "# {" },
	{ "variable", "v = ${SET}" },
	{ "unset", "\nv = ${UNSET}" },
	{ "string", "a = 1\nb = \"x\n" },
	{ "escape", "a = \"x\\\"" },
	{ "value", "a = 1\nb =\n" },
	{ "word", "a = 1 week" },
	{ "name", "a = 1\n\nlocation \"/\"\n" },
	{ "list", "a = {1,\n2\n" },
	{ "opens", "\nlocation \"/\" {\na = 1\n" },
	{ "closes", "a = 1\n}\nlocation \"/\" {" },
	{ "braces", "a = \"}\"\nb = {\"{\", c}\nlocation \"}\" { d = '{' }" },
	{ "self", "\ninclude = self" },
	{ "ring.1", "\ninclude = ring.2" },
	{ "ring.2", "\n\ninclude = \"./ring.1\"" },
	{ "globs/b.conf", "b = 1" },
	{ "globs/B.conf", "B = 1" },
	{ "globs/a.conf", "a = 1" },
	{ "globs/.c.conf", "!" },
	{ "globs/d.conf~", "!" },
	{ "globs/e.conf.dpkg-old", "!" },
	{ "globs/#f.conf#", "!" },
	{ "globs/dir.conf/x", "!" },
	{ "*/odd", "include = \"od?\"\no = 1" },
	{ "deep.0", "include = deep.1" },
	{ "deep.1", "include = deep.2" },
	{ "deep.2", "include = deep.3" },
	{ "deep.3", "include = deep.4" },
	{ "deep.4", "include = deep.5" },
	{ "deep.5", "include = deep.6" },
	{ "deep.6", "include = deep.7" },
	{ "deep.7", "include = deep.8" },
	{ "deep.8", "include = two" },
	{ "deeper", "include = deep.0" },
};

static void write_file(const char *name, const char *text, size_t length)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s", name);
	for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_files(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		write_file(files[i].name, files[i].text, strlen(files[i].text));
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling.link"), 0);
	setenv("SET", "x}", 1);
	setenv("GLOBS", "globs", 1);
	unsetenv("UNSET");
}

static void remove_files(void)
{
	char command[100];

	config_source_fini(&source);
	free(messages);
	messages = NULL;
	ck_assert_int_eq(chdir(".."), 0);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static int read_source(const char *text, size_t length)
{
	FILE *faults = open_memstream(&messages, &messages_bytes);
	int error;

	write_file("f", text, length);
	error = config_source_read(&source, "f", faults);
	fclose(faults);
	return error;
}

/* Returns the joined text without empty lines, with the place of each line before it. The caller frees the text. */
static char *list_places(void)
{
	char *list, place[CONFIG_PLACE_BYTES];
	size_t list_bytes;
	FILE *out = open_memstream(&list, &list_bytes);
	unsigned line = 1;

	for (const char *at = source.text, *end = at + source.length; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *next = stop != NULL ? stop + 1 : end;

		stop = stop != NULL ? stop : end;
		at += strspn(at, " ") < (size_t)(stop - at) ? strspn(at, " ") : (size_t)(stop - at);
		if (at < stop)
			fprintf(out, "%s %.*s\n", config_places_format(&source.places, line, place), (int)(stop - at),
				at);
		at = next;
	}
	fclose(out);
	return list;
}

static const struct {
	const char *text, *list;
} joins[] = {
	{ "a = 1\nb = 2\n", "f:1 a = 1\nf:2 b = 2\n" },
	{ "include = two", "two:1 a = 1\ntwo:2 b = 2\n" },
	{ "c = 0\ninclude = 'two'\nd = 3", "f:1 c = 0\ntwo:1 a = 1\ntwo:2 b = 2\nf:3 d = 3\n" },
	{ "l { include = two } c = 1\nd = 2", "f:1 l { \ntwo:1 a = 1\ntwo:2 b = 2\nf:1 } c = 1\nf:2 d = 2\n" },
	{ "include = word\nb = 1", "word:1 a = 1 week\nf:2 b = 1\n" }, /* rejected by config_syntax_check() */
	{ "include = {two,\n\"sub/up\",\n} c = 1",
	  "two:1 a = 1\ntwo:2 b = 2\nsub/../two:1 a = 1\nsub/../two:2 b = 2\nf:3 c = 1\n" },
	{ "include += two include = empty c = 1", "two:1 a = 1\ntwo:2 b = 2\nf:1 c = 1\n" },
	{ "\"include\" = sub/side", "sub/../two:1 a = 1\nsub/../two:2 b = 2\n" },
	{ "include = \"t\\wo\"", "two:1 a = 1\ntwo:2 b = 2\n" },
	{ "include = empty\ninclude = comment\nc = 1", "f:3 c = 1\n" },
	{ "# include = no\nc = 'include = no'\nd = {include, include}",
	  "f:2 c = 'include = no'\nf:3 d = {include, include}\n" },
	{ "include = variable", "variable:1 v = \"x}\"\n" },
	{ "include = braces", "braces:1 a = \"}\"\nbraces:2 b = {\"{\", c}\nbraces:3 location \"}\" { d = '{' }\n" },
	{ "include = \"globs/*.conf\"", "globs/B.conf:1 B = 1\nglobs/a.conf:1 a = 1\nglobs/b.conf:1 b = 1\n" },
	{ "include = \"${GLOBS}/*\"", "globs/B.conf:1 B = 1\nglobs/a.conf:1 a = 1\nglobs/b.conf:1 b = 1\n" },
	{ "include = \"globs/[ab].conf\"", "globs/a.conf:1 a = 1\nglobs/b.conf:1 b = 1\n" },
	{ "include = \"none/*.conf\" include = \"globs/*.none\" c = 1", "f:1 c = 1\n" },
	{ "include = \"deep.0\"", "two:1 a = 1\ntwo:2 b = 2\n" },
};

START_TEST(joins_files)
{
	char *list;
	int error = read_source(joins[_i].text, strlen(joins[_i].text));

	ck_assert_str_eq(messages, "");
	ck_assert_int_eq(error, 0);
	list = list_places();
	ck_assert_str_eq(list, joins[_i].list);
	free(list);
}
END_TEST

static const struct {
	const char *text, *messages;
} errors[] = {
	{ "\ninclude = none", "f:2: include: \"none\": No such file or directory\n" },
	{ "include = \"none\"\ninclude = \"\"",
	  "f:1: include: \"none\": No such file or directory\nf:2: include: the name of the file is empty\n" },
	{ "include = {two,\nnone}", "f:2: include: \"none\": No such file or directory\n" },
	{ "include = sub", "f:1: include: \"sub\" is a directory; to include its files, write \"sub/*.conf\"\n" },
	{ "include = fifo", "f:1: include: \"fifo\" is not a regular file\n" },
	{ "include = \"fif*\"", "f:1: include: \"fifo\" is not a regular file\n" },
	{ "include = /dev/null", "f:1: include: \"/dev/null\" is not a regular file\n" },
	{ "include = \"dang*\"", "f:1: include: \"dangling.link\": No such file or directory\n" },
	{ "include = two;", "f:1: include: \"two;\" ends with a semicolon; remove it\n" },
	{ "include = \"two\";", "f:1: include: remove the semicolon after the value\n" },
	{ "include = {}", "f:1: include: expected a file, or a list of files: {\"a.conf\", \"b.conf\"}\n" },
	{ "\ninclude = \"two", "f:2: include: expected a file, or a list of files: {\"a.conf\", \"b.conf\"}\n" },
	{ "include = {two two}", "f:1: include: expected a file, or a list of files: {\"a.conf\", \"b.conf\"}\n" },
	{ "include = f", "f:1: include: \"f\" includes itself\n" },
	{ "include = self", "self:2: include: \"self\" includes itself\n" },
	{ "include = ring.1",
	  "ring.2:3: include: \"./ring.1\" includes itself; it includes this file through ring.1:2\n" },
	{ "include = \"*/odd\"", "*/odd:1: include: \"*/odd\" includes itself\n" },
	{ "include = unset",
	  "unset:2: the environment variable UNSET is not set; set it, or write ${UNSET:-default}\n" },
	{ "include = string", "string:2: the string that begins here does not end in this included file\n" },
	{ "include = escape", "escape:1: the string that begins here does not end in this included file\n" },
	{ "include = value\nx", "value:2: the setting that begins here does not end in this included file\n" },
	{ "include = name { }", "name:3: the setting that begins here does not end in this included file\n" },
	{ "include = list }", "list:1: the setting that begins here does not end in this included file\n" },
	{ "include = opens }", "opens:2: the block that begins here does not end in this included file\n" },
	{ "a {\ninclude = closes }", "closes:2: \"}\" closes a block that did not begin in this included file\n" },
	{ "include = deeper", "deep.8:1: include: \"two\": files are included at most 10 levels deep\n" },
};

START_TEST(rejects)
{
	ck_assert_int_eq(read_source(errors[_i].text, strlen(errors[_i].text)), -EINVAL);
	ck_assert_str_eq(messages, errors[_i].messages);
}
END_TEST

START_TEST(notes)
{
	static const char text[] = "include = \"globs/*\"\n\ninclude = \"none/*\"\n";

	ck_assert_int_eq(read_source(text, strlen(text)), 0);
	ck_assert_uint_eq(source.notes.count, 8);
	ck_assert_str_eq(source.notes.list[0], "f:1: include: globs/#f.conf# is ignored, because it is a backup");
	ck_assert_str_eq(source.notes.list[1], "f:1: include: globs/B.conf");
	ck_assert_str_eq(source.notes.list[4], "f:1: include: globs/d.conf~ is ignored, because it is a backup");
	ck_assert_str_eq(source.notes.list[5], "f:1: include: globs/dir.conf is ignored, because it is a directory");
	ck_assert_str_eq(source.notes.list[7], "f:3: include: no file matches \"none/*\"");
}
END_TEST

/* The sizes of all files together and their number are limited, and the limit is reported once. */
START_TEST(limits)
{
	static char big[600000], many[40000];
	int length = 0;

	memset(big, '\n', sizeof(big));
	write_file("big", big, sizeof(big));
	write_file("bigger", big, sizeof(big));
	ck_assert_int_eq(read_source("include = big\ninclude = bigger\ninclude = big\n", 45), -EINVAL);
	ck_assert_str_eq(messages, "bigger:1: the file and its included files have more than 1048576 bytes\n");
	config_source_fini(&source);
	free(messages);
	for (int i = 0; i < 1026; i++)
		length += sprintf(many + length, "include = \"empty\"\n");
	ck_assert_int_eq(read_source(many, (size_t)length), -EINVAL);
	ck_assert_str_eq(messages, "f:1025: include: \"empty\": too many included files; the maximum is 1024\n");
	config_source_fini(&source);
	free(messages);
	ck_assert_int_eq(read_source(many, (size_t)(length - 2 * 18)), 0);
	ck_assert_str_eq(messages, "");
}
END_TEST

START_TEST(not_text)
{
	write_file("binary", "a\0b", 3);
	ck_assert_int_eq(read_source("include = binary", 16), -EINVAL);
	ck_assert_str_eq(messages, "binary:1: not a text file; it contains a NUL byte\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_source");
	TCase *tests = tcase_create("config_source");

	tcase_set_timeout(tests, 60); /* with sanitizers, the limits take long */
	tcase_add_checked_fixture(tests, make_files, remove_files);
	tcase_add_loop_test(tests, joins_files, 0, sizeof(joins) / sizeof(joins[0]));
	tcase_add_loop_test(tests, rejects, 0, sizeof(errors) / sizeof(errors[0]));
	tcase_add_test(tests, notes);
	tcase_add_test(tests, limits);
	tcase_add_test(tests, not_text);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
