/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A walk over all files below a path that a client could request. Files that are hidden, that a rule denies, or that
 * must not be cached are left out. The order is that of a listing, and the content of a directory follows directly
 * after its name. A walk reads directories, so it blocks. One thread uses a walk.
 */
#ifndef ADMIN_CACHE_WALK_H
#define ADMIN_CACHE_WALK_H

#include "daemon/generation.h"
#include "http/path.h"

struct cache_walk;

#define CACHE_WALK_DEPTH_MAX 64 /* maximum depth of nested directories */
/* Maximum number of names that all open walks together keep in memory: about 30 MB, or 100 MB with long names. */
#define CACHE_WALK_NAMES_MAX 400000

/*
 * Returns the site of this name, or NULL if no site has it. If host is NULL, returns the top level if it has a root, or
 * else the first site with a root.
 */
const struct site *cache_walk_site(const struct generation *generation, const char *host);

/*
 * Opens a walk. path is the decoded path of a URL and starts with a slash. Returns 0 or -errno: -EINVAL (not a valid
 * path), -ENOENT (also if a rule hides the file), -EPERM (cache = never), or another error of opening the file.
 * generation and site belong to the caller and must outlive the walk.
 */
int cache_walk_open(struct cache_walk **walk, const struct generation *generation, const struct site *site,
		    const char *path);
/* NULL is allowed. */
void cache_walk_free(struct cache_walk *walk);

/* Returns true if the path of the walk is a file, false if it is a directory. */
bool cache_walk_is_file(const struct cache_walk *walk);
/*
 * Returns the path of the next file, relative to the root, and stores its version; NULL at the end. The path is valid
 * until the next call. *left_out is increased for each file or directory that cannot be read.
 */
const char *cache_walk_next(struct cache_walk *walk, struct file_version *version, unsigned *left_out);

#endif
