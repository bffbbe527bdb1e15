/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads /proc/self/mountinfo. Mounts are identified by their ID and not by st_dev, because on btrfs st_dev is the
 * number of a subvolume, which mountinfo does not contain.
 *
 * The caller provides the struct of the mount. The program has one thread.
 */
#include "probe/mount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Parses a line of /proc/self/mountinfo: "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root
 * rw,errors=continue". Returns true if the line describes the mount with this ID.
 */
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
