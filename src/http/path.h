/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The target of a request, parsed to a path beneath the root. Pure; any thread. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_BYTES 4096	  /* size of a decoded path, with its NUL */
#define PATH_NAME_MAX 255 /* maximum length of a decoded name */

struct path {
	/* Decoded path with resolved dot segments, without a leading, trailing or double slash. "" is the root. */
	char file[PATH_BYTES];
	bool slash;	   /* the target denotes a directory: it ends in a slash or a dot segment, or is the root */
	bool hidden;	   /* result of path_is_hidden() for `file` */
	const char *query; /* points into the target, after its "?"; NULL without a query */
};

/*
 * Parses a raw request target (RFC 9112 section 3.2) in origin-form or absolute-form (http:// or https://). Names are
 * decoded once, and ".." at the root is the root. The results:
 * - 0: success. *authority and *authority_length are set to the authority of an absolute-form. It is not empty; its
 *   syntax is not checked. Without an authority they are NULL and 0. Both pointers may be NULL.
 * - -EINVAL (status 400): not a target, an invalid escape or %00, or an unencoded blank, control byte or "#".
 * - -ENAMETOOLONG (status 400): a name of more than PATH_NAME_MAX bytes, or a path of more than PATH_BYTES.
 * - -ENOENT (status 404): the path contains "%2F". An encoded slash is part of a name, and no file has such a name.
 */
int path_parse(const char *target, struct path *path, const char **authority, size_t *authority_length);

/*
 * Writes a relative reference from a file target to the directory of the same name, for the redirect that adds a slash.
 * Being relative, it also works behind a proxy that strips a prefix. It consists of the percent-encoded last name of
 * `path`, "/", and "?query" if there is a query. A name with a colon is preceded by "./"; the root is "./" alone.
 * Returns 0 or -ENAMETOOLONG.
 */
int path_directory_location(const struct path *path, char *text, size_t text_bytes);

/* Percent-encodes the names of a path and keeps its slashes. Returns 0 or -ENAMETOOLONG. */
int path_escape(const char *file, char *text, size_t text_bytes);

/*
 * Returns true if a name of the path begins with a dot. Two kinds of names are not hidden: ".well-known" as the first
 * name, and as the last name the metadata of Zarr version 2 (".zarray", ".zattrs", ".zgroup", ".zmetadata").
 */
bool path_is_hidden(const char *file);

#endif
