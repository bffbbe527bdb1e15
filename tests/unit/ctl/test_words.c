/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers in ranged-ctl: short forms, values in JSON, histograms, and the progress line. */
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/latency.h"
#include "ctl/progress.h"
#include "ctl/value.h"

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static const struct {
	double count;
	const char *text;
} counts[] = { { 0, "0" },	   { 999, "999" },	{ 999.6, "1.00k" },  { 1000, "1.00k" },
	       { 9994, "9.99k" },  { 9996, "10.0k" },	{ 12345, "12.3k" },  { 99960, "100k" },
	       { 999499, "999k" }, { 999500, "1.00M" }, { 4.56e9, "4.56G" }, { 1e21, "1000E" } };

START_TEST(counts_are_short)
{
	char text[CTL_WORDS_BYTES];

	ck_assert_str_eq(ctl_words_count(counts[_i].count, text), counts[_i].text);
}
END_TEST

static const struct {
	uint64_t us;
	const char *text;
} latencies[] = { { 0, "0 µs" },       { 999, "999 µs" },    { 1000, "1.0 ms" },    { 1024, "1.0 ms" },
		  { 9949, "9.9 ms" },  { 9960, "10 ms" },    { 131072, "131 ms" },  { 999499, "999 ms" },
		  { 999500, "1.0 s" }, { 1048576, "1.0 s" }, { 134217728, "134 s" } };

START_TEST(latencies_are_short)
{
	char text[CTL_WORDS_BYTES];

	ck_assert_str_eq(ctl_words_latency(latencies[_i].us, text), latencies[_i].text);
}
END_TEST

static const struct {
	uint64_t seconds;
	const char *text;
} spans[] = { { 0, "0 s" },	     { 59, "59 s" },	      { 60, "1 min" },	       { 125, "2 min 5 s" },
	      { 3600, "1 h" },	     { 3659, "1 h" },	      { 15120, "4 h 12 min" }, { 86400, "1 d" },
	      { 274000, "3 d 4 h" }, { 864000000, "10000 d" } };

START_TEST(spans_have_two_units)
{
	char text[CTL_WORDS_BYTES];

	ck_assert_str_eq(ctl_words_span(spans[_i].seconds, text), spans[_i].text);
}
END_TEST

START_TEST(shares_below_the_whole_are_below_100)
{
	char text[CTL_WORDS_BYTES];

	ck_assert_str_eq(ctl_words_share(0, 0, text), "-");
	ck_assert_str_eq(ctl_words_share(0, 7, text), "0 %");
	ck_assert_str_eq(ctl_words_share(1, 3, text), "33.3 %");
	ck_assert_str_eq(ctl_words_share(7, 7, text), "100 %");
	ck_assert_str_eq(ctl_words_share(999999, 1000000, text), "99.9 %");
	ck_assert_str_eq(ctl_words_rate(1536, text), "1.5 KiB/s");
	ck_assert_str_eq(ctl_words_size(-5, text), "0 B");
	ck_assert_str_eq(ctl_words_size(1e300, text), "16.0 EiB");
}
END_TEST

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(values_by_path)
{
	json_t *json =
		parse("{\"a\": {\"b\": {\"c\": 7, \"d\": 2.5, \"n\": -1}}, \"t\": \"x\", \"y\": true, \"l\": [{\"k\": "
		      "\"1\", \"s\": \"\"}, {\"k\": \"1\", \"s\": \"2\"}]}");
	json_t *less = parse("{\"a\": {\"b\": {\"c\": 9}}}"), *like = parse("{\"k\": \"1\", \"s\": \"2\"}");

	ck_assert_uint_eq(ctl_value_count(json, "a.b.c"), 7);
	ck_assert_uint_eq(ctl_value_count(json, "a.b.d"), 2);
	ck_assert_uint_eq(ctl_value_count(json, "a.b.n"), 0);
	ck_assert_double_eq(ctl_value_number(json, "a.b.d"), 2.5);
	ck_assert_uint_eq(ctl_value_sum(json, "a.b"), 9);
	ck_assert_str_eq(ctl_value_text(json, "t"), "x");
	ck_assert(ctl_value_true(json, "y"));
	ck_assert_uint_eq(ctl_value_gain(less, json, "a.b.c"), 2);
	ck_assert_uint_eq(ctl_value_gain(json, less, "a.b.c"), 0);
	ck_assert_uint_eq(ctl_value_gain(json, NULL, "a.b.c"), 7);
	ck_assert_ptr_eq(ctl_value_same(ctl_value_at(json, "l"), like, "k", "s"),
			 json_array_get(ctl_value_at(json, "l"), 1));
	ck_assert_ptr_eq(ctl_value_same(ctl_value_at(json, "l"), like, "k", NULL),
			 json_array_get(ctl_value_at(json, "l"), 0));
	json_decref(like);
	json_decref(less);
	json_decref(json);
}
END_TEST

START_TEST(missing_values_read_as_zero)
{
	static const char *const paths[] = {
		"x",	"a.x", "a.b.c.d", "t.x",
		"a..b", "l.0", "",	  "0123456789012345678901234567890123456789012345678901234567890123456789"
	};
	json_t *json = parse("{\"a\": {\"b\": 1}, \"t\": \"x\", \"l\": [1]}");

	for (int i = 0; i < ROWS(paths); i++) {
		ck_assert_uint_eq(ctl_value_count(json, paths[i]), 0);
		ck_assert_str_eq(ctl_value_text(json, paths[i]), "");
		ck_assert(!ctl_value_true(json, paths[i]));
	}
	ck_assert_uint_eq(ctl_value_count(NULL, "a"), 0);
	ck_assert_uint_eq(ctl_value_sum(json, "t"), 0);
	ck_assert_ptr_null(ctl_value_same(NULL, json, "k", NULL));
	json_decref(json);
}
END_TEST

