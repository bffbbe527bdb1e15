/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Durations of lookups in the directory that is measured: with the system calls that ranged makes for a name, and with
 * a request to the server on network filesystems. Existing files are looked up, so nothing is written.
 */
#ifndef PROBE_LOOKUPS_H
#define PROBE_LOOKUPS_H

#include <stdbool.h>
#include <stdint.h>

/* Lookups of one kind. Cold: the first lookup of each name by this program. Warm: all later lookups. */
struct probe_lookup {
	uint64_t cold_count, cold_p50_ns, cold_p99_ns;
	uint64_t warm_count, warm_p50_ns, warm_p99_ns;
};

struct probe_lookups {
	bool network;				   /* the filesystem has a server, or is FUSE */
	unsigned names;				   /* number of files of the directory that were looked up */
	struct probe_lookup present, absent, open; /* open: open and close for reading */
};

/*
 * Measures lookups in the directory, for up to 2 s or one slow call. `type` is the type of the filesystem in mountinfo.
 * If the directory cannot be read, only missing names are looked up. Returns 0 or -errno. Blocks.
 */
int probe_lookups_measure(const char *directory, const char *type, struct probe_lookups *lookups);

#endif
