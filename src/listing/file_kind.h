/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of a file by its name (image, video, archive and so on), which selects its icon. Pure and thread-safe. */
#ifndef LISTING_FILE_KIND_H
#define LISTING_FILE_KIND_H

/* The value is the id of the icon in page.svg. */
enum file_kind {
	FILE_KIND_DIRECTORY = 'd',
	FILE_KIND_FILE = 'f',
	FILE_KIND_TEXT = 't',
	FILE_KIND_IMAGE = 'i',
	FILE_KIND_VIDEO = 'v',
	FILE_KIND_AUDIO = 'a',
	FILE_KIND_ARCHIVE = 'z',
	FILE_KIND_CODE = 'c',
	FILE_KIND_DATA = 'b',
};

/*
 * Returns the kind for the extension of a name. A name in capitals without an extension (README, LICENSE, SHA256SUMS)
 * is text. The default is FILE_KIND_FILE. The result is never FILE_KIND_DIRECTORY.
 */
enum file_kind file_kind_of(const char *name);

#endif