START_TEST(latencies_of_an_interval)
{
	json_t *before = parse("{\"buckets\": [[64, 10], [1024, 1]]}");
	json_t *now = parse("{\"buckets\": [[64, 107], [100, 1], [1024, 2], [\"inf\", 1], [99999999999, 1]]}");
	struct ctl_latency latency;

	ctl_latency_since(now, before, &latency);
	ck_assert_uint_eq(ctl_latency_count(&latency), 97 + 1 + 1 + 2);
	ck_assert_uint_eq(latency.counts[6], 97);
	ck_assert_uint_eq(latency.counts[7], 1); /* a bound that is not a power of two */
	ck_assert_uint_eq(latency.counts[10], 1);
	ck_assert_uint_eq(latency.counts[CTL_LATENCY_BUCKETS - 1], 2);
	ck_assert_uint_eq(ctl_latency_quantile_us(&latency, 50), 64);
	ck_assert_uint_eq(ctl_latency_quantile_us(&latency, 97), 128);
	ck_assert_uint_eq(ctl_latency_quantile_us(&latency, 98), 1024);
	ck_assert_uint_eq(ctl_latency_quantile_us(&latency, 100), 1u << (CTL_LATENCY_BUCKETS - 1));
	ctl_latency_since(before, now, &latency);
	ck_assert_uint_eq(ctl_latency_count(&latency), 0);
	ck_assert_uint_eq(ctl_latency_quantile_us(&latency, 50), 0);
	ctl_latency_since(NULL, NULL, &latency);
	ck_assert_uint_eq(ctl_latency_count(&latency), 0);
	json_decref(now);
	json_decref(before);
}
END_TEST

START_TEST(progress_line)
{
	struct ctl_progress progress = { .elapsed_ms = 2000,
					 .done_bytes = 1 << 20,
					 .total_bytes = 3 << 20,
					 .path = "/films/with/a/long/name.mkv",
					 .total_known = true };
	char text[200];

	ck_assert_str_eq(ctl_progress_line(&progress, 100, text, sizeof(text)),
			 "1.0 MiB of 3.0 MiB  33.3 %  512.0 KiB/s  4 s left  /films/with/a/long/name.mkv");
	ck_assert_str_eq(ctl_progress_line(&progress, 60, text, sizeof(text)),
			 "1.0 MiB of 3.0 MiB  33.3 %  512.0 KiB/s  4 s left  ~name.mkv");
	ck_assert_str_eq(ctl_progress_line(&progress, 58, text, sizeof(text)),
			 "1.0 MiB of 3.0 MiB  33.3 %  512.0 KiB/s  4 s left");
	ck_assert_str_eq(ctl_progress_line(&progress, 20, text, sizeof(text)), "1.0 MiB of 3.0 MiB ~");
	progress.elapsed_ms = 400; /* The rate would be inaccurate. */
	ck_assert_str_eq(ctl_progress_line(&progress, 100, text, sizeof(text)),
			 "1.0 MiB of 3.0 MiB  33.3 %  /films/with/a/long/name.mkv");
	progress.elapsed_ms = 2000;
	progress.total_known = false;
	progress.files = 12;
	ck_assert_str_eq(ctl_progress_line(&progress, 100, text, sizeof(text)),
			 "1.0 MiB  12 files  6 files/s  512.0 KiB/s  /films/with/a/long/name.mkv");
	progress.files = 1;
	ck_assert_str_eq(ctl_progress_line(&progress, 40, text, sizeof(text)),
			 "1.0 MiB  1 file  0 files/s  512.0 KiB/s");
	progress.total_known = true;
	progress.done_bytes = progress.total_bytes;
	progress.path = NULL;
	ck_assert_str_eq(ctl_progress_line(&progress, 100, text, sizeof(text)), "3.0 MiB of 3.0 MiB  100 %  1.5 MiB/s");
}
END_TEST

START_TEST(rates_of_an_operation)
{
	struct ctl_progress progress = { .elapsed_ms = 125400, .done_bytes = UINT64_C(400) << 20, .files = 1000000 };
	char text[200];

	ck_assert_str_eq(ctl_progress_rates(&progress, text, sizeof(text)), "2 min 5 s (7974 files/s, 3.2 MiB/s)");
	progress.total_known = true;
	ck_assert_str_eq(ctl_progress_rates(&progress, text, sizeof(text)), "2 min 5 s (3.2 MiB/s)");
	progress.elapsed_ms = 499;
	ck_assert_str_eq(ctl_progress_rates(&progress, text, sizeof(text)), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ctl_words");
	TCase *t = tcase_create("ctl_words");
	tcase_add_loop_test(t, counts_are_short, 0, ROWS(counts));
	tcase_add_loop_test(t, latencies_are_short, 0, ROWS(latencies));
	tcase_add_loop_test(t, spans_have_two_units, 0, ROWS(spans));
	tcase_add_test(t, shares_below_the_whole_are_below_100);
	tcase_add_test(t, values_by_path);
	tcase_add_test(t, missing_values_read_as_zero);
	tcase_add_test(t, latencies_of_an_interval);
	tcase_add_test(t, progress_line);
	tcase_add_test(t, rates_of_an_operation);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
