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
#define CALIBRATE_BUDGET_MS 200u /* Default budget. */

struct calibration {
	/* The smallest power of two, 4 to 128, of reads in flight that reaches 90 % of the best throughput. */
	unsigned knee;
	/*
	 * Limit of reads in flight: four times the knee, because most reads are smaller than in the trial; at most 128.
	 */
	unsigned depth;
	/* Limit of bytes in flight: four times those of the knee, 16 MiB to 64 MiB. */
	uint64_t depth_bytes;
	double iops;	    /* Reads of 64 KiB per second at the knee. */
	double bytes_per_s; /* Bytes per second at the knee. */
};

/*
 * Reads 64 KiB at random offsets of an open O_DIRECT file, with 1, 2, 4 ... 128 reads at a time. Each depth takes an
 * eighth of budget_ms. `alignment` is that of the offsets, a power of two up to 64 KiB. `size_bytes` is the size of the
 * file. The caller keeps the descriptor. BLOCKS: only on an offload thread or during the start. Uses a libaio context
 * (128 of fs.aio-max-nr) and 8 MiB of memory while it runs.
 *
 * Takes budget_ms, or less than twice as long. On a slow device it omits the greater depths, and *result is the best of
 * the measured depths. It waits only for reads in flight, however long they take: a device that hangs blocks the
 * caller.
 *
 * Returns 0 and sets *result, or returns -errno. -EINVAL: the file is smaller than 4 MiB, the budget is 0, or the
 * alignment is invalid. -EAGAIN: fs.aio-max-nr is used up. -EIO: also if the file was truncated. -ENOMEM, or another
 * error of a read.
 */
int calibrate_run(int fd, uint64_t size_bytes, uint32_t alignment, unsigned budget_ms, struct calibration *result);

#endif
