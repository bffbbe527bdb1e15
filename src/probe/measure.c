/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps are:
 * - Write the file.
 * - Read the file back and compare it.
 * - If the reads reach a disk: try RWF_NOWAIT, measure random reads, and run the calibration of ranged.
 *
 * A cell is a measurement of random reads with one read size and one number of reads in flight. The cells of one size
 * are measured with an increasing number of reads in flight. A cell is skipped if the throughput of the previous cell
 * shows that it would take too long. So the measurement of a disk with 50 reads per second does not take minutes.
 *
 * The caller owns the result. The program has one thread.
 */
#include "probe/measure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/escape.h"
#include "probe/io.h"

#define STORAGE_FAULT 1 /* exit status */
#define TRANSFER_DEPTH 8
#define MIN_BYTES (UINT64_C(16) << 20) /* minimum size of a shortened file */
#define NOWAIT_READS 256
#define NOWAIT_DEPTH 8
#define NOWAIT_NS (CLOCK_NS_PER_S / 2)
#define CALIBRATE_MS 1000   /* longer than in ranged, because ranged must start quickly */
#define BUFFERED_SHARE 0.05 /* a smaller share of the file can be in the page cache by chance */

struct measure {
	const struct probe_options *options;
	struct probe_result *result;
	struct probe_io *io;
	uint64_t seed;
	struct probe_times submits; /* durations of io_submit for all reads */
};

static struct probe_job job_of(const struct measure *measure)
{
	const struct probe_file *file = &measure->result->file;

	return (struct probe_job){
		.fd = file->fd,
		.file_bytes = file->bytes,
		.alignment = file->offset_alignment,
		.memory_alignment = file->memory_alignment,
		.seed = measure->seed,
		.bytes = PROBE_IO_BYTES_MAX,
		.depth = TRANSFER_DEPTH,
	};
}

static int report_fault(const struct measure *measure, const struct probe_fault *fault)
{
	const char *directory = measure->result->file.directory, *what = fault->write ? "write" : "read";

	if (fault->error != 0)
		escape_print_line(stderr,
				  "ranged-probe: %s: %s of %zu bytes at offset %" PRIu64 " failed: %s (errno %d)",
				  directory, what, fault->asked, fault->offset, strerror(-fault->error), -fault->error);
	else if (fault->wrong)
		escape_print_line(stderr,
				  "ranged-probe: %s: the byte at offset %" PRIu64
				  " differs from the byte that was written",
				  directory, fault->offset);
	else
		escape_print_line(stderr, "ranged-probe: %s: short %s at offset %" PRIu64 ": %zu of %zu bytes",
				  directory, what, fault->offset, fault->got, fault->asked);
	return STORAGE_FAULT;
}

static int report_error(const struct measure *measure, const char *what, int error, int status)
{
	escape_print_line(stderr, "ranged-probe: %s: %s: %s (errno %d)", measure->result->file.directory, what,
			  strerror(-error), -error);
	return status;
}

static void progress(const struct measure *measure, const char *step)
{
	if (measure->options->progress != NULL)
		measure->options->progress(step);
}

/* --- the steps --- */

static int make_io(struct measure *measure)
{
	int error = probe_io_new(&measure->io);

	if (error == -EAGAIN)
		return report_error(measure, "not enough asynchronous I/O slots; raise fs.aio-max-nr", error, EX_OSERR);
	if (error != 0)
		return report_error(measure, "cannot start the I/O engine", error, EX_OSERR);
	if (getrandom(&measure->seed, sizeof(measure->seed), 0) < 0)
		measure->seed = clock_now_ns();
	return 0;
}

/* Truncates the file to the part that was written in time. */
static int shorten(struct measure *measure, uint64_t written)
{
	struct probe_result *result = measure->result;
	int error;

	if (written == result->file.bytes)
		return 0;
	result->shortened = true;
	error = probe_file_shorten(&result->file, written);
	return error == 0 ? 0 : report_error(measure, "cannot shorten the file", error, STORAGE_FAULT);
}

