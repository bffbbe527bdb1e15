/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listings of real directories: their text, reading in small parts, the entity tag, and freeing them early. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "listing/listing.h"
#include "listing/page.h"

static char dir[PATH_MAX];
static int root = -1;
static struct reactor *reactor;
static struct offload *offload;
static struct directory_table *table;
static struct rules rules;
static unsigned wakes;
static uint64_t page_entries;

static void set_up(void)
{
	struct directory_table_options options = { 0 };
	const char *parent = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_listing.XXXXXX", parent ? parent : ".");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "f", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "f/sub dir", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "f/sub dir/<x>", 0755), 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(offload_new(&offload, 1), 0);
	options.offload = offload;
	options.memory_bytes = 256 * 1024;
	ck_assert_int_eq(directory_table_new(&table, &options), 0);
	rules_init(&rules);
	rules.sites[0].root = strdup(dir);
	ck_assert_ptr_null(text_list_add(&rules.sites[0].settings.hide, "hid*", NULL));
	rules.sites[0].settings.set |= UINT64_C(1) << SETTING_HIDE;
	rules_finish(&rules);
	wakes = 0;
	page_entries = 0;
}

static void tear_down(void)
{
	directory_table_stop(table);
	offload_stop(offload);
	reactor_free(reactor);
	directory_table_free(table);
	offload_free(offload);
	rules_fini(&rules);
	close(root);
	remove_directory(dir);
}

static void make_file(const char *name, size_t size)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1580608922, .tv_nsec = 0 } };
	int fd = openat(root, name, O_CREAT | O_WRONLY, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static void make_many(unsigned count)
{
	char name[64];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f/file %u", i);
		make_file(name, i);
	}
}

static void wake(void *context)
{
	(void)context;
	wakes++;
}

static struct listing *begin(const char *path, const char *query)
{
	struct listing_options options = { .table = table,
					   .reactor = reactor,
					   .rules = &rules,
					   .site = &rules.sites[0],
					   .root_fd = root,
					   .path = path,
					   .host = "host.example",
					   .page_entries = page_entries,
					   .wake = wake };
	struct listing *listing;

	listing_query_parse(query, &options.query);
	options.json = options.query.format == LISTING_JSON;
	ck_assert_int_eq(listing_new(&listing, &options), 0);
	return listing;
}

static void await(unsigned count)
{
	for (int i = 0; wakes < count; i++) {
		ck_assert_int_lt(i, 1000);
		ck_assert_int_ge(reactor_iterate(reactor, 50), 0);
	}
}

static int await_ready(struct listing *listing)
{
	int state = listing_ready(listing);

	if (state == -EAGAIN) {
		await(wakes + 1);
		state = listing_ready(listing);
	}
	ck_assert_int_ne(state, -EAGAIN);
	return state;
}

/* Returns the whole text, read `step` bytes at a time. */
static char *text_of(const char *path, const char *query, size_t step, char *etag)
{
	struct listing *listing = begin(path, query);
	char *text = malloc(4000000);
	size_t used = 0;
	ssize_t n;

	ck_assert_int_eq(await_ready(listing), 0);
	if (etag != NULL)
		strcpy(etag, listing_etag(listing));
	while ((n = listing_read(listing, text + used, step)) != 0) {
		if (n == -EAGAIN) {
			await(wakes + 1);
			continue;
		}
		ck_assert_int_gt(n, 0);
		ck_assert_uint_le((size_t)n, step);
		used += (size_t)n;
	}
	ck_assert_uint_eq(listing_sent_bytes(listing), used);
	text[used] = '\0';
	listing_free(listing);
	return text;
}

