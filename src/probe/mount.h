/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount that contains a file. */
#ifndef PROBE_MOUNT_H
#define PROBE_MOUNT_H

#include <stdint.h>

struct probe_mount {
	char type[32];	  /* "ext4" */
	char source[128]; /* "/dev/vda" */
};

/* Finds the mount with this ID (stx_mnt_id of statx). If there is no such mount, sets type and source to "unknown". */
void probe_mount_find(struct probe_mount *mount, uint64_t id);

#endif
