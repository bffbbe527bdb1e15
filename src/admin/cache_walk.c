/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk is a stack of directories. Each level contains the sorted names of one directory and the index of the next
 * name. walk->path is extended when the walk enters a level, and shortened when the walk leaves the level. Symbolic
 * links to directories are not followed, because they could form a cycle.
 *
 * A walk belongs to the thread of a connection. Several walks can run at the same time. All walks together are limited
 * to CACHE_WALK_NAMES_MAX names.
 */
#include "admin/cache_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/entries.h"
#include "store/file.h"

/* One open directory of the walk. */
struct level {
	char **names;	   /* sorted */
	size_t count;	   /* number of names */
	size_t next;	   /* index of the next name */
	size_t path_bytes; /* length of the path of the directory */
};

struct cache_walk {
	const struct config *config;
	const struct site *site;
	bool is_file;
	size_t names;	/* number of names in all levels; in a walk of a single file, 1 once the file was returned */
	unsigned depth; /* number of levels in use */
	struct level levels[CACHE_WALK_DEPTH_MAX];
	char path[PATH_BYTES];
	struct match match; /* a member because it is too large for the stack */
};

static const struct site *first_with_root(const struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++)
		if (rules->sites[i].root != NULL)
			return &rules->sites[i];
	return NULL;
}

const struct site *cache_walk_site(const struct generation *generation, const char *host)
{
	const struct rules *rules = &generation_config(generation)->rules;

	if (host == NULL)
		return first_with_root(rules);
	for (unsigned i = 0; i < RULES_LISTENERS_MAX; i++) {
		const struct site *site = rules->listeners[i] != 0 ? rules_find_site(rules, i, host, strlen(host))
								   : NULL;

		if (site != NULL)
			return site;
	}
	return NULL;
}

/*
 * Returns 0 if a client could request this path, -ENOENT if a client could not, or -EPERM if the file must not be
 * cached.
 */
static int is_served(struct cache_walk *walk, const char *path, bool directory)
{
	if (rules_match(&walk->config->rules, walk->site, path, directory, &walk->match) != 0)
		return -ENOENT;
	if ((path_is_hidden(path) && !walk->config->dotfiles) || rules_hides(&walk->match, path))
		return -ENOENT;
	return !directory && walk->match.settings->cache == RULE_CACHE_NEVER ? -EPERM : 0;
}

/* Stores the current version of the file at walk->path. Returns 0, -EISDIR for a directory, or another -errno. */
static int get_version(const struct cache_walk *walk, struct file_version *version)
{
	int error = beneath_get_version(walk->site->root_fd, walk->path, walk->config->symlinks, version);

	if (error == 0)
		files_cached_version(walk->site->files, walk->path, version);
	return error;
}

/* The number of names in all open walks. Accessed with relaxed order, because the count publishes no other data. */
static atomic_size_t all_names;

static int compare_names(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return entries_compare_names(x, strlen(x), y, strlen(y));
}

static int add_name(struct cache_walk *walk, struct level *level, const char *name)
{
	char **names = level->names;

	if (atomic_load_explicit(&all_names, memory_order_relaxed) >= CACHE_WALK_NAMES_MAX)
		return -ENOBUFS;
	if ((level->count & (level->count - 1)) == 0) { /* the array grows whenever the count is a power of two */
		names = realloc(names, (level->count > 0 ? 2 * level->count : 1) * sizeof(*names));
		if (names == NULL)
			return -ENOMEM;
		level->names = names;
	}
	names[level->count] = strdup(name);
	if (names[level->count] == NULL)
		return -ENOMEM;
	level->count++;
	walk->names++;
	atomic_fetch_add_explicit(&all_names, 1, memory_order_relaxed);
	return 0;
}

static void leave(struct cache_walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	for (size_t i = 0; i < level->count; i++)
		free(level->names[i]);
	free(level->names);
	walk->names -= level->count;
	atomic_fetch_sub_explicit(&all_names, level->count, memory_order_relaxed);
	walk->path[level->path_bytes] = '\0';
}