static unsigned occurrences(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

START_TEST(json_has_all_fields)
{
	char *text;

	make_file("f/b:\x80\"", 7);
	make_file("f/hidden", 7);
	make_file("f/.dot", 7);
	text = text_of("f", "format=json", 4096, NULL);
	ck_assert_ptr_nonnull(
		strstr(text, "{\"path\":\"/f/\",\"total\":2,\"folders\":1,\"files\":1,\"offset\":0,\"entries\":[\n"
			     "{\"name\":\"sub dir\",\"href\":\"sub%20dir/\",\"type\":\"folder\",\"mtime\":\"20"));
	ck_assert_ptr_nonnull(
		strstr(text, "\"},\n{\"name\":\"b:\\ufffd\\\"\",\"href\":\"b%3A%80%22\",\"type\":\"file\",\"size\":7,"
			     "\"mtime\":\"2020-02-02T02:02:02Z\"}\n]}\n"));
	free(text);
	text = text_of("f/sub dir/<x>", "format=json", 4096, NULL);
	ck_assert_str_eq(
		text,
		"{\"path\":\"/f/sub dir/<x>/\",\"total\":0,\"folders\":0,\"files\":0,\"offset\":0,\"entries\":[\n]}\n");
	free(text);
}
END_TEST

START_TEST(html_has_rows_ancestors_and_an_order)
{
	char *text;

	make_file("f/a<b", 1234567);
	text = text_of("f", "sort=size&order=desc", 4096, NULL);
	ck_assert_ptr_nonnull(strstr(text, "<title>Index of /f/</title>"));
	ck_assert_ptr_nonnull(strstr(text, "<h1>f</h1>"));
	ck_assert_ptr_nonnull(strstr(text, "<a href=\"../?sort=size&amp;order=desc\" title=\"host.example\">"));
	ck_assert_ptr_nonnull(strstr(
		text,
		"<th scope=\"col\" aria-sort=\"descending\"><form><input type=\"hidden\" name=\"sort\" value=\"size\">"
		"<button name=\"order\" value=\"asc\">Size</button></form>"));
	ck_assert_ptr_nonnull(strstr(text, "<a href=\"sub%20dir/?sort=size&amp;order=desc\">"));
	ck_assert_ptr_nonnull(strstr(text, "<a href=\"a%3Cb\">"));
	ck_assert_ptr_nonnull(strstr(text, "<span>a&lt;b</span>"));
	ck_assert_ptr_nonnull(strstr(text, "<td title=\"1\xe2\x80\xaf"
					   "234\xe2\x80\xaf"
					   "567\xc2\xa0"
					   "bytes\">1.2\xc2\xa0MiB"));
	ck_assert_ptr_nonnull(strstr(text, "<time datetime=\"2020-02-02T02:02:02Z\">2020-02-02 02:02</time>"));
	ck_assert_ptr_nonnull(strstr(text, "1\xc2\xa0"
					   "folder, 1\xc2\xa0"
					   "file"));
	ck_assert_ptr_null(strstr(text, "class=\"pages\""));
	free(text);
	text = text_of("f/sub dir/<x>", "", 4096, NULL);
	ck_assert_ptr_nonnull(strstr(text, "<h1>&lt;x&gt;</h1>"));
	ck_assert_ptr_nonnull(strstr(text, "<title>Index of /f/sub dir/<x>/</title>"));
	ck_assert_ptr_nonnull(strstr(text, "<a href=\"../\">sub dir</a>"));
	ck_assert_ptr_nonnull(strstr(text, "<span data-up=\"2\" data-query=\"\">f</span>"));
	ck_assert_ptr_null(strstr(text, "../../"));
	ck_assert_ptr_nonnull(strstr(text, "This folder is empty."));
	ck_assert_ptr_null(strstr(text, "<table>"));
	free(text);
	text = text_of("", "", 4096, NULL);
	ck_assert_ptr_nonnull(strstr(text, "<h1>host.example</h1>"));
	free(text);
}
END_TEST

START_TEST(html_has_pages)
{
	char *text;

	make_many(2500);
	text = text_of("f", "", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "<tr><td"), 2501);
	ck_assert_ptr_null(strstr(text, "rel=\"next\""));
	ck_assert_ptr_null(strstr(text, "name=\"offset\""));
	free(text);
	page_entries = 1000;
	text = text_of("f", "", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "<tr><td"), 1000);
	ck_assert_ptr_nonnull(strstr(text, "<link rel=\"next\" href=\"?offset=1000\">"));
	ck_assert_ptr_nonnull(strstr(text, "<table class=\"part\">"));
	ck_assert_ptr_nonnull(strstr(text, "<button name=\"offset\" value=\"1000\">Next</button>"));
	ck_assert_ptr_null(strstr(text, "Previous"));
	free(text);
	text = text_of("f", "offset=1000&order=desc", 4096, NULL);
	ck_assert_ptr_nonnull(strstr(text, "<button name=\"offset\" value=\"0\">Previous</button>"));
	ck_assert_ptr_nonnull(strstr(text, "<link rel=\"next\" href=\"?sort=name&amp;order=desc&amp;offset=2000\">"));
	free(text);
	text = text_of("f", "offset=2000", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "<tr><td"), 501);
	ck_assert_ptr_null(strstr(text, "rel=\"next\""));
	free(text);
	text = text_of("f", "limit=10", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "<tr><td"), 10);
	ck_assert_ptr_nonnull(strstr(text, "href=\"?limit=10&amp;offset=10\""));
	free(text);
	text = text_of("f", "offset=99999", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "<tr><td"), 0);
	free(text);
	text = text_of("f", "format=json", 4096, NULL);
	ck_assert_uint_eq(occurrences(text, "\"href\""), 2501);
	ck_assert_ptr_null(strstr(text, "\"next\""));
	free(text);
	text = text_of("f", "format=json&limit=10&offset=5", 4096, NULL);
	ck_assert_ptr_nonnull(strstr(text, "\"offset\":5,\"next\":\"?format=json&limit=10&offset=15\",\"entries\":["));
	free(text);
}
END_TEST

