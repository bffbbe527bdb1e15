/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress line of a long operation, and its rate. The functions have no side effects. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_progress {
	uint64_t elapsed_ms; /* since the start of the operation */
	uint64_t done_bytes, total_bytes, files;
	const char *path; /* the current file, or NULL */
	bool total_known; /* true: total_bytes is final; false: the line shows the number of files instead */
	bool unicode;
};

/*
 * Writes the progress line to text, in at most `columns` columns. A path that is too long is truncated at its
 * beginning, or omitted. Returns text. Examples, with a known and with an unknown total size:
 *
 *   412.0 MiB of 1.2 GiB  33 %  210.0 MiB/s  4 s left  /films/a.mkv
 *   412.0 MiB  105472 files  14210 files/s  55.5 MiB/s  /tiles/7/66/43.png
 */
char *ctl_progress_line(const struct ctl_progress *progress, unsigned columns, char *text, size_t text_bytes);

/*
 * Writes the duration and the average rates since the start of the operation to text, for its last line: "7 s
 * (14210 files/s, 55.5 MiB/s)". Returns text, which is "" after a short operation, whose rates are inaccurate.
 */
char *ctl_progress_rates(const struct ctl_progress *progress, char *text, size_t text_bytes);

#endif
