/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content types by the extension of a name: the system's mime.types, then a built-in table. */
#ifndef SITE_MIME_H
#define SITE_MIME_H

struct mime;

/*
 * path: of a mime.types file; NULL or one that does not exist: only the built-in table. 0, or -errno: -ENOMEM, or of a
 * file that exists and can't be read; *mime is NULL then.
 */
int mime_new(struct mime **mime, const char *path);
void mime_free(struct mime *mime);

/*
 * The value of Content-Type for a file of this name, "; charset=utf-8" on text; never NULL (application/octet-stream).
 * Lives as long as `mime`. Any thread.
 */
const char *mime_type(const struct mime *mime, const char *name);

#endif
