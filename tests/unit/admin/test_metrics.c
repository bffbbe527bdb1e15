/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters and histograms, the table of statistics, and its rendering: Prometheus text, OpenMetrics, JSON. */
#include "admin/metrics.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "admin/statistics.h"
#include "admin/status.h"
#include "base/clock.h"

#include "../suite.h"

/* Returns the text as a string, which the caller frees. */
static char *string_of(struct text *text)
{
	text_put(text, "", 1);
	ck_assert(!text->failed);
	return text->bytes;
}

static char *written(const struct snapshot *snapshot, bool openmetrics)
{
	struct text text = { 0 };

	metrics_write(&text, snapshot, openmetrics);
	return string_of(&text);
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

#define ck_assert_line(text, line) ck_assert_msg(has_line(text, line), "there is no line \"%s\"", line)

static const struct {
	const char *value, *escaped;
} labels[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a\"b", "a\\\"b" },
	{ "a\\b", "a\\\\b" },
	{ "a\nb", "a\\\\x0ab" },
	{ "\\\"\n", "\\\\\\\"\\\\x0a" },
	{ "}\t{,=", "}\\\\x09{,=" },
	{ "\xc3\xa4", "\xc3\xa4" },
	{ "a\xff\xfe", "a\\\\xff\\\\xfe" },
	{ "\xc3\"", "\\\\xc3\\\"" },
	{ "\xe2\x80\xae", "\\\\xe2\\\\x80\\\\xae" },
};

START_TEST(label_values_are_escaped)
{
	struct text text = { 0 };
	char *string;

	metrics_label(&text, labels[_i].value);
	string = string_of(&text);
	ck_assert_str_eq(string, labels[_i].escaped);
	free(string);
}
END_TEST

START_TEST(histograms_are_cumulative)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct histogram *histogram = &snapshot->counters.first_byte;
	char *text;

	snapshot->version = snapshot->library = snapshot->sender = "0";
	histogram_add_single_writer(histogram, 500);  /* below 1 us */
	histogram_add_single_writer(histogram, 1000); /* 1 us: below 2 */
	histogram_add_single_writer(histogram, 1999);
	histogram_add_single_writer(histogram, 1000 * 1000);	      /* 1000 us: below 1024 */
	histogram_add_single_writer(histogram, 100 * CLOCK_NS_PER_S); /* beyond the last bound */
	text = written(snapshot, false);
	ck_assert_line(text, "# TYPE ranged_first_byte_seconds histogram");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"1e-06\"} 1");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"2e-06\"} 3");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"0.000512\"} 3");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"0.001024\"} 4");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"67.108864\"} 4");
	ck_assert_line(text, "ranged_first_byte_seconds_bucket{le=\"+Inf\"} 5");
	ck_assert_line(text, "ranged_first_byte_seconds_count 5");
	ck_assert_line(text, "ranged_first_byte_seconds_sum 100.001003499");
	free(text);
	free(snapshot);
}
END_TEST

