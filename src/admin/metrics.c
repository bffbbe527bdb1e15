/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the table of statistics.h and writes each row that has a family. A family starts with its HELP and TYPE lines,
 * which are directly followed by all of its samples. The labels of a sample are, in this order: the item (device,
 * worker, log), the constant label of the row, and the members of its sets.
 *
 * The two formats differ in two points. In OpenMetrics, the name of a counter family has no "_total" although its
 * samples have it, and the text ends with "# EOF". The functions run on the thread of the connection and keep no memory
 * between calls.
 */
#include "admin/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/statistics.h"
#include "base/clock.h"
#include "base/escape.h"
#include "http/negotiate.h"

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define LABELS_MAX 8
#define LABEL_BYTES 4096 /* maximum length of a value */

struct output {
	struct text *text;
	const struct snapshot *snapshot;
	bool openmetrics;
	const char *family; /* the current family */
};

/* The labels of one sample. The caller owns the strings. */
struct labels {
	unsigned count;
	const char *names[LABELS_MAX], *values[LABELS_MAX];
};

void metrics_label(struct text *text, const char *value)
{
	char clean[LABEL_BYTES];
	const size_t length = escape_put(clean, sizeof(clean), value, strlen(value), ESCAPE_MESSAGE);

	for (size_t i = 0; i < length; i++) {
		if (clean[i] == '"' || clean[i] == '\\')
			text_puts(text, "\\");
		text_put(text, clean + i, 1);
	}
}

static void add_label(struct labels *labels, const char *name, const char *value)
{
	if (name == NULL)
		return;
	labels->names[labels->count] = name;
	labels->values[labels->count++] = value != NULL ? value : "";
}

static void begin_family(struct output *output, const struct statistics_row *row)
{
	static const char *const types[] = {
		[STATISTICS_GAUGE] = "gauge", [STATISTICS_COUNTER] = "counter", [STATISTICS_HISTOGRAM] = "histogram"
	};
	size_t length = strlen(row->family);

	if (output->openmetrics && row->type == STATISTICS_COUNTER)
		length -= strlen("_total");
	text_printf(output->text, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)length, row->family, row->help, (int)length,
		    row->family, types[row->type]);
	output->family = row->family;
}

/* Writes the name and the labels of a sample, and the blank before the value. */
static void put_name(struct output *output, const char *suffix, const struct labels *labels)
{
	text_printf(output->text, "%s%s", output->family, suffix);
	for (unsigned i = 0; i < labels->count; i++) {
		text_printf(output->text, "%s%s=\"", i == 0 ? "{" : ",", labels->names[i]);
		metrics_label(output->text, labels->values[i]);
		text_puts(output->text, "\"");
	}
	text_puts(output->text, labels->count > 0 ? "} " : " ");
}

static void put_seconds(struct output *output, uint64_t ns)
{
	text_printf(output->text, "%" PRIu64 ".%09" PRIu64 "\n", ns / CLOCK_NS_PER_S, ns % CLOCK_NS_PER_S);
}

/* Writes the cumulative buckets. The count is computed as the sum of the buckets, so that both agree. */
static void put_histogram(struct output *output, const struct labels *labels, const struct histogram *histogram)
{
	uint64_t below = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		struct labels with_bound = *labels;
		char bound[32] = "+Inf";

		if (i + 1 < HISTOGRAM_BUCKETS)
			snprintf(bound, sizeof(bound), "%.9g", (double)histogram_upper_us(i) / 1e6);
		add_label(&with_bound, "le", bound);
		below += counter_read(&histogram->counts[i]);
		put_name(output, "_bucket", &with_bound);
		text_printf(output->text, "%" PRIu64 "\n", below);
	}
	put_name(output, "_sum", labels);
	put_seconds(output, counter_read(&histogram->sum_ns));
	put_name(output, "_count", labels);
	text_printf(output->text, "%" PRIu64 "\n", below);
}

