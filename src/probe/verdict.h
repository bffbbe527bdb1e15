/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conclusions from the measurements: a verdict, and warnings for the operator. Both reports show these conclusions.
 */
#ifndef PROBE_VERDICT_H
#define PROBE_VERDICT_H

#include "probe/measure.h"

#define PROBE_WARNINGS_MAX 12

enum probe_suitability { PROBE_WELL, PROBE_WITH_CARE, PROBE_POORLY };

enum probe_blocking {
	PROBE_BLOCKS_NEVER,
	PROBE_BLOCKS_SOMETIMES, /* some calls waited for the disk */
	PROBE_BLOCKS_ALWAYS,	/* each call returns after the data have been read */
};

struct probe_warning {
	const char *id;
	char text[384];
};

struct probe_limits {
	uint64_t aio_max, aio_used;	   /* fs.aio-max-nr and fs.aio-nr; both are 0 if unknown */
	uint64_t files_soft, files_hard;   /* RLIMIT_NOFILE; UINT64_MAX: unlimited */
	uint64_t aio_needed, files_needed; /* the needs of ranged with its default settings and the recommended depth */
};

struct probe_verdict {
	enum probe_suitability suitability;
	enum probe_blocking blocking;
	uint64_t read_p50_ns; /* median duration of a single read of 64 KiB, the reference for `blocking` */
	struct probe_limits limits;
	struct probe_warning warnings[PROBE_WARNINGS_MAX];
	unsigned warning_count;
};

/* Derives the verdict. Returns 0 or -ENOMEM. */
int probe_verdict_reach(const struct probe_result *result, struct probe_verdict *verdict);

/* Return the word for a value in the JSON report. */
const char *probe_verdict_suitability(enum probe_suitability suitability);
const char *probe_verdict_blocking(enum probe_blocking blocking);
const char *probe_verdict_direct(enum probe_direct direct);

#endif
