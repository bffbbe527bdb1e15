/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of ranged-probe and their results. The functions must be called by one thread. */
#ifndef PROBE_MEASURE_H
#define PROBE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/calibrate.h"
#include "probe/file.h"
#include "probe/lookups.h"

#define PROBE_SIZES 5  /* 4 KiB, 16 KiB … 1 MiB */
#define PROBE_DEPTHS 8 /* 1, 2, 4 … 128 */
#define PROBE_SIZE_64K 2
#define PROBE_SLOW_SUBMIT_NS UINT64_C(20000000) /* the limit that ranged uses for slow calls */

static inline size_t probe_size_bytes(unsigned size)
{
	return (size_t)4096 << 2 * size;
}

/* Random reads of one size, with a constant number in flight. */
struct probe_cell {
	uint64_t reads; /* 0: the cell was skipped, because it would take too long */
	double bytes_per_s;
	uint64_t p50_ns, p99_ns;
	uint64_t submit_p50_ns; /* duration of io_submit itself */
};

struct probe_transfer {
	uint64_t bytes, spent_ns;
};

struct probe_submits {
	uint64_t count, slow_count; /* slow: a duration of PROBE_SLOW_SUBMIT_NS or more */
	uint64_t p50_ns, p99_ns, longest_ns;
};

struct probe_nowait {
	uint64_t reads, eagain, unsupported; /* unsupported: EOPNOTSUPP */
};

struct probe_result {
	struct probe_file file;
	struct probe_lookups lookups;
	struct probe_transfer write, verify;
	uint64_t fsync_ns;
	bool shortened;	 /* the file is smaller than requested, because writing took too long */
	double resident; /* share of the file in the page cache after reading; negative: unknown */
	bool measured;	 /* true: the reads reach a disk, and the following members are set */
	struct probe_submits submits;
	struct probe_nowait nowait;
	struct probe_cell cells[PROBE_SIZES][PROBE_DEPTHS];
	struct calibration calibration;
};

struct probe_options {
	const char *directory;
	uint64_t bytes;	       /* size of the file, a multiple of 1 MiB */
	uint64_t write_ns_max; /* after this time, the file is truncated; 0: no limit */
	uint64_t cells_ns;     /* duration of the measurement of all cells */
	void (*progress)(
		const char *step); /* called at the start of each step, and with NULL at the end; may be NULL */
};

/*
 * Runs all steps. Returns 0, or prints the reason on standard error and returns an exit status. The status is 1 for a
 * fault of the storage, otherwise a status of sysexits.h. The caller closes result->file.fd unless it is -1.
 */
int probe_measure_run(const struct probe_options *options, struct probe_result *result);

#endif
