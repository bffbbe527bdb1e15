/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of long work while it goes on. Pure. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_progress {
	uint64_t begun_ns, done_bytes, total_bytes, files;
	const char *path; /* what it is at; may be NULL */
	bool total_known; /* else it is told how many files it was */
	bool unicode;
};

/*
 * "412.0 MiB of 1.2 GiB  33 %  210.0 MiB/s  4 s left  /films/a.mkv" or "412.0 MiB  12 files  210.0 MiB/s  /films/a.mkv"
 * into text, in at most so many columns; the path is cut at its beginning, or left away. Returns text.
 */
char *ctl_progress_line(const struct ctl_progress *progress, uint64_t now_ns, unsigned columns, char *text,
			size_t text_bytes);

#endif