START_TEST(prometheus_and_openmetrics)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct device device = { .id = 0x801, .depth = 7, .queued = 3 };
	struct snapshot_device taken = { .name = "8:1", .device = &device };
	char *text, *openmetrics;

	snapshot->version = "1.2\"3";
	snapshot->library = "0";
	snapshot->sender = "direct";
	snapshot->devices = &taken;
	snapshot->device_count = 1;
	snapshot->log_count = 1;
	strcpy(snapshot->logs[0].name, "/var/\\log");
	counters_request(&snapshot->counters, METHOD_HEAD, 304);
	counters_request(&snapshot->counters, METHOD_UNKNOWN, 999);
	text = written(snapshot, false);
	openmetrics = written(snapshot, true);
	ck_assert_line(text, "ranged_build_info{version=\"1.2\\\"3\",library=\"0\",sender=\"direct\"} 1");
	ck_assert_line(text, "# TYPE ranged_requests_total counter");
	ck_assert_line(text, "ranged_requests_total{method=\"HEAD\",status=\"304\"} 1");
	ck_assert_line(text, "ranged_requests_total{method=\"other\",status=\"0\"} 1");
	ck_assert_line(text, "ranged_device_depth{device=\"8:1\"} 7");
	ck_assert_line(text, "ranged_device_queued{device=\"8:1\"} 3");
	ck_assert_line(text, "ranged_device_read_seconds_bucket{device=\"8:1\",le=\"+Inf\"} 0");
	ck_assert_line(text, "ranged_device_read_seconds_count{device=\"8:1\"} 0");
	ck_assert_line(text, "ranged_log_lines_total{log=\"/var/\\\\log\"} 0");
	ck_assert_line(text, "ranged_ready 0");
	ck_assert_ptr_null(strstr(text, "# EOF"));
	ck_assert_line(openmetrics, "# TYPE ranged_requests counter");
	ck_assert_line(openmetrics, "ranged_requests_total{method=\"HEAD\",status=\"304\"} 1");
	ck_assert_str_eq(strstr(openmetrics, "# EOF"), "# EOF\n");
	ck_assert_ptr_null(strstr(text, "nan"));
	free(text);
	free(openmetrics);
	free(snapshot);
}
END_TEST

START_TEST(ratios)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	ck_assert(snapshot_hit_ratio(snapshot) == 0.0 && snapshot_byte_hit_ratio(snapshot) == 0.0 &&
		  snapshot_fragmentation(snapshot) == 0.0);
	snapshot->store.lookups[STORE_CACHE] = 2;
	snapshot->store.lookups[STORE_COALESCED] = 1;
	snapshot->store.lookups[STORE_DISK] = 1;
	snapshot->store.lookup_bytes[STORE_CACHE] = 100;
	snapshot->store.lookup_bytes[STORE_DISK] = 300;
	snapshot->cache.bytes = 1000;
	snapshot->cache.fragmented_bytes = 10;
	ck_assert(snapshot_hit_ratio(snapshot) == 0.75 && snapshot_byte_hit_ratio(snapshot) == 0.25);
	ck_assert(snapshot_fragmentation(snapshot) == 0.01);
	free(snapshot);
}
END_TEST

START_TEST(names_become_valid_utf8)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	json_t *root, *files;
	char *text;

	snapshot->version = snapshot->library = snapshot->sender = "0";
	snapshot->config_path = (char *)"/etc/\xff\"\n";
	snapshot->top = calloc(1, sizeof(*snapshot->top));
	snapshot->top->file_count = 1;
	snapshot->top->files[0] =
		(struct snapshot_file){ .path = "/\xe4\x01", .bytes = UINT64_C(1) << 40, .requests = 3 };
	text = status_format(snapshot);
	root = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(json_string_value(json_object_get(root, "config")), "/etc/\xef\xbf\xbd\"\n");
	files = json_object_get(json_object_get(root, "top"), "files");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(files, 0), "path")), "/\xef\xbf\xbd\x01");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(files, 0), "bytes")), (json_int_t)1 << 40);
	json_decref(root);
	free(text);
	free(snapshot->top);
	free(snapshot);
}
END_TEST

