/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many reads in flight a device wants: a short trial on a file that lies on it. */
#ifndef ENGINE_CALIBRATE_H
#define ENGINE_CALIBRATE_H

#include <stdint.h>

#define CALIBRATE_READ_BYTES 65536u
#define CALIBRATE_DEPTH_MIN 4u
#define CALIBRATE_DEPTH_MAX 128u
#define CALIBRATE_FILE_MIN_BYTES (UINT64_C(4) << 20)
#define CALIBRATE_BUDGET_MS 200u /* what a caller takes who knows nothing better */

struct calibration {
	unsigned knee;	/* the smallest power of two, 4 … 128, of reads in flight with 90 % of the best throughput */
	unsigned depth; /* reads in flight to allow: four times as many, as most reads are smaller; at most 128 */
	uint64_t depth_bytes; /* bytes in flight to allow: four times those of the knee, 16 MiB … 64 MiB */
	double iops;	      /* reads of 64 KiB a second at the knee */
	double bytes_per_s;   /* the same in bytes */
};

/*
 * Reads 64 KiB at random places of an open O_DIRECT file, by 1, 2, 4 … 128 at a time, each for an eighth of budget_ms.
 * BLOCKS: an offload thread, or at start only. It has a libaio context (128 of fs.aio-max-nr) and 8 MiB of its own
 * while it runs; fd stays the caller's. alignment: of offsets, a power of two up to 64 KiB; size_bytes: of the file.
 *
 * Takes budget_ms or less than twice that: on a slow device the greater depths are left out and *result is the best of
 * what was seen. Only reads in flight are waited for, however long they take: a device that hangs holds the caller.
 *
 * 0 with *result, or -errno: -EINVAL (a file below 4 MiB, no budget, an alignment that is none), -EAGAIN (fs.aio-max-nr
 * is used up), -ENOMEM, -EIO (also for a file that has become shorter) and whatever else the device answers to a read.
 */
int calibrate_run(int fd, uint64_t size_bytes, uint32_t alignment, unsigned budget_ms, struct calibration *result);

#endif
