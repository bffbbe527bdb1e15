/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logs the table of statistics.h. Adjacent rows with the same `line` become one log line for each item, such as each
 * device: "stats device 8:0 depth=32 ...". A row that has both a set and a field becomes further log lines, one for
 * each member of the set: "stats worker 0 http stalls=0". A histogram becomes three fields, whose names end in _p50,
 * _p99 and _sum.
 *
 * Sizes are in bytes and times in microseconds. The report is written on the main thread, which handles the signal.
 */
#include "admin/report.h"

#include <inttypes.h>
#include <string.h>

#include "admin/statistics.h"
#include "base/log.h"
#include "base/text.h"

/* The rows of one line, from `first` to the row before `end`. The range may also contain rows without a line. */
struct group {
	const struct snapshot *snapshot;
	unsigned first, end;
};

static void put_histogram(struct text *text, const char *field, const struct histogram *histogram)
{
	text_printf(text, " %s_p50=%" PRIu64 " %s_p99=%" PRIu64 " %s_sum=%" PRIu64, field,
		    histogram_quantile_us(histogram, 500), field, histogram_quantile_us(histogram, 990), field,
		    counter_read(&histogram->sum_ns) / 1000);
}

static void put_field(struct text *text, const struct statistics_row *row, const struct snapshot *snapshot,
		      const char *field, unsigned item, unsigned member)
{
	switch (row->kind) {
	case STATISTICS_TIMES:
		put_histogram(text, field, statistics_times(row, snapshot, item));
		break;
	case STATISTICS_RATIO:
		text_printf(text, " %s=%.3f", field, statistics_ratio(row, snapshot));
		break;
	case STATISTICS_TEXT:
		text_printf(text, " %s=%s", field, statistics_text(row, snapshot, item));
		break;
	default:
		text_printf(text, " %s=%" PRIu64, field, statistics_number_in_unit(row, snapshot, item, member));
	}
}

static void put_subject(struct text *text, const struct group *group, unsigned item)
{
	const struct statistics_row *row = &statistics_table[group->first];
	char name[STATISTICS_NAME_BYTES];

	text_printf(text, "stats %s", row->line);
	if (row->scope == STATISTICS_DEVICE || row->scope == STATISTICS_WORKER)
		text_printf(text, " %s", statistics_item_name(group->snapshot, row->scope, item, name));
}

static void log_text(struct text *text)
{
	if (!text->failed)
		log_info("%.*s", (int)text->used, text->bytes);
	text_fini(text);
}

/* Logs the main line of an item. The line contains all values except the values whose members have separate lines. */
static void log_item(const struct group *group, unsigned item)
{
	struct text text = { 0 };

	put_subject(&text, group, item);
	for (unsigned i = group->first; i < group->end; i++) {
		const struct statistics_row *row = &statistics_table[i];

		if (row->line == NULL)
			continue;
		if (row->set == NULL)
			put_field(&text, row, group->snapshot, row->field, item, 0);
		for (unsigned member = 0; row->set != NULL && row->field == NULL && member < row->set->count;
		     member++) {
			char name[STATISTICS_NAME_BYTES];

			put_field(&text, row, group->snapshot, statistics_member_name(row->set, member, name), item,
				  member);
		}
	}
	log_text(&text);
}

/* Returns the set whose members have separate lines, or NULL. A group has at most one such set. */
static const struct statistics_set *line_set(const struct group *group)
{
	for (unsigned i = group->first; i < group->end; i++)
		if (statistics_table[i].line != NULL && statistics_table[i].set != NULL &&
		    statistics_table[i].field != NULL)
			return statistics_table[i].set;
	return NULL;
}

static void log_member(const struct group *group, const struct statistics_set *set, unsigned item, unsigned member)
{
	char name[STATISTICS_NAME_BYTES];
	struct text text = { 0 };

	put_subject(&text, group, item);
	text_printf(&text, " %s", statistics_member_name(set, member, name));
	for (unsigned i = group->first; i < group->end; i++) {
		const struct statistics_row *row = &statistics_table[i];

		if (row->line != NULL && row->set == set && row->field != NULL)
			put_field(&text, row, group->snapshot, row->field, item, member);
	}
	log_text(&text);
}

static void log_group(const struct group *group)
{
	const unsigned items = statistics_items(group->snapshot, statistics_table[group->first].scope);
	const struct statistics_set *set = line_set(group);

	for (unsigned item = 0; item < items; item++) {
		log_item(group, item);
		for (unsigned member = 0; set != NULL && member < set->count; member++)
			log_member(group, set, item, member);
	}
}

/* Returns the end of the group that starts at `first`, which is the row after the last row with the same `line`. */
static unsigned end_of_group(unsigned first)
{
	unsigned end = first + 1;

	for (unsigned i = end; i < statistics_count; i++) {
		if (statistics_table[i].line == NULL)
			continue;
		if (strcmp(statistics_table[i].line, statistics_table[first].line) != 0)
			break;
		end = i + 1;
	}
	return end;
}

void report_log(const struct snapshot *snapshot)
{
	struct group group = { .snapshot = snapshot };

	while (group.first < statistics_count) {
		group.end = group.first + 1;
		if (statistics_table[group.first].line != NULL) {
			group.end = end_of_group(group.first);
			log_group(&group);
		}
		group.first = group.end;
	}
	log_info("stats end");
}