static int write_file(struct measure *measure)
{
	struct probe_result *result = measure->result;
	struct probe_job least = job_of(measure), rest;

	progress(measure, "writing");
	least.write = true;
	rest = least;
	least.count_max = MIN_BYTES / PROBE_IO_BYTES_MAX;
	if (!probe_io_run(measure->io, &least))
		return report_fault(measure, &least.fault);
	rest.begun = least.begun;
	rest.time_ns = measure->options->write_ns_max;
	if (!probe_io_run(measure->io, &rest))
		return report_fault(measure, &rest.fault);
	result->write = (struct probe_transfer){ least.done_bytes + rest.done_bytes, least.spent_ns + rest.spent_ns };
	return shorten(measure, result->write.bytes);
}

static int sync_file(struct measure *measure)
{
	uint64_t start_ns = clock_now_ns();
	int error;

	progress(measure, "waiting for fsync");
	error = probe_file_sync(&measure->result->file);
	measure->result->fsync_ns = clock_now_ns() - start_ns;
	return error == 0 ? 0 : report_error(measure, "fsync failed", error, STORAGE_FAULT);
}

static int verify_file(struct measure *measure)
{
	struct probe_job job = job_of(measure);

	progress(measure, "reading back");
	job.compare = true;
	job.submit_times = &measure->submits;
	if (!probe_io_run(measure->io, &job))
		return report_fault(measure, &job.fault);
	measure->result->verify = (struct probe_transfer){ job.done_bytes, job.spent_ns };
	return 0;
}

static int try_nowait(struct measure *measure)
{
	struct probe_job job = job_of(measure);

	progress(measure, "trying RWF_NOWAIT");
	job.bytes = probe_size_bytes(PROBE_SIZE_64K);
	job.depth = NOWAIT_DEPTH;
	job.random = job.nowait = true;
	job.count_max = NOWAIT_READS;
	job.time_ns = NOWAIT_NS;
	if (job.bytes % job.alignment != 0)
		return 0;
	if (!probe_io_run(measure->io, &job))
		return report_fault(measure, &job.fault);
	measure->result->nowait = (struct probe_nowait){ job.begun, job.eagain, job.unsupported };
	return 0;
}

static void add_times(struct probe_times *sum, const struct probe_times *times)
{
	for (unsigned i = 0; i < PROBE_TIMES_BUCKETS; i++)
		sum->counts[i] += times->counts[i];
	sum->count += times->count;
	sum->longest_ns = times->longest_ns > sum->longest_ns ? times->longest_ns : sum->longest_ns;
}

static int measure_cell(struct measure *measure, unsigned size, unsigned depth)
{
	struct probe_cell *cell = &measure->result->cells[size][depth];
	struct probe_job job = job_of(measure);
	struct probe_times times = { 0 }, submits = { 0 };

	job.bytes = probe_size_bytes(size);
	job.depth = 1u << depth;
	job.random = true;
	job.time_ns = measure->options->cells_ns / (PROBE_SIZES * PROBE_DEPTHS);
	job.times = &times;
	job.submit_times = &submits;
	if (!probe_io_run(measure->io, &job))
		return report_fault(measure, &job.fault);
	*cell = (struct probe_cell){
		.reads = job.count,
		.bytes_per_s = (double)job.done_bytes * (double)CLOCK_NS_PER_S / (double)job.spent_ns,
		.p50_ns = probe_times_quantile_ns(&times, 50),
		.p99_ns = probe_times_quantile_ns(&times, 99),
		.submit_p50_ns = probe_times_quantile_ns(&submits, 50),
	};
	add_times(&measure->submits, &submits);
	return 0;
}

/*
 * Returns true if, at the throughput of the previous cell, one round of reads would take longer than the time for two
 * cells.
 */
