/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress line of a long operation. The function has no side effects. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_progress {
	uint64_t begun_ns, done_bytes, total_bytes, files;
	const char *path; /* the current file, or NULL */
	bool total_known; /* true: total_bytes is final; false: the line shows the number of files instead */
	bool unicode;
};

/*
 * Writes the progress line to text, in at most `columns` columns. A path that is too long is truncated at its
 * beginning, or omitted. Returns text. Examples, with a known and with an unknown total size:
 *
 *   412.0 MiB of 1.2 GiB  33 %  210.0 MiB/s  4 s left  /films/a.mkv
 *   412.0 MiB  12 files  210.0 MiB/s  /films/a.mkv
 */
char *ctl_progress_line(const struct ctl_progress *progress, uint64_t now_ns, unsigned columns, char *text,
			size_t text_bytes);

#endif
