/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files below a path, as a client could ask for them: what is hidden, kept back by rules, or not to be cached is
 * not among them. In order: names as listings have them, a folder in its place, with all that is in it. BLOCKS: it
 * reads folders. One thread.
 */
#ifndef ADMIN_CACHE_WALK_H
#define ADMIN_CACHE_WALK_H

#include "daemon/generation.h"
#include "http/path.h"

struct cache_walk;

#define CACHE_WALK_FOLDERS_MAX 64 /* one inside the other */
#define CACHE_WALK_NAMES_MAX \
	400000 /* of all folders of all walks that are open at a time: some 30 MB, 100 MB if they are long */

/* The site of this name; NULL: the top level, or the first that has a root. NULL: there is none. */
const struct site *cache_walk_site(const struct generation *generation, const char *host);

/*
 * path: of a URL, with its escapes decoded, from "/" on. 0, or -errno as for opening it: -EINVAL (no path), -ENOENT
 * (also for what rules keep back), -EACCES …; -EPERM: rules say "cache = never". generation and site stay the caller's,
 * and live longer.
 */
int cache_walk_open(struct cache_walk **walk, const struct generation *generation, const struct site *site,
		    const char *path);
void cache_walk_free(struct cache_walk *walk);

/* One file was asked for, no folder. */
bool cache_walk_is_file(const struct cache_walk *walk);
/*
 * The next one, as for file_open(), until the next call, and its version; NULL: that was all. *left_out grows by the
 * files and folders that can't be read.
 */
const char *cache_walk_next(struct cache_walk *walk, struct file_version *version, unsigned *left_out);

#endif
