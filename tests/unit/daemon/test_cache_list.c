/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of cache_state: what is written is read, and damaged files are rejected with their line. */
#include "daemon/cache_list_writer.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_FORKS
#include "../suite.h"

#define FILE_NAME "list"

static char directory[] = "list.XXXXXX";
static unsigned progress;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir(".."), 0);
	remove_directory(directory);
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static void on_progress(void *context)
{
	(void)context;
	progress++;
}

static int open_list(struct cache_list_reader **reader, char fault[CACHE_LIST_FAULT_BYTES])
{
	return cache_list_open(reader, FILE_NAME, never, NULL, fault);
}

static struct cache_list_writer *begin(void)
{
	struct cache_list_writer *writer;

	ck_assert_int_eq(cache_list_writer_new(&writer, FILE_NAME, on_progress, NULL), 0);
	return writer;
}

/* Every byte that a name can contain. */
static void make_name(char name[256])
{
	unsigned length = 0;

	for (unsigned c = 1; c < 256; c++)
		if (c != '/')
			name[length++] = (char)c;
	name[length] = '\0';
}

START_TEST(written_entries_are_read)
{
	const struct span parts[] = { { 0, 4096 }, { 8192, 1 } }, whole = { 0, 10000 };
	struct cache_list_writer *writer = begin();
	struct cache_list_reader *reader;
	struct cache_list_entry entry = { .root = 1, .size = 10000, .mtime_ns = -5 };
	char fault[CACHE_LIST_FAULT_BYTES], name[256];
	struct stat st;
	uint64_t bytes;

	make_name(name);
	cache_list_writer_add_root(writer, "/srv/a b%");
	cache_list_writer_add_root(writer, "/");
	entry.path = name;
	ck_assert_int_eq(cache_list_writer_add(writer, &entry, parts, 2), 0);
	entry.path = "a/b";
	ck_assert_int_eq(cache_list_writer_add(writer, &entry, &whole, 1), 0);
	ck_assert_int_eq(cache_list_writer_commit(writer), 0);
	ck_assert_int_eq(stat(FILE_NAME, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(access(FILE_NAME ".new", F_OK), -1);

	ck_assert_int_eq(open_list(&reader, fault), 0);
	ck_assert_uint_eq(cache_list_count(reader, &bytes), 2);
	ck_assert_uint_eq(bytes, 4097 + 10000);
	ck_assert_str_eq(cache_list_root(reader, 0), "/srv/a b%");
	ck_assert_str_eq(cache_list_root(reader, 1), "/");
	ck_assert_ptr_null(cache_list_root(reader, 2));
	ck_assert(cache_list_next(reader, &entry));
	ck_assert_str_eq(entry.path, name);
	ck_assert_int_eq(entry.mtime_ns, -5);
	ck_assert_uint_eq(entry.root, 1);
	ck_assert_uint_eq(entry.span_count, 2);
	ck_assert_uint_eq(entry.spans[1].offset, 8192);
	ck_assert_uint_eq(entry.spans[1].length, 1);
	ck_assert(cache_list_next(reader, &entry));
	ck_assert_str_eq(entry.path, "a/b");
	ck_assert_uint_eq(entry.span_count, 0);
	ck_assert(!cache_list_next(reader, &entry));
	cache_list_close(reader);
}
END_TEST

/* A list with many entries, and a file with more parts than fit on one line. */
#define MANY 200000

START_TEST(many_entries)
{
	struct cache_list_writer *writer = begin();
	struct cache_list_reader *reader;
	struct cache_list_entry entry = { .size = 1 << 20, .mtime_ns = 1 };
	struct span parts[1000];
	char fault[CACHE_LIST_FAULT_BYTES], path[32];
	uint64_t bytes;
	unsigned count = 0;

	cache_list_writer_add_root(writer, "/");
	for (unsigned i = 0; i < 1000; i++)
		parts[i] = (struct span){ .offset = i * 1000, .length = 10 };
	entry.path = "parts";
	ck_assert_int_eq(cache_list_writer_add(writer, &entry, parts, 1000), 0);
	entry.path = path;
	entry.size = 10;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "directory/%u", i);
		ck_assert_int_eq(cache_list_writer_add(writer, &entry, parts, 1), 0);
	}
	progress = 0;
	ck_assert_int_eq(cache_list_writer_commit(writer), 0);
	ck_assert_uint_gt(progress, 0);
	ck_assert_int_eq(open_list(&reader, fault), 0);
	ck_assert_uint_eq(cache_list_count(reader, &bytes), MANY + (1000 + CACHE_LIST_SPANS - 1) / CACHE_LIST_SPANS);
	ck_assert_uint_eq(bytes, 10 * MANY + 10 * 1000);
	while (cache_list_next(reader, &entry))
		count++;
	ck_assert_uint_eq(count, cache_list_count(reader, &bytes));
	cache_list_close(reader);
	ck_assert_int_eq(cache_list_open(&reader, FILE_NAME, always, NULL, fault), -ECANCELED);
}
END_TEST

#define HEAD "ranged-cache 1\nroot 0 /srv\n"
#define DAMAGED "the list is damaged or truncated"

