/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the measurements mean for ranged: the verdict, and what the operator should know. Both reports say it by this.
 */
#ifndef PROBE_VERDICT_H
#define PROBE_VERDICT_H

#include "probe/measure.h"

#define PROBE_WARNINGS_MAX 8

enum probe_suitability { PROBE_WELL, PROBE_WITH_CARE, PROBE_POORLY };

enum probe_blocking {
	PROBE_BLOCKS_NEVER,
	PROBE_BLOCKS_SOMETIMES, /* it was seen to wait for the disk now and then */
	PROBE_BLOCKS_ALWAYS,	/* it is the read: it returns when the data are there */
};

struct probe_warning {
	const char *id;
	char text[256];
};

struct probe_limits {
	uint64_t aio_max, aio_used;	   /* 0 0: not known */
	uint64_t files_soft, files_hard;   /* RLIMIT_NOFILE; UINT64_MAX: none */
	uint64_t aio_needed, files_needed; /* by ranged with its defaults and the depth recommended here */
};

struct probe_verdict {
	enum probe_suitability suitability;
	enum probe_blocking blocking;
	uint64_t read_p50_ns; /* what blocking is measured by: one read of 64 KiB alone */
	struct probe_limits limits;
	struct probe_warning warnings[PROBE_WARNINGS_MAX];
	unsigned warning_count;
};

/* 0 or -ENOMEM. */
int probe_verdict_reach(const struct probe_result *result, struct probe_verdict *verdict);

/* The words of the JSON report. */
const char *probe_verdict_suitability(enum probe_suitability suitability);
const char *probe_verdict_blocking(enum probe_blocking blocking);
const char *probe_verdict_direct(enum probe_direct direct);

#endif
