/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/self/cgroup has one line for each hierarchy: "0::/path" for version 2, and lines such as "4:memory:/path" or
 * "3:cpu,cpuacct:/path" for version 1. Both may be present. The controllers of the machine are then divided among them,
 * and a file is missing in the hierarchy that does not have its controller.
 *
 * /proc/self/mountinfo has the mount point of each hierarchy, and the group that is mounted there (the "root" of the
 * mount). A container often sees only its own group: in a cgroup namespace, the path of its group is "/". Without a
 * cgroup namespace, the path is the one on the host, and the root of the mount is the same path. The directory of the
 * group is therefore the mount point, followed by the rest of the path after the root of the mount.
 */
#include "daemon/cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_BYTES (2 * PATH_MAX)

enum controller { MEMORY, CPU, CONTROLLERS };

static const char *const controllers[] = { [MEMORY] = "memory", [CPU] = "cpu" };

/* A hierarchy that has a group of the process. */
struct group {
	const char *top;
	const char *controller; /* NULL: version 2 */
	char path[PATH_MAX];	/* as in /proc/self/cgroup */
	char mount[PATH_MAX];	/* mount point; "": not mounted */
	char below[PATH_MAX];	/* path of the group below the mount point */
};

/* Returns true if the comma-separated list has this word. */
static bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static FILE *open_below(const char *top, const char *path)
{
	char full[FULL_BYTES];

	snprintf(full, sizeof(full), "%s%s", top, path);
	return fopen(full, "re");
}

/* Finds the path of the group in /proc/self/cgroup. Returns false if the process has none. */
static bool find_path(struct group *group)
{
	FILE *file = open_below(group->top, "/proc/self/cgroup");
	char *line = NULL;
	size_t line_bytes = 0;
	bool found = false;

	while (file != NULL && !found && getline(&line, &line_bytes, file) > 0) {
		char *list = strchr(line, ':'), *path = list != NULL ? strchr(list + 1, ':') : NULL;

		if (path == NULL)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		found = group->controller != NULL ? has_word(list + 1, group->controller) : list[1] == '\0';
		if (found)
			snprintf(group->path, sizeof(group->path), "%s", path);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/* Decodes \040 and the like, with which the kernel writes blanks and backslashes in mountinfo. */
static void decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' && at[3] >= '0' &&
		    at[3] <= '7') {
			*to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

/*
 * Returns the path of the group below a mount with this root, or NULL if the mount does not contain the group. A path
 * that begins with "/.." is outside the cgroup namespace.
 */
static const char *path_below(const char *path, const char *root)
{
	const size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strcmp(path, "/..") == 0 || strncmp(path, "/../", 4) == 0 || strncmp(path, root, length) != 0)
		return NULL;
	return path[length] == '/' || path[length] == '\0' ? path + length : NULL;
}

/*
 * Handles a line of mountinfo: "36 35 98:0 ROOT MOUNT OPTIONS TAGS... - TYPE SOURCE OPTIONS". Uses the mount if it is
 * of this hierarchy. Returns true if the mount contains the group. Otherwise the group at the mount point is a group
 * above it, or its own group under another name, and is used unless a better mount follows.
 */
static bool use_mount(struct group *group, char *line)
{
	char root[PATH_MAX], mount[PATH_MAX], type[32], options[1024] = "";
	const char *rest = strstr(line, " - "), *below;

	if (rest == NULL || sscanf(line, "%*s %*s %*s %4095s %4095s", root, mount) != 2 ||
	    sscanf(rest, " - %31s %*s %1023s", type, options) < 1)
		return false;
	if (group->controller == NULL ? strcmp(type, "cgroup2") != 0
				      : strcmp(type, "cgroup") != 0 || !has_word(options, group->controller))
		return false;
	decode(root);
	decode(mount);
	below = path_below(group->path, root);
	if (below == NULL && group->mount[0] != '\0')
		return false;
	snprintf(group->mount, sizeof(group->mount), "%s", mount);
	snprintf(group->below, sizeof(group->below), "%s", below != NULL ? below : "");
	return below != NULL;
}

/* Finds the mount point of the hierarchy. Returns false if it is not mounted. */
static bool find_mount(struct group *group)
{
	FILE *file = open_below(group->top, "/proc/self/mountinfo");
	char *line = NULL;
	size_t line_bytes = 0;

	while (file != NULL && getline(&line, &line_bytes, file) > 0)
		if (use_mount(group, line))
			break;
	free(line);
	if (file != NULL)
		fclose(file);
	return group->mount[0] != '\0';
}

/* Reads two numbers from a file of the group. The second number may be missing. Returns the count. */
static int read_numbers(const struct group *group, const char *name, int64_t numbers[2])
{
	char full[FULL_BYTES + 2 * PATH_MAX];
	FILE *file;
	int count;

	snprintf(full, sizeof(full), "%s%s%s/%s", group->top, group->mount, group->below, name);
	file = fopen(full, "re");
	if (file == NULL)
		return 0;
	count = fscanf(file, "%" SCNd64 " %" SCNd64, &numbers[0], &numbers[1]);
	fclose(file);
	return count > 0 ? count : 0; /* "max" is not a number */
}

static void apply_memory(struct cgroup_limits *limits, const struct group *group)
{
	const char *name = group->controller == NULL ? "memory.max" : "memory.limit_in_bytes";
	int64_t numbers[2];

	if (read_numbers(group, name, numbers) > 0 && numbers[0] >= 0 && (uint64_t)numbers[0] < limits->memory_bytes)
		limits->memory_bytes = (uint64_t)numbers[0];
}

static void apply_cpu(struct cgroup_limits *limits, const struct group *group)
{
	int64_t quota[2], period[2];
	uint64_t cpus;

	if (group->controller != NULL) {
		if (read_numbers(group, "cpu.cfs_quota_us", quota) == 0 ||
		    read_numbers(group, "cpu.cfs_period_us", period) == 0)
			return;
		quota[1] = period[0];
	} else if (read_numbers(group, "cpu.max", quota) != 2) {
		return;
	}
	if (quota[0] <= 0 || quota[1] <= 0)
		return;
	cpus = ((uint64_t)quota[0] + (uint64_t)quota[1] - 1) / (uint64_t)quota[1];
	if (cpus <= UINT_MAX && (limits->cpus == 0 || cpus < limits->cpus))
		limits->cpus = (unsigned)cpus;
}

/* Applies the limits of the group and of all groups above it that are visible. */
static void apply(struct cgroup_limits *limits, struct group *group, enum controller controller)
{
	for (;;) {
		char *slash = strrchr(group->below, '/');

		if (controller == MEMORY)
			apply_memory(limits, group);
		else
			apply_cpu(limits, group);
		if (slash == NULL)
			return;
		*slash = '\0';
	}
}

void cgroup_read(struct cgroup_limits *limits, const char *top)
{
	*limits = (struct cgroup_limits){ .memory_bytes = CGROUP_NO_LIMIT };
	for (int controller = 0; controller < CONTROLLERS; controller++) {
		for (int version = 1; version <= 2; version++) {
			struct group group = { .top = top,
					       .controller = version == 1 ? controllers[controller] : NULL };

			if (find_path(&group) && find_mount(&group))
				apply(limits, &group, controller);
		}
	}
}