static bool takes_too_long(const struct measure *measure, unsigned size, unsigned depth)
{
	const struct probe_cell *before = depth == 0 ? NULL : &measure->result->cells[size][depth - 1];
	double slice_ns = (double)measure->options->cells_ns / (PROBE_SIZES * PROBE_DEPTHS);

	if (before == NULL)
		return false;
	return before->reads == 0 ||
	       (double)(probe_size_bytes(size) << depth) / before->bytes_per_s * (double)CLOCK_NS_PER_S > 2 * slice_ns;
}

static int measure_cells(struct measure *measure)
{
	int status = 0;

	progress(measure, "measuring");
	for (unsigned size = 0; size < PROBE_SIZES; size++) {
		for (unsigned depth = 0; depth < PROBE_DEPTHS && status == 0; depth++) {
			if (probe_size_bytes(size) % measure->result->file.offset_alignment == 0 &&
			    !takes_too_long(measure, size, depth))
				status = measure_cell(measure, size, depth);
		}
	}
	return status;
}

static int calibrate(struct measure *measure)
{
	struct probe_result *result = measure->result;
	int error;

	progress(measure, "calibrating");
	error = calibrate_run(result->file.fd, result->file.bytes, result->file.offset_alignment, CALIBRATE_MS,
			      &result->calibration);
	return error == 0
		       ? 0
		       : report_error(measure, "calibration failed", error, error == -EIO ? STORAGE_FAULT : EX_OSERR);
}

/* Detects reads through the page cache, in which case no disk can be measured. */
static int judge_direct(struct measure *measure)
{
	struct probe_result *result = measure->result;

	result->resident = probe_file_resident(&result->file);
	if (result->file.direct == PROBE_DIRECT_REAL && result->resident > BUFFERED_SHARE)
		result->file.direct = PROBE_DIRECT_BUFFERED;
	result->measured = result->file.direct == PROBE_DIRECT_REAL || result->file.direct == PROBE_DIRECT_BUFFERED;
	return 0;
}

static int measure_lookups(struct measure *measure)
{
	struct probe_result *result = measure->result;
	int error;

	progress(measure, "looking names up");
	error = probe_lookups_measure(result->file.directory, result->file.mount.type, &result->lookups);
	return error == 0 ? 0 : report_error(measure, "cannot read the directory", error, EX_NOINPUT);
}

static void summarise_submits(struct measure *measure)
{
	struct probe_submits *submits = &measure->result->submits;
	const struct probe_times *times = &measure->submits;

	submits->count = times->count;
	for (unsigned i = probe_times_bucket(PROBE_SLOW_SUBMIT_NS); i < PROBE_TIMES_BUCKETS; i++)
		submits->slow_count += times->counts[i];
	submits->p50_ns = probe_times_quantile_ns(times, 50);
	submits->p99_ns = probe_times_quantile_ns(times, 99);
	submits->longest_ns = times->longest_ns;
}

static int run_steps(struct measure *measure)
{
	static int (*const always[])(struct measure *) = { measure_lookups, make_io,	 write_file,
							   sync_file,	    verify_file, judge_direct };
	static int (*const on_disks[])(struct measure *) = { try_nowait, measure_cells, calibrate, judge_direct };
	int status = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && status == 0; i++)
		status = always[i](measure);
	if (status != 0 || !measure->result->measured)
		return status;
	for (size_t i = 0; i < sizeof(on_disks) / sizeof(on_disks[0]) && status == 0; i++)
		status = on_disks[i](measure);
	summarise_submits(measure);
	return status;
}

int probe_measure_run(const struct probe_options *options, struct probe_result *result)
{
	struct measure *measure = calloc(1, sizeof(*measure));
	int status;

	*result = (struct probe_result){ .file = { .fd = -1 } };
	if (measure == NULL)
		return EX_OSERR;
	measure->options = options;
	measure->result = result;
	status = probe_file_open(&result->file, options->directory, options->bytes);
	if (status == 0)
		status = run_steps(measure);
	progress(measure, NULL);
	probe_io_free(measure->io);
	free(measure);
	return status;
}