/* Reads the names of a directory into its level, and closes the descriptor. */
static int read_names(struct cache_walk *walk, struct level *level, int fd)
{
	DIR *directory = fdopendir(fd);
	const struct dirent *entry;
	int error = 0;

	if (directory == NULL) {
		close(fd);
		return -ENOMEM;
	}
	while (error == 0 && (errno = 0, entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = add_name(walk, level, entry->d_name);
	if (error == 0)
		error = -errno;
	closedir(directory);
	return error;
}

/* Enters the directory at walk->path. */
static int enter(struct cache_walk *walk)
{
	struct level *level = &walk->levels[walk->depth];
	int error, fd;

	if (walk->depth == CACHE_WALK_DEPTH_MAX)
		return -ELOOP;
	fd = beneath_open(walk->site->root_fd, walk->path, walk->config->symlinks, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	*level = (struct level){ .path_bytes = strlen(walk->path) };
	walk->depth++;
	error = read_names(walk, level, fd);
	if (error != 0)
		leave(walk);
	else if (level->count > 0)
		qsort(level->names, level->count, sizeof(*level->names), compare_names);
	return error;
}

/* Normalises the path like the path of a request: resolves "." and ".." segments, and merges double slashes. */
static int resolve(struct cache_walk *walk, const char *path, bool *directory)
{
	char escaped[3 * PATH_BYTES];
	struct path parsed;
	int error = path[0] != '/' ? -EINVAL : path_escape(path, escaped, sizeof(escaped));

	if (error == 0)
		error = path_parse(escaped, &parsed, NULL, NULL);
	if (error != 0)
		return error;
	strcpy(walk->path, parsed.file);
	*directory = parsed.slash;
	return 0;
}

int cache_walk_open(struct cache_walk **walk, const struct generation *generation, const struct site *site,
		    const char *path)
{
	struct cache_walk *made = calloc(1, sizeof(*made));
	struct file_version version;
	bool directory; /* the path ends in a slash */
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->config = generation_config(generation);
	made->site = site;
	error = resolve(made, path, &directory);
	if (error == 0)
		error = is_served(made, made->path, directory);
	if (error == 0)
		error = get_version(made, &version);
	made->is_file = error == 0;
	if (error == -EISDIR)
		error = enter(made);
	else if (error == 0 && directory)
		error = -ENOENT;
	if (error != 0) {
		cache_walk_free(made);
		return error;
	}
	*walk = made;
	return 0;
}

void cache_walk_free(struct cache_walk *walk)
{
	if (walk == NULL)
		return;
	while (walk->depth > 0)
		leave(walk);
	free(walk);
}

bool cache_walk_is_file(const struct cache_walk *walk)
{
	return walk->is_file;
}

static bool is_link(const struct cache_walk *walk)
{
	char target[1];
	int fd = beneath_open(walk->site->root_fd, walk->path, FILE_SYMLINKS_BENEATH, O_PATH | O_NOFOLLOW);
	bool linked = fd >= 0 && readlinkat(fd, "", target, sizeof(target)) >= 0;

	if (fd >= 0)
		close(fd);
	return linked;
}

/*
 * Sets walk->path to the next name of the innermost directory. Returns 0 for a file, -EISDIR for a directory, or
 * another -errno if the name is to be skipped.
 */
static int next_name(struct cache_walk *walk, struct file_version *version)
{
	struct level *level = &walk->levels[walk->depth - 1];
	const char *name = level->names[level->next++];
	size_t used = level->path_bytes;
	int error, hidden;

	if (used + 1 + strlen(name) >= sizeof(walk->path))
		return -ENAMETOOLONG;
	if (used > 0)
		walk->path[used++] = '/';
	strcpy(walk->path + used, name);
	hidden = is_served(walk, walk->path, false);
	if (hidden == -ENOENT)
		return -ENOENT;
	error = get_version(walk, version);
	if (error == -EISDIR && is_link(walk))
		return -ENOENT;
	return error == 0 ? hidden : error;
}

const char *cache_walk_next(struct cache_walk *walk, struct file_version *version, unsigned *left_out)
{
	if (walk->is_file) {
		int error = walk->names > 0 ? -ENOENT : get_version(walk, version);

		walk->names = 1;
		return error == 0 ? walk->path : NULL;
	}
	while (walk->depth > 0) {
		const struct level *level = &walk->levels[walk->depth - 1];
		int error;

		if (level->next == level->count) {
			leave(walk);
			continue;
		}
		error = next_name(walk, version);
		if (error == 0)
			return walk->path;
		if (error == -EISDIR)
			error = enter(walk);
		if (error != 0 && error != -ENOENT && error != -EPERM)
			++*left_out;
	}
	return NULL;
}
