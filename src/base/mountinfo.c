/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses /proc/self/mountinfo, see proc_pid_mountinfo(5). The functions have no state. */
#include "base/mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

static bool is_octal(char byte)
{
	return byte >= '0' && byte <= '7';
}

void mountinfo_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (from[0] == '\\' && is_octal(from[1]) && from[1] <= '3' && is_octal(from[2]) && is_octal(from[3])) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/*
 * Parses "ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG...] - TYPE SOURCE OPTIONS" in place. Returns false for another
 * line.
 */
static bool parse_line(char *line, struct mountinfo *mount)
{
	unsigned major_number, minor_number;
	char *type = strstr(line, " - ");
	int start = 0, end = 0;

	if (sscanf(line, "%*u %*u %u:%u %*s %n%*s%n", &major_number, &minor_number, &start, &end) != 2 ||
	    end <= start || type == NULL)
		return false;
	type += strlen(" - ");
	type[strcspn(type, " ")] = '\0';
	line[end] = '\0';
	mountinfo_unescape(line + start);
	*mount = (struct mountinfo){ .device = makedev(major_number, minor_number),
				     .place = line + start,
				     .type = type };
	return true;
}

int mountinfo_walk(bool (*visit)(void *context, const struct mountinfo *mount), void *context)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	struct mountinfo mount;
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		return -errno;
	while (getline(&line, &room, file) > 0)
		if (parse_line(line, &mount) && !visit(context, &mount))
			break;
	free(line);
	fclose(file);
	return 0;
}