static void put_sample(struct output *output, const struct statistics_row *row, const struct labels *labels,
		       unsigned item, unsigned member)
{
	uint64_t number;

	if (row->kind == STATISTICS_TIMES) {
		put_histogram(output, labels, statistics_times(row, output->snapshot, item));
		return;
	}
	if (row->kind == STATISTICS_RATIO) {
		put_name(output, "", labels);
		text_printf(output->text, "%.9g\n", statistics_ratio(row, output->snapshot));
		return;
	}
	number = statistics_number(row, output->snapshot, item, member);
	if (row->sparse && number == 0)
		return;
	put_name(output, "", labels);
	if (row->kind == STATISTICS_US || row->kind == STATISTICS_MS)
		put_seconds(output, number);
	else
		text_printf(output->text, "%" PRIu64 "\n", number);
}

/* Writes the samples of one item. There is one sample for each member of the set, or for each pair of members. */
static void put_members(struct output *output, const struct statistics_row *row, const struct labels *item_labels,
			unsigned item)
{
	const struct statistics_set *set = row->set, *columns = row->columns;
	const unsigned width = columns != NULL ? columns->count : 1, count = set != NULL ? set->count * width : 1;

	for (unsigned i = 0; i < count; i++) {
		char member[STATISTICS_NAME_BYTES], column[STATISTICS_NAME_BYTES];
		struct labels labels = *item_labels;

		add_label(&labels, row->label, row->label_value);
		if (set != NULL)
			add_label(&labels, set->label, statistics_member_name(set, i / width, member));
		if (columns != NULL)
			add_label(&labels, columns->label, statistics_member_name(columns, i % width, column));
		put_sample(output, row, &labels, item, i);
	}
}

/* Writes the only sample that an item has in an info family. Its labels are the texts of all rows of the family. */
static void put_info(struct output *output, const struct statistics_row *row, struct labels labels, unsigned item)
{
	const struct statistics_row *end = statistics_table + statistics_count;

	for (; row < end && row->family != NULL && strcmp(row->family, output->family) == 0; row++)
		add_label(&labels, row->label, statistics_text(row, output->snapshot, item));
	put_name(output, "", &labels);
	text_puts(output->text, "1\n");
}

static void put_row(struct output *output, const struct statistics_row *row, bool first)
{
	const unsigned items = statistics_items(output->snapshot, row->scope);

	for (unsigned item = 0; item < items; item++) {
		char name[STATISTICS_NAME_BYTES];
		struct labels labels = { 0 };

		add_label(&labels, statistics_item_label(row->scope),
			  statistics_item_name(output->snapshot, row->scope, item, name));
		if (row->kind != STATISTICS_TEXT)
			put_members(output, row, &labels, item);
		else if (first)
			put_info(output, row, labels, item);
	}
}

void metrics_write(struct text *text, const struct snapshot *snapshot, bool openmetrics)
{
	struct output output = { .text = text, .snapshot = snapshot, .openmetrics = openmetrics };

	for (unsigned i = 0; i < statistics_count; i++) {
		const struct statistics_row *row = &statistics_table[i];
		bool first;

		if (row->family == NULL)
			continue;
		first = output.family == NULL || strcmp(row->family, output.family) != 0;
		if (first)
			begin_family(&output, row);
		put_row(&output, row, first);
	}
	if (openmetrics)
		text_puts(text, "# EOF\n");
}

/*
 * Returns true if the client accepts OpenMetrics with a quality that is not lower than that of the plain text format.
 */
static bool prefers_openmetrics(const char *accept)
{
	return strcasestr(accept, "application/openmetrics-text") != NULL &&
	       negotiate_type(accept, "application/openmetrics-text") >= negotiate_type(accept, "text/plain");
}

void metrics_answer(struct admin_call *call)
{
	const bool openmetrics = prefers_openmetrics(call->accept);
	struct text text = { 0 };
	struct snapshot *snapshot;

	if (snapshot_take(&snapshot, call->process, false) != 0) {
		admin_call_answer_owned(call, 200, NULL, NULL, 0);
		return;
	}
	metrics_write(&text, snapshot, openmetrics);
	snapshot_free(snapshot);
	if (text.failed)
		text_fini(&text);
	admin_call_answer_owned(call, 200, openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT, text.bytes, text.used);
}
