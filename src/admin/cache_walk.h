/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A walk over the files below a path, limited to the files that a client could request. Files that are hidden, that a
 * rule denies, or that must not be cached are skipped. A subdirectory is walked at the position of its name. A walk
 * reads directories, so it blocks. A walk must be used by one thread at a time.
 *
 * A directory of any size is read in chunks of some thousand names, so the memory is bounded. The names of a chunk are
 * returned in the order of a listing. A larger directory has several chunks, in the order in which the filesystem
 * stores the names. A name that is added or removed during the walk may be returned or not.
 */
#ifndef ADMIN_CACHE_WALK_H
#define ADMIN_CACHE_WALK_H

#include "daemon/generation.h"
#include "http/path.h"

struct cache_walk;

#define CACHE_WALK_DEPTH_MAX 64	    /* maximum depth of nested directories */
#define CACHE_WALK_CHUNK_NAMES 8192 /* maximum number of names in a chunk; fewer if the names are long */
/*
 * Maximum memory for names of all open walks together. One walk needs at most 320 KiB for each level of nested
 * directories that it is in.
 */
#define CACHE_WALK_BYTES_MAX ((size_t)64 << 20)
/* Maximum number of directories with several chunks that all open walks together keep open. */
#define CACHE_WALK_DESCRIPTORS_MAX 16

/*
 * Returns the site with this host name, or NULL if there is no such site. If host is NULL, returns the top level if it
 * has a root. Otherwise returns the first site that has a root.
 */
const struct site *cache_walk_site(const struct generation *generation, const char *host);

/*
 * Opens a walk. path is the decoded path of a URL and starts with a slash. Returns 0, -EINVAL if the path is not valid,
 * -ENOENT if there is no file or a rule hides it, -EPERM if the file must not be cached (cache = never), or another
 * -errno if the file cannot be opened. -ENOBUFS means that other walks use all memory or descriptors. The caller owns
 * generation and site, which must outlive the walk.
 */
int cache_walk_open(struct cache_walk **walk, const struct generation *generation, const struct site *site,
		    const char *path);
/* Returns the root of the files of the walk. Files below the root of another location are not part of the walk. */
const struct rules_root *cache_walk_root(const struct cache_walk *walk);
/* Frees the walk. NULL is allowed. */
void cache_walk_free(struct cache_walk *walk);

/* Returns true if the path of the walk is a file, false if it is a directory. */
bool cache_walk_is_file(const struct cache_walk *walk);
/*
 * Returns the path of the next file, relative to its root, and stores the version of the file. Returns NULL at the end.
 * The path is valid until the next call. Increments *left_out for each file that cannot be read, and for
 * each directory that cannot be read completely.
 */
const char *cache_walk_next(struct cache_walk *walk, struct file_version *version, unsigned *left_out);

#endif
