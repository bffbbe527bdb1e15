/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of all statistics. /metrics (metrics.c), /status (status.c) and the report of SIGUSR2 (report.c) are
 * rendered from this table only. To add a statistic, add one row to the table and an entry to ranged(8).
 *
 * The scope of a row is the kind of item that the row describes. For example, a row of the scope "device" stands for
 * one value of each device. A row with a set has several values for each item, one for each member of the set, such as
 * the reasons of a rejection. The members are labels in /metrics, keys in /status and fields in the report.
 */
#ifndef ADMIN_STATISTICS_H
#define ADMIN_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/snapshot.h"

enum statistics_type { STATISTICS_GAUGE, STATISTICS_COUNTER, STATISTICS_HISTOGRAM };

enum statistics_scope {
	STATISTICS_PROCESS, /* one item; the root object of /status */
	STATISTICS_ROOT,    /* struct snapshot_root; "root_list" */
	STATISTICS_DEVICE,  /* struct device; "devices" in /status */
	STATISTICS_WORKER,  /* struct worker_report; "workers" */
	STATISTICS_LOG,	    /* struct log_stats; "logs" */
	STATISTICS_SCOPES
};

enum statistics_kind {
	STATISTICS_NUMBER,
	STATISTICS_US,	  /* a time in nanoseconds: seconds in /metrics, microseconds in /status and in the report */
	STATISTICS_MS,	  /* a time in nanoseconds: seconds in /metrics, milliseconds in /status and in the report */
	STATISTICS_RATIO, /* a real number */
	STATISTICS_TRUTH, /* a bool: 0 or 1 in /metrics */
	STATISTICS_TEXT,  /* a text: the value of a label in /metrics, in a sample whose value is 1 */
	STATISTICS_TIMES, /* a struct histogram */
};

/* A set of members, such as the request methods. */
struct statistics_set {
	const char *label; /* name of the label in /metrics */
	unsigned count;
	const char *(*name)(unsigned member); /* NULL: the name of a member is its number */
};

struct statistics_row {
	/*
	 * Members for /metrics. Rows of one family are adjacent. The first row of a family has the type and the help
	 * text.
	 */
	const char *family; /* NULL: not in /metrics */
	enum statistics_type type;
	const char *help;
	/* An additional label with a constant value. If label_value is NULL, text() returns the value. */
	const char *label, *label_value;
	/* Member for /status. */
	const char *path; /* path in the object of the item, such as "connections.max"; NULL: not in /status */
	/* Members for the report. */
	const char *line;  /* the word after "stats"; NULL: not in the report. Rows of one line are adjacent. */
	const char *field; /* name of the field; if NULL, each member of the set is a field */
	/* Members that describe the value. */
	enum statistics_scope scope;
	enum statistics_kind kind;
	const struct statistics_set *set;     /* NULL: one value for each item */
	const struct statistics_set *columns; /* a second set; the row has a value for each pair of members */
	bool sparse;			      /* values of 0 are omitted */
	size_t offset, bytes;		      /* offset of the first value in the item; size of each value */
	/* Functions that compute the value. If the function for the kind is NULL, the value is read at the offset. */
	uint64_t (*number)(const struct snapshot *snapshot, unsigned item, unsigned member);
	double (*ratio)(const struct snapshot *snapshot);
	const char *(*text)(const struct snapshot *snapshot, unsigned item);
};

/* Any thread may read the table, because it is constant. */
extern const struct statistics_row statistics_table[];
extern const unsigned statistics_count; /* number of rows */

/* Returns the number of items of a scope. The scope of the process has 1 item. */
unsigned statistics_items(const struct snapshot *snapshot, enum statistics_scope scope);
/*
 * Returns the label that names the items of a scope in /metrics: "root", "device", "worker" or "log". Returns NULL for
 * the process.
 */
const char *statistics_item_label(enum statistics_scope scope);

#define STATISTICS_NAME_BYTES 12
/*
 * Returns the name of an item, such as "8:0" for a device, "1" for a worker, or the name of a log. Returns "" for the
 * process. The name is valid as long as both the snapshot and the buffer.
 */
const char *statistics_item_name(const struct snapshot *snapshot, enum statistics_scope scope, unsigned item,
				 char buffer[STATISTICS_NAME_BYTES]);
/* Returns the name of a member of a set. The name is valid as long as the buffer. */
const char *statistics_member_name(const struct statistics_set *set, unsigned member,
				   char buffer[STATISTICS_NAME_BYTES]);

/*
 * Return one value of a row. statistics_number() is for the kinds NUMBER, US, MS and TRUTH; it returns times in
 * nanoseconds. The other functions are for RATIO, TEXT and TIMES. `member` is an index into the set, or 0 without a
 * set. In a row with two sets, `member` is (index into `set`) * columns->count + (index into `columns`).
 * statistics_text() may return NULL. Histogram and text are valid as long as the snapshot. Thread-safe.
 */
uint64_t statistics_number(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item,
			   unsigned member);
/* Returns the same number in the unit of /status and of the report: US in microseconds, MS in milliseconds. */
uint64_t statistics_number_in_unit(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item,
				   unsigned member);
double statistics_ratio(const struct statistics_row *row, const struct snapshot *snapshot);
const char *statistics_text(const struct statistics_row *row, const struct snapshot *snapshot, unsigned item);
const struct histogram *statistics_times(const struct statistics_row *row, const struct snapshot *snapshot,
					 unsigned item);

#endif
