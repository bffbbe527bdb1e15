/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted where a file is. */
#ifndef PROBE_MOUNT_H
#define PROBE_MOUNT_H

#include <stdint.h>

struct probe_mount {
	char type[32];	  /* "ext4" */
	char source[128]; /* "/dev/vda" */
};

/* The mount of this number, which is statx()'s stx_mnt_id; both "unknown" if there is none. */
void probe_mount_find(struct probe_mount *mount, uint64_t id);

#endif
