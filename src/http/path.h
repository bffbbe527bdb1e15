/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the target of a request into a path below the root, and formats and checks paths. The functions are pure and
 * thread-safe.
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_BYTES 4096	  /* size of a decoded path, with its NUL */
#define PATH_NAME_MAX 255 /* maximum length of a decoded name */

struct path {
	/* Decoded path with resolved dot segments, without a leading, trailing or double slash. "" is the root. */
	char file[PATH_BYTES];
	/* true if the target denotes a directory: the target ends in a slash or a dot segment, or is the root */
	bool slash;
	bool hidden;	   /* result of path_is_hidden() for `file` */
	const char *query; /* points into the target, after the "?"; NULL if there is no query */
};

/*
 * Parses a raw request target (RFC 9112 section 3.2) in origin-form or absolute-form (http:// or https://). Names are
 * decoded once, and ".." at the root is the root. The results are:
 * - 0: success. *authority and *authority_length are set to the authority of an absolute-form. The authority is not
 *   empty, but its syntax is not checked. For an origin-form, they are set to NULL and 0. They are also set if only the
 *   path is invalid. The caller may pass NULL for both pointers.
 * - -EINVAL (status 400): the target has neither form, or it contains an invalid escape, "%00", or an unencoded blank,
 *   control byte or "#".
 * - -ENAMETOOLONG (status 400): a name is longer than PATH_NAME_MAX bytes, or the path does not fit into PATH_BYTES.
 * - -ENOENT (status 404): the path contains "%2F". An encoded slash is part of a name, and no file has such a name.
 */
int path_parse(const char *target, struct path *path, const char **authority, size_t *authority_length);

/*
 * Writes a relative reference from a file target to the directory of the same name, for the redirect that adds a slash.
 * A relative reference also works behind a proxy that strips a prefix. The reference consists of the percent-encoded
 * last name of `path`, "/", and "?query" if there is a query. If the name contains a colon, "./" precedes it. The
 * reference for the root is "./". Returns 0 or -ENAMETOOLONG.
 */
int path_directory_location(const struct path *path, char *text, size_t text_bytes);

/* Percent-encodes the names of a path and keeps its slashes. Returns 0 or -ENAMETOOLONG. */
int path_escape(const char *file, char *text, size_t text_bytes);

/*
 * Returns true if a name of the path begins with a dot. There are two exceptions:
 * - The first name of the path may be ".well-known".
 * - The last name may be metadata of Zarr version 2 (".zarray", ".zattrs", ".zgroup", ".zmetadata").
 */
bool path_is_hidden(const char *file);
/*
 * Returns the part of a path below its first prefix_bytes bytes and the slash that may follow them. The path has the
 * form of struct path.
 */
static inline const char *path_below(const char *path, size_t prefix_bytes)
{
	return path + prefix_bytes + (prefix_bytes > 0 && path[prefix_bytes] == '/');
}

#endif
