/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that ranged-probe measures with: it has no name, so nothing can be left behind; and what its filesystem says
 * of itself. */
#ifndef PROBE_FILE_H
#define PROBE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/mount.h"

enum probe_direct {
	PROBE_DIRECT_REAL,     /* O_DIRECT, past the page cache as far as is known */
	PROBE_DIRECT_BUFFERED, /* it can be asked for, but the data go through the page cache all the same */
	PROBE_DIRECT_MEMORY,   /* tmpfs, ramfs: the page cache is where the file is */
	PROBE_DIRECT_NONE,     /* the filesystem refuses it */
};

struct probe_file {
	const char *folder;
	int fd;
	uint64_t bytes;
	enum probe_direct direct;
	bool alignment_known;	   /* STATX_DIOALIGN says it; else it is assumed */
	uint32_t offset_alignment; /* powers of two */
	uint32_t memory_alignment;
	struct probe_mount mount;
	unsigned major, minor;
};

/*
 * Makes it: `bytes` long, a multiple of 1 MiB, its room allocated where the filesystem can do that. 0, or an exit
 * status of sysexits.h after saying on stderr what is in the way. The caller owns file->fd.
 */
int probe_file_open(struct probe_file *file, const char *folder, uint64_t bytes);

/* Ends it at `bytes`. 0 or -errno. */
int probe_file_cut(struct probe_file *file, uint64_t bytes);

/* fsync, then out of the page cache as far as any user can have it. 0 or -errno. BLOCKS. */
int probe_file_settle(const struct probe_file *file);

/* The share of the file that is in the page cache, 0 … 1; negative if the system does not say. */
double probe_file_resident(const struct probe_file *file);

#endif