static bool ends_in(const char *name, const char *end)
{
	return strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

/* Rows of one family, and rows of one report line, are neighbours; names follow the conventions of Prometheus. */
START_TEST(the_table_is_consistent)
{
	const char *family = "", *line = "";

	for (unsigned i = 0; i < statistics_count; i++) {
		const struct statistics_row *row = &statistics_table[i];

		ck_assert(row->family != NULL || row->path != NULL || row->line != NULL);
		for (unsigned j = 0; j < i && row->path != NULL; j++)
			ck_assert_msg(statistics_table[j].path == NULL || statistics_table[j].scope != row->scope ||
					      strcmp(statistics_table[j].path, row->path) != 0,
				      "the path %s is there twice", row->path);
		if (row->line != NULL && strcmp(row->line, line) != 0) {
			for (unsigned j = 0; j < i; j++)
				ck_assert_msg(statistics_table[j].line == NULL ||
						      strcmp(statistics_table[j].line, row->line) != 0,
					      "rows of the line %s are apart", row->line);
			line = row->line;
		}
		if (row->family == NULL || strcmp(row->family, family) == 0)
			continue;
		for (unsigned j = 0; j < i; j++)
			ck_assert_msg(statistics_table[j].family == NULL ||
					      strcmp(statistics_table[j].family, row->family) != 0,
				      "rows of the family %s are apart", row->family);
		family = row->family;
		ck_assert_msg(row->help != NULL && ends_in(row->help, "."), "%s has no help text", family);
		ck_assert_msg((row->type == STATISTICS_COUNTER) == ends_in(family, "_total"),
			      "%s: type and name differ", family);
		ck_assert_msg((row->type == STATISTICS_HISTOGRAM) == (row->kind == STATISTICS_TIMES),
			      "%s: type and value differ", family);
	}
}
END_TEST

/* --- one thread counts while another one reads --- */

#define TIMES 300000

static void *count_up(void *context)
{
	struct counters *counters = context;

	for (unsigned i = 0; i < TIMES; i++) {
		counters_request(counters, METHOD_GET, 200);
		counter_add(&counters->bytes[COUNTERS_CACHE], 10);
		histogram_add_single_writer(&counters->first_byte, 5000);
	}
	return NULL;
}

START_TEST(counters_never_decrease)
{
	struct counters *counters = calloc(1, sizeof(*counters));
	uint64_t before = 0, now = 0;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, count_up, counters), 0);
	while (now < TIMES) {
		now = counter_read(&counters->requests[METHOD_GET][200]);
		ck_assert_uint_ge(now, before);
		before = now;
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(counter_read(&counters->bytes[COUNTERS_CACHE]), 10 * TIMES);
	ck_assert_uint_eq(histogram_count(&counters->first_byte), TIMES);
	ck_assert_uint_eq(counter_read(&counters->first_byte.counts[3]), TIMES);
	ck_assert_uint_eq(histogram_quantile_us(&counters->first_byte, 500), 8);
	free(counters);
}
END_TEST

START_TEST(counters_can_be_decremented)
{
	_Atomic uint64_t counter = 0;

	counter_add(&counter, 3);
	counter_subtract(&counter, 2);
	ck_assert_uint_eq(counter_read(&counter), 1);
	counter_raise(&counter, 7);
	counter_raise(&counter, 5);
	ck_assert_uint_eq(counter_read(&counter), 7);
	counters_reject(NULL, COUNTERS_MEMORY); /* counters may be NULL */
}
END_TEST

START_TEST(every_counter_has_a_name)
{
	for (unsigned i = 0; i < COUNTERS_METHODS; i++)
		ck_assert_ptr_nonnull(counters_method_name(i));
	for (unsigned i = 0; i < COUNTERS_SOURCES; i++)
		ck_assert_ptr_nonnull(counters_source_name(i));
	for (unsigned i = 0; i < COUNTERS_REASONS; i++)
		ck_assert_ptr_nonnull(counters_reason_name(i));
	for (unsigned i = 0; i < COUNTERS_PHASES; i++)
		ck_assert_ptr_nonnull(counters_phase_name(i));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");

	tcase_add_loop_test(tcase, label_values_are_escaped, 0, sizeof(labels) / sizeof(labels[0]));
	tcase_add_test(tcase, histograms_are_cumulative);
	tcase_add_test(tcase, prometheus_and_openmetrics);
	tcase_add_test(tcase, ratios);
	tcase_add_test(tcase, names_become_valid_utf8);
	tcase_add_test(tcase, the_table_is_consistent);
	tcase_add_test(tcase, counters_never_decrease);
	tcase_add_test(tcase, counters_can_be_decremented);
	tcase_add_test(tcase, every_counter_has_a_name);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
