/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders of the sites, and the table of open files of each. Main thread only, but for what it hands on. */
#ifndef DAEMON_SITE_ROOTS_H
#define DAEMON_SITE_ROOTS_H

#include <stdatomic.h>

#include "site/rules.h"
#include "store/files.h"
#include "store/files_walk.h"

/* Opens the root of each site that has one (site->root_fd). 0, or -errno, which was logged. */
int site_roots_open(struct rules *rules);
/*
 * Makes their tables (site->files), all alike but for root_fd; a site without a root has the top level's. Tables of
 * `before` (NULL: there are none) that are of the same folder are used further. 0 or -errno.
 */
int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options);
/* Starts to look at each of them once a second, see root.h; those of the generation before go on. Main thread. */
void site_roots_watch(struct rules *rules, atomic_uint *replaced);
/* How many of them lead to nothing that may be served now; *count: of how many. Any thread. */
unsigned site_roots_gone(const struct rules *rules, unsigned *count);
/* What is served, to name it. */
const char *site_roots_first(const struct rules *rules);
/* The folder that calibration looks into: the first there is. */
int site_roots_first_fd(const struct rules *rules);

/* files_walk_close_deleted() of all. */
void site_roots_close_deleted(const struct rules *rules);
/* The sums. Any thread. */
void site_roots_stats(const struct rules *rules, struct files_stats *stats);

/* files_walk_top() of all; each rank's table is the index of its site. Any thread. */
unsigned site_roots_top(const struct rules *rules, struct files_rank *ranks, unsigned count);

/* files_walk_names() of all, likewise. Any thread. */
void site_roots_name_all(const struct rules *rules, struct files_name *names, size_t count);

/* What site_roots_make_files() and site_roots_open() made, as far as they came. */
void site_roots_free_files(struct rules *rules);
void site_roots_close(struct rules *rules);

#endif
