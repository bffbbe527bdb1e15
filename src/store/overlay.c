/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mountinfo shows the options of a mount separated by commas. Commas, blanks and backslashes in a value are escaped as
 * octal numbers, such as "\054". The layers are in these options:
 *
 *	lowerdir=A:B::C	Merged layers separated by ":", then data layers after "::". A backslash quotes the next byte.
 *	lowerdir+=A	One merged layer, and datadir+=C one data layer, without quoting (Linux 6.8).
 *	upperdir=U	The upper layer. A backslash quotes the next byte.
 *
 * The file has no state.
 */
#include "store/overlay.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mountinfo.h"

/*
 * Removes the quoting of one path in place. The path ends at an unquoted `end` or at the end of the text. Returns the
 * text after the path, or NULL if the path was the last one.
 */
static char *cut_path(char *text, char end)
{
	char *to = text, *from = text;

	while (*from != '\0' && *from != end) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from++;
	}
	from = *from != '\0' ? from + 1 : NULL;
	*to = '\0';
	return from;
}

/* Returns the value of the option if it has this name, or NULL. */
static char *value_of(char *option, const char *name)
{
	size_t length = strlen(name);

	return strncmp(option, name, length) == 0 && option[length] == '=' ? option + length + 1 : NULL;
}

/* A walk over the layers. */
struct walk {
	overlay_layer_fn *check;
	void *context;
	unsigned layers; /* Number of layers that were checked. */
};

static bool check_layer(struct walk *walk, const char *path)
{
	walk->layers++;
	return walk->check(walk->context, path);
}

/* Checks the layers of "lowerdir". The empty path of "::" is not a layer. */
static bool check_paths(struct walk *walk, char *paths)
{
	for (char *path = paths, *next; path != NULL; path = next) {
		next = cut_path(path, ':');
		if (*path != '\0' && !check_layer(walk, path))
			return false;
	}
	return true;
}

/* Checks the layers of one option. Returns true for an option without layers. */
static bool check_option(struct walk *walk, char *option)
{
	char *value;

	mountinfo_unescape(option);
	if ((value = value_of(option, "lowerdir")) != NULL)
		return check_paths(walk, value);
	if ((value = value_of(option, "upperdir")) != NULL) {
		cut_path(value, '\0');
		return check_layer(walk, value);
	}
	if ((value = value_of(option, "lowerdir+")) != NULL || (value = value_of(option, "datadir+")) != NULL)
		return check_layer(walk, value);
	return true;
}

bool overlay_all_layers_of(char *options, overlay_layer_fn *check, void *context)
{
	struct walk walk = { .check = check, .context = context };
	char *option;

	while ((option = strsep(&options, ",")) != NULL)
		if (!check_option(&walk, option))
			return false;
	return walk.layers > 0;
}

/*
 * Returns the options of the filesystem in a line of mountinfo if the line describes this mount, an overlay. Otherwise
 * returns NULL. The line is "ID PARENT MAJOR:MINOR ROOT PLACE FLAGS [TAG...] - TYPE SOURCE OPTIONS".
 */
static char *options_of(char *line, uint64_t mount)
{
	static const char type[] = " - overlay ";
	char *end, *options;

	if (strtoull(line, &end, 10) != mount || *end != ' ')
		return NULL;
	options = strstr(line, type);
	if (options != NULL)
		options = strchr(options + sizeof(type) - 1, ' ');
	if (options == NULL)
		return NULL;
	options++;
	options[strcspn(options, "\n")] = '\0';
	return options;
}

uint64_t overlay_mount_of(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
		return 0;
	return (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
}

bool overlay_all_layers(uint64_t mount, overlay_layer_fn *check, void *context)
{
	char *line = NULL, *options = NULL;
	size_t room = 0;
	bool all;
	FILE *mounts = mount != 0 ? fopen("/proc/self/mountinfo", "re") : NULL;

	if (mounts == NULL)
		return false;
	while (options == NULL && getline(&line, &room, mounts) > 0)
		options = options_of(line, mount);
	fclose(mounts);
	all = options != NULL && overlay_all_layers_of(options, check, context);
	free(line);
	return all;
}
