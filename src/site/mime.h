/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content types by file name extension: first from a mime.types file, then from a built-in table. */
#ifndef SITE_MIME_H
#define SITE_MIME_H

struct mime;

/*
 * Reads the mime.types file at `path` and adds the built-in table. If the path is NULL or the file does not exist, only
 * the built-in table is used. Returns 0 on success, and the caller then owns *mime. Returns -ENOMEM, or -errno of a
 * file that exists but cannot be read, and sets *mime to NULL. Called on the main thread.
 */
int mime_new(struct mime **mime, const char *path);
/* Frees the table. NULL is allowed. */
void mime_free(struct mime *mime);

/*
 * Returns the value of Content-Type for a file of this name, with "; charset=utf-8" for text. For an unknown extension,
 * the value is "application/octet-stream". The string belongs to `mime`. Thread-safe.
 */
const char *mime_type(const struct mime *mime, const char *name);

#endif
