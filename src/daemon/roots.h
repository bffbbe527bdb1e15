/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders of the sites, and the table of open files of each. Main thread only, but for what it hands on. */
#ifndef DAEMON_ROOTS_H
#define DAEMON_ROOTS_H

#include <stdatomic.h>

#include "site/rules.h"
#include "store/files.h"

/* Opens the root of each site that has one (site->root_fd). 0, or -errno, which was logged. */
int roots_open(struct rules *rules);
/*
 * Makes their tables (site->files), all alike but for root_fd; a site without a root has the top level's. Tables of
 * `before` (NULL: there are none) that are of the same folder are used further. 0 or -errno.
 */
int roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options);
/* Starts to look at each of them once a second, see root.h; those of the generation before go on. Main thread. */
void roots_watch(struct rules *rules, atomic_uint *replaced);
/* How many of them lead to nothing that may be served now; *count: of how many. Any thread. */
unsigned roots_gone(const struct rules *rules, unsigned *count);
/* What is served, to name it. */
const char *roots_first(const struct rules *rules);
/* The folder that calibration looks into: the first there is. */
int roots_first_fd(const struct rules *rules);

/* files_close_deleted() of all. */
void roots_let_go(const struct rules *rules);
/* The sums. Any thread. */
void roots_stats(const struct rules *rules, struct files_stats *stats);

/* files_top() of all; each rank's table is the index of its site. Any thread. */
unsigned roots_top(const struct rules *rules, struct files_rank *ranks, unsigned count);

/* files_name_all() of all, likewise. Any thread. */
void roots_name_all(const struct rules *rules, struct files_name *names, size_t count);

/* What roots_make_files() and roots_open() made, as far as they came. */
void roots_free_files(struct rules *rules);
void roots_close(struct rules *rules);

#endif