/* The text does not depend on the size of the reads and on the number of chunks. */
START_TEST(small_reads_return_the_same_text)
{
	char *whole, *pieces, etag[64];

	make_many(5000);
	whole = text_of("f", "format=json", 1000000, etag);
	ck_assert_str_eq(etag, "");
	ck_assert_uint_eq(occurrences(whole, "\"type\":\"file\""), 5000);
	pieces = text_of("f", "format=json", 1, NULL);
	ck_assert_str_eq(whole, pieces);
	free(pieces);
	pieces = text_of("f", "format=json", 777, NULL);
	ck_assert_str_eq(whole, pieces);
	free(pieces);
	free(whole);
}
END_TEST

START_TEST(the_tag_depends_on_the_content)
{
	char tags[6][64];
	static const char *const queries[] = { "", "format=json", "sort=size", "limit=1", "offset=1" };

	make_file("f/a", 1);
	for (int i = 0; i < 5; i++) {
		free(text_of("f", queries[i], 4096, tags[i]));
		ck_assert_uint_eq(strlen(tags[i]), 20);
		free(text_of("f", queries[i], 4096, tags[5]));
		ck_assert_str_eq(tags[i], tags[5]);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(tags[i], tags[j]);
	}
	make_file("f/a", 2);
	free(text_of("f", "", 4096, tags[5]));
	ck_assert_str_ne(tags[0], tags[5]);
}
END_TEST

START_TEST(can_be_freed_early)
{
	struct listing *listing;
	char byte[100];

	make_many(5000);
	listing = begin("f", "format=json");
	listing_free(listing);
	listing = begin("f", "format=json");
	ck_assert_int_eq(await_ready(listing), 0);
	ck_assert_int_gt(listing_read(listing, byte, sizeof(byte)), 0);
	listing_free(listing);
	listing = begin("none", "");
	ck_assert_int_eq(await_ready(listing), -ENOENT);
	listing_free(listing);
	listing_free(NULL);
	while (offload_pending(offload) > 0)
		reactor_iterate(reactor, 1);
}
END_TEST

START_TEST(the_policy_contains_two_hashes)
{
	ck_assert_uint_eq(occurrences(page_policy(), "'sha256-"), 2);
	ck_assert_ptr_nonnull(strstr(page_policy(), "default-src 'none'"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("listing");
	TCase *t = tcase_create("listing");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, json_has_all_fields);
	tcase_add_test(t, html_has_rows_ancestors_and_an_order);
	tcase_add_test(t, html_has_pages);
	tcase_add_test(t, small_reads_return_the_same_text);
	tcase_add_test(t, the_tag_depends_on_the_content);
	tcase_add_test(t, can_be_freed_early);
	tcase_add_test(t, the_policy_contains_two_hashes);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