static const struct {
	const char *text;
	size_t length; /* 0: strlen(text) */
	int error;
	const char *fault;
} files[] = {
	{ HEAD "end 0\n", 0, 0, NULL },
	{ "ranged-cache 1\nend 0\n", 0, 0, NULL },
	{ "", 0, -ENOENT, NULL },
	{ "root:x:0:0:root:/root:/bin/bash\n", 0, -EPROTO, "list:1: this is not a list of cached files" },
	{ "ranged-cache one\n", 0, -EPROTO, "list:1: this is not a list of cached files" },
	{ "\0\0\0\0\n", 5, -EPROTO, "list:1: this is not a list of cached files" },
	{ "ranged-cache 2\nanything\n", 0, -EBADMSG, "list:1: the list has another version" },
	{ HEAD, 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a\nend 1", 0, -EBADMSG, "list:4: " DAMAGED },
	{ HEAD "file 0 10 1 * a\nend 2\n", 0, -EBADMSG, "list:4: " DAMAGED },
	{ HEAD "file 0 10 1 * a\nfile 0 10 1 * b\nfile 0 10", 0, -EBADMSG, "list:5: " DAMAGED },
	{ HEAD "end 0\nend 0\n", 0, -EBADMSG, "list:4: " DAMAGED },
	{ HEAD "file 1 10 1 * a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 0 1 * a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 -1 1 * a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 99999999999999999999 1 * a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 0-10 a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 5-4 a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 5-6,6-7 a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 0-1, a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1  a\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 *\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * \nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * /etc/passwd\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a/../../b\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * ..\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a//b\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a/\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a%00b\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a%2\nend 1\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "file 0 10 1 * a\nroot 1 /x\nend 1\n", 0, -EBADMSG, "list:4: " DAMAGED },
	{ "ranged-cache 1\nroot 1 /x\nend 0\n", 0, -EBADMSG, "list:2: " DAMAGED },
	{ HEAD "other\nend 0\n", 0, -EBADMSG, "list:3: " DAMAGED },
	{ HEAD "\0file 0 10 1 * a\nend 1\n", sizeof(HEAD "\0file 0 10 1 * a\nend 1\n") - 1, -EBADMSG,
	  "list:3: " DAMAGED },
};

static void write_text(const char *text, size_t length)
{
	FILE *file = fopen(FILE_NAME, "w");

	ck_assert_ptr_nonnull(file);
	fwrite(text, 1, length, file);
	fclose(file);
}

START_TEST(files_are_checked)
{
	char fault[CACHE_LIST_FAULT_BYTES] = "";
	struct cache_list_reader *reader;
	int target = files[_i].error == -EPROTO ? -EPROTO : 0;

	write_text(files[_i].text, files[_i].length > 0 ? files[_i].length : strlen(files[_i].text));
	ck_assert_int_eq(cache_list_check_target(FILE_NAME), target);
	ck_assert_int_eq(open_list(&reader, fault), files[_i].error);
	if (files[_i].fault != NULL)
		ck_assert_str_eq(fault, files[_i].fault);
	if (files[_i].error == 0)
		cache_list_close(reader);
}
END_TEST

START_TEST(other_files)
{
	char fault[CACHE_LIST_FAULT_BYTES];
	struct cache_list_reader *reader;
	char line[60000];

	ck_assert_int_eq(cache_list_check_target(FILE_NAME), 0);
	ck_assert_int_eq(open_list(&reader, fault), -ENOENT);
	ck_assert_int_eq(mkfifo(FILE_NAME, 0600), 0);
	ck_assert_int_eq(open_list(&reader, fault), -EPROTO); /* Does not wait for a writer. */
	ck_assert_int_eq(cache_list_check_target(FILE_NAME), -EPROTO);
	unlink(FILE_NAME);
	/* A line that is too long. */
	memset(line, 'x', sizeof(line));
	memcpy(line, HEAD "file 0 10 1 * ", strlen(HEAD "file 0 10 1 * "));
	write_text(line, sizeof(line));
	ck_assert_int_eq(open_list(&reader, fault), -EBADMSG);
	ck_assert_str_eq(fault, "list:3: " DAMAGED);
	/* A sparse file. */
	write_text(HEAD "end 0\n", strlen(HEAD "end 0\n"));
	ck_assert_int_eq(truncate(FILE_NAME, ((off_t)4 << 30) + 1), 0);
	ck_assert_int_eq(open_list(&reader, fault), -EBADMSG);
	ck_assert_str_eq(fault, "list: the list has more than 4 GiB");
	ck_assert_int_eq(cache_list_check_target(FILE_NAME), 0);
}
END_TEST

/* The former list stays until the new one is complete, and a temporary file of another user is not followed. */
START_TEST(list_is_replaced_atomically)
{
	struct cache_list_writer *writer;
	struct cache_list_reader *reader;
	char fault[CACHE_LIST_FAULT_BYTES];

	write_text(HEAD "end 0\n", strlen(HEAD "end 0\n"));
	ck_assert_int_eq(symlink("victim", FILE_NAME ".new"), 0);
	writer = begin();
	cache_list_writer_add_root(writer, "/new");
	ck_assert_int_eq(open_list(&reader, fault), 0);
	ck_assert_str_eq(cache_list_root(reader, 0), "/srv");
	cache_list_close(reader);
	cache_list_writer_discard(writer);
	ck_assert_int_eq(access("victim", F_OK), -1);
	ck_assert_int_eq(access(FILE_NAME ".new", F_OK), -1);
	writer = begin();
	cache_list_writer_add_root(writer, "/new");
	ck_assert_int_eq(cache_list_writer_commit(writer), 0);
	ck_assert_int_eq(open_list(&reader, fault), 0);
	ck_assert_str_eq(cache_list_root(reader, 0), "/new");
	cache_list_close(reader);
	ck_assert_int_eq(cache_list_writer_new(&writer, "absent/list", on_progress, NULL), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache_list");
	TCase *tests = tcase_create("cache_list");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, written_entries_are_read);
	tcase_add_test(tests, many_entries);
	tcase_add_loop_test(tests, files_are_checked, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_test(tests, other_files);
	tcase_add_test(tests, list_is_replaced_atomically);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
