/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By the number of the mount and not by st_dev, which on btrfs is that of a subvolume and stands in no list. */
#include "probe/mount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of /proc/self/mountinfo: "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(const char *line, uint64_t id, struct probe_mount *mount)
{
	const char *rest = strstr(line, " - ");
	uint64_t this_id;

	return rest != NULL && sscanf(line, "%" SCNu64, &this_id) == 1 && this_id == id &&
	       sscanf(rest, " - %31s %127s", mount->type, mount->source) == 2;
}

void probe_mount_find(struct probe_mount *mount, uint64_t id)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;

	strcpy(mount->type, "unknown");
	strcpy(mount->source, "unknown");
	while (mounts != NULL && getline(&line, &room, mounts) > 0 && !parse_line(line, id, mount))
		;
	free(line);
	if (mounts != NULL)
		fclose(mounts);
}
