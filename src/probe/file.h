/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The temporary file that ranged-probe measures with, and the properties of its filesystem. The file has no name, so
 * the kernel removes it when the process ends. All functions must be called by one thread.
 */
#ifndef PROBE_FILE_H
#define PROBE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/mount.h"

enum probe_direct {
	PROBE_DIRECT_REAL,     /* O_DIRECT bypasses the page cache, or the page cache cannot be observed */
	PROBE_DIRECT_BUFFERED, /* O_DIRECT is accepted, but the data still pass through the page cache */
	PROBE_DIRECT_MEMORY,   /* tmpfs, ramfs: the file consists of the page cache */
	PROBE_DIRECT_NONE,     /* the filesystem rejects O_DIRECT */
};

struct probe_file {
	const char *directory;
	int fd;
	uint64_t bytes;
	enum probe_direct direct;
	bool alignment_known;	   /* STATX_DIOALIGN reported the alignment; otherwise it is assumed */
	uint32_t offset_alignment; /* in bytes, a power of two, as is memory_alignment */
	uint32_t memory_alignment;
	struct probe_mount mount;
	unsigned major, minor;
};

/*
 * Creates the file with a size of `bytes`, a multiple of 1 MiB. Allocates the blocks if the filesystem supports that.
 * Returns 0, or prints the reason on standard error and returns an exit status of sysexits.h. The caller owns file->fd.
 */
int probe_file_open(struct probe_file *file, const char *directory, uint64_t bytes);

/* Truncates the file to `bytes` bytes. Returns 0 or -errno. */
int probe_file_shorten(struct probe_file *file, uint64_t bytes);

/*
 * Calls fsync, then asks the kernel to drop the file from the page cache, which requires no privilege. Blocks. Returns
 * 0 or -errno.
 */
int probe_file_sync(const struct probe_file *file);

/*
 * Returns the share of the file that is in the page cache, from 0 to 1. Returns a negative number if the kernel does
 * not report the share.
 */
double probe_file_resident(const struct probe_file *file);

#endif
