/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file is to people, by its name: a picture, a film, an archive … Pure. */
#ifndef LISTING_KIND_H
#define LISTING_KIND_H

/* Each is the letter of its picture in page.svg. */
enum kind {
	KIND_FOLDER = 'd',
	KIND_FILE = 'f',
	KIND_TEXT = 't',
	KIND_IMAGE = 'i',
	KIND_VIDEO = 'v',
	KIND_AUDIO = 'a',
	KIND_ARCHIVE = 'z',
	KIND_CODE = 'c',
	KIND_DATA = 'b',
};

/* By the extension, or README, LICENSE, SHA256SUMS and their like are text; KIND_FILE if that says nothing. Never
 * KIND_FOLDER. */
enum kind kind_of(const char *name);

#endif
