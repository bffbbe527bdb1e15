/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Environment variables in ranged.conf: where they are replaced, and that a value is never parsed. */
#include "config/config_variables.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config_file.h"

static struct config config;
static char *messages;
static size_t messages_bytes;

static void init(void)
{
	ck_assert_int_eq(config_init(&config), 0);
	setenv("SET", "1G", 1);
	setenv("EMPTY", "", 1);
	setenv("PASSWORD_FILE", "/run/s", 1);
	setenv("EVIL", "a\"b'\n workers = 7 # ${SET}\\ }, {", 1);
	unsetenv("UNSET");
}

static void fini(void)
{
	config_fini(&config);
	free(messages);
	messages = NULL;
}

static int parse_bytes(const char *text, size_t length)
{
	FILE *faults = open_memstream(&messages, &messages_bytes);
	int error = config_file_parse(&config, "f", text, length, faults);

	fclose(faults);
	return error;
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* A value of root, and the text that it becomes. */
static const struct {
	const char *value, *root;
} replaced[] = {
	{ "${SET}", "1G" },
	{ "\"${SET}\"", "1G" },
	{ "/srv/${SET}/x", "/srv/1G/x" },
	{ "${SET}${SET}", "1G1G" },
	{ "\"/srv a/${SET}/b\"", "/srv a/1G/b" },
	{ "'${SET}'", "${SET}" },
	{ "\"\\${SET}\"", "${SET}" },
	{ "\"\\\\${SET}\"", "\\1G" },
	{ "$SET", "$SET" },
	{ "/a$", "/a$" },
	{ "\"$$\"", "$$" },
	{ "${UNSET:-/a b}", "/a b" },
	{ "${EMPTY:-/a}", "/a" },
	{ "${SET:-/a}", "1G" },
	{ "\"${UNSET:-a\\\"b}\"", "a\"b" },
	{ "${UNSET:-a\\b}", "a\\b" },
	{ "\"${UNSET:-$x}\"", "$x" },
	{ "x${UNSET:-}", "x" },
	{ "/x${EMPTY}", "/x" },
	{ "${UNSET:-http://a/b}", "http://a/b" },
	{ "\\${SET}", "\\1G" },
	{ "${EVIL}", "a\"b'\n workers = 7 # ${SET}\\ }, {" },
	{ "\"<${EVIL}>\"", "<a\"b'\n workers = 7 # ${SET}\\ }, {>" },
};

START_TEST(is_replaced)
{
	char text[256];

	snprintf(text, sizeof(text), "root = %s\noffload_threads = 5\n", replaced[_i].value);
	ck_assert_int_eq(parse(text), 0);
	ck_assert_str_eq(messages, "");
	ck_assert_str_eq(config.rules.sites[0].root, replaced[_i].root);
	ck_assert_uint_eq(config.workers, 0);
	ck_assert_uint_eq(config.offload_threads, 5);
}
END_TEST

static const struct {
	const char *text, *messages;
} rejected[] = {
	{ "# ${UNSET}\n\nroot = ${UNSET}\nuser = \"x${UNSET}\"",
	  "f:3: the environment variable UNSET is not set; set it, or write ${UNSET:-default}\n"
	  "f:4: the environment variable UNSET is not set; set it, or write ${UNSET:-default}\n" },
	{ "root = '\n${'\nuser = ${SET", "f:3: \"${SET\": the variable is not closed with \"}\"\n" },
	{ "user = \"${SET\"", "f:1: \"${SET\": the variable is not closed with \"}\"\n" },
	{ "user = ${SET\n}", "f:1: \"${SET\": the variable is not closed with \"}\"\n" },
	{ "user = ${}", "f:1: \"${}\": expected ${NAME} or ${NAME:-default}\n" },
	{ "user = ${1}", "f:1: \"${1}\": expected ${NAME} or ${NAME:-default}\n" },
	{ "user = ${SET:x}", "f:1: \"${SET:x}\": expected ${NAME} or ${NAME:-default}\n" },
	{ "user = ${SE T}", "f:1: \"${SE T}\": expected ${NAME} or ${NAME:-default}\n" },
	{ "user = ${SET:-${UNSET}}", "f:1: ${SET:-...}: a default must not contain another variable\n" },
	/* The messages for values show the replaced text, and the line is correct after a value with a line end. */
	{ "address_file = ${EVIL}\nworkers = ${SET}\n", "f:2: workers: \"1G\" is not a whole number from 0 to 256\n" },
	{ "workers = ${EMPTY}\n", "f:1: workers: \"\" is not a whole number from 0 to 256\n" },
	{ "idle_timeout = ${EVIL}\n",
	  "f:1: idle_timeout: \"a\"b'\\x0a workers = 7 # ${SET}\\ }, {\" is not a valid duration (examples: 250ms, "
	  "30s, 5m, 2h, 7d)\n" },
};

START_TEST(is_rejected)
{
	ck_assert_int_eq(parse(rejected[_i].text), -EINVAL);
	ck_assert_str_eq(messages, rejected[_i].messages);
	ck_assert_uint_eq(config.resolved.count, 0);
}
END_TEST

START_TEST(numbers_lists_and_blocks)
{
	ck_assert_int_eq(parse("cache_size = ${SET}\nidle_timeout = ${IDLE:-5m}\nworkers = ${W:-3}\n"
			       "listen = {\":${PORT:-80}\", :${PORT:-81}}\ndotfiles = ${D:-yes}\n"
			       "site \"${HOST:-a.example}\" { root = ${R:-/srv} location ${L:-/x} { cache = "
			       "${C:-pin} } }"),
			 0);
	ck_assert_str_eq(messages, "");
	ck_assert_uint_eq(config.cache_size_bytes, UINT64_C(1) << 30);
	ck_assert_uint_eq(config.idle_timeout_ms, 300000);
	ck_assert_uint_eq(config.workers, 3);
	ck_assert_uint_eq(config.listen_count, 2);
	ck_assert_str_eq(config.listen[1].address.port, "81");
	ck_assert(config.dotfiles);
	ck_assert_str_eq(config.rules.sites[1].host, "a.example");
	ck_assert_str_eq(config.rules.sites[1].list[0].pattern, "/x");
	ck_assert_str_eq(config.resolved.list[0], "f:1: ${SET} = \"1G\"");
	ck_assert_str_eq(config.resolved.list[1], "f:2: ${IDLE} = \"5m\" (default)");
}
END_TEST

START_TEST(seen_values_have_no_secrets)
{
	ck_assert_int_eq(parse("root = ${PASSWORD_FILE}\naddress_file = ${EVIL}\n"), 0);
	ck_assert_str_eq(config.resolved.list[0], "f:1: ${PASSWORD_FILE} = \"(hidden)\"");
	ck_assert_str_eq(config.resolved.list[1], "f:2: ${EVIL} = \"a\"b'\n workers = 7 # ${SET}\\ }, {\"");
}
END_TEST

/* A file of 64 KiB with a value of 100,000 bytes in each place would fill a gigabyte. */
START_TEST(expanded_text_is_bounded)
{
	static char text[65536], value[100001];
	size_t length = 0;

	memset(value, 'x', sizeof(value) - 1);
	setenv("LONG", value, 1);
	length += (size_t)sprintf(text, "root = \"");
	while (length < sizeof(text) - 10)
		length += (size_t)sprintf(text + length, "${LONG}");
	ck_assert_int_eq(parse_bytes(text, length), -EINVAL);
	ck_assert_str_eq(messages, "f:1: the file has more than 1048576 bytes after its variables were replaced\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_variables");
	TCase *cases = tcase_create("config_variables");

	tcase_add_checked_fixture(cases, init, fini);
	tcase_add_loop_test(cases, is_replaced, 0, sizeof(replaced) / sizeof(replaced[0]));
	tcase_add_loop_test(cases, is_rejected, 0, sizeof(rejected) / sizeof(rejected[0]));
	tcase_add_test(cases, numbers_lists_and_blocks);
	tcase_add_test(cases, seen_values_have_no_secrets);
	tcase_add_test(cases, expanded_text_is_bounded);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
