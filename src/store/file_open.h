/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files for reading. All functions block, so they run only on offload threads. */
#ifndef STORE_FILE_OPEN_H
#define STORE_FILE_OPEN_H

#include "store/descriptors.h"
#include "store/file.h"

/* The result of file_open_facts(). */
struct file_opened {
	struct file_facts facts; /* Without siblings. */
	char tag[FILE_TAG_MAX + 1];
	struct descriptor *descriptor; /* A reference. */
};

/*
 * Opens a regular file, with O_DIRECT if the filesystem supports it. Sets all facts except the siblings; facts.tag
 * points into the result. The file with the tag is read only if `with_tag` is true. Loads the first part of the extent
 * map, unless the file is so small that its inode has the whole map. Returns 0, or -errno as described in beneath.h.
 */
int file_open_facts(struct file_root *root, const char *path, bool with_tag, struct file_opened *opened);
/* Opens a file, but does not search for siblings. Returns 0 and a reference to the open file in *file, or -errno. */
int file_open(struct file_root *root, const char *path, struct file **file);
/* Calls root->opened() for a file that was opened with this descriptor. Offload threads only. */
void file_open_report(struct file *file, struct descriptor *descriptor);
/*
 * Returns 0 and a reference to the descriptor of a known file, which is opened if it is not open. Verifies that the
 * path still leads to the version of the file. Returns -ESTALE, and sets file->changed, if the path leads to another
 * version or to no file. Returns -ESTALE without setting the flag if the path changes during each attempt. Other errors
 * are those of beneath.h. If descriptors have run out, closes idle ones and tries again.
 */
int file_open_descriptor(struct file *file, struct descriptor **descriptor);

#endif
