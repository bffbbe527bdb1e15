/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures how many reads in flight a device needs for its best throughput, with a short trial on a file of the device.
 */
#ifndef ENGINE_CALIBRATE_H
#define ENGINE_CALIBRATE_H

#include <stdint.h>

#define CALIBRATE_READ_BYTES 65536u
#define CALIBRATE_DEPTH_MIN 4u
#define CALIBRATE_DEPTH_MAX 128u
#define CALIBRATE_FILE_MIN_BYTES (UINT64_C(4) << 20)
#define CALIBRATE_BUDGET_MS 200u /* Default duration of a trial. */

struct calibration {
	/*
	 * The smallest number of reads in flight, a power of two from 4 to 128, that reaches 90 % of the best
	 * throughput.
	 */
	unsigned knee;
	/*
	 * Limit of reads in flight: four times the knee, at most 128. The limit exceeds the knee, because most reads
	 * are smaller than the reads of the trial.
	 */
	unsigned depth;
	/* Limit of bytes in flight: four times the bytes in flight at the knee, clamped to 16 MiB to 64 MiB. */
	uint64_t depth_bytes;
	double iops;	    /* Number of 64 KiB reads per second at the knee. */
	double bytes_per_s; /* Bytes per second at the knee. */
};

/*
 * Reads 64 KiB at random offsets of an open O_DIRECT file, with 1, 2, 4 and so on up to 128 reads in flight. Each
 * number of reads is measured for an eighth of budget_ms. `alignment` is the alignment of the offsets, a power of two
 * up to 64 KiB. `size_bytes` is the size of the file. The caller still owns the descriptor. The function blocks, so it
 * is called only on an offload thread or during the start of the process. A trial uses 8 MiB of memory and a libaio
 * context, which counts as 128 events against fs.aio-max-nr.
 *
 * The trial takes about budget_ms, and less than twice budget_ms. On a slow device, the trial omits the greater numbers
 * of reads, and *result describes the best of the measured numbers. The trial waits for reads in flight without a time
 * limit, so a device that hangs blocks the caller.
 *
 * Sets *result and returns 0 on success, or returns an error:
 * - -EINVAL: the file is smaller than 4 MiB, the budget is 0, or the alignment is invalid.
 * - -EAGAIN: fs.aio-max-nr is exhausted.
 * - -EIO: a read failed, or the file was truncated.
 * - -ENOMEM, or another error of a read.
 */
int calibrate_run(int fd, uint64_t size_bytes, uint32_t alignment, unsigned budget_ms, struct calibration *result);

#endif
