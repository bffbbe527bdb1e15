/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The target of a request: from the bytes on the wire to a path beneath the root. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_BYTES 4096	  /* of the decoded path with its NUL */
#define PATH_NAME_MAX 255 /* of one decoded name */

struct path {
	char file[PATH_BYTES]; /* decoded, dot segments resolved, no leading, trailing or double slash; "" is the root
				*/
	bool slash;	       /* it ended in a slash or in a dot segment, or is the root: a directory is meant */
	bool hidden;	       /* what path_is_hidden() says of `file` */
	const char *query;     /* into the target, past its "?"; NULL when there is none */
};

/*
 * target: origin-form or absolute-form (http:// or https://, whose authority is skipped: see *authority), raw as sent.
 * Decodes once; ".." at the root stays there. 0, or -EINVAL (400: not a target, bad or %00 escape, raw blank, control
 * byte or "#"), -ENAMETOOLONG (400), -ENOENT (404: "%2F", which is never a separator and in no name). *authority,
 * *authority_length: into the target, the authority of an absolute-form (not empty, otherwise not checked), NULL and 0
 * otherwise. May both be NULL.
 */
int path_parse(const char *target, struct path *path, const char **authority, size_t *authority_length);

/*
 * A relative reference to the directory of the same target, so that it also holds behind a proxy that strips a prefix:
 * the last name of `path`, percent-encoded, with "./" before it if it holds a colon (just "./" for the root), then "/"
 * and "?query" if there was one. Into text; 0 or -ENAMETOOLONG.
 */
int path_directory_location(const struct path *path, char *text, size_t text_bytes);

/* `file` with what must be escaped in a path escaped; slashes stay. Into text; 0 or -ENAMETOOLONG. */
int path_escape(const char *file, char *text, size_t text_bytes);

/*
 * Returns true if a name of the path begins with a dot. Two kinds of names are not hidden: ".well-known" as the first
 * name, and as the last name the metadata of Zarr version 2 (".zarray", ".zattrs", ".zgroup", ".zmetadata").
 */
bool path_is_hidden(const char *file);

#endif
