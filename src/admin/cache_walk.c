/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk is a stack of directories. Each level contains the sorted names of one chunk of a directory and the index of
 * the next name. The descriptor of the directory is open only if another chunk follows. walk->path is extended when the
 * walk enters a level, and shortened when the walk leaves the level. Symbolic links to directories are not followed,
 * because they could form a cycle.
 *
 * A walk belongs to the thread of a connection. Several walks can run at the same time. All walks together are limited
 * to CACHE_WALK_BYTES_MAX of memory and CACHE_WALK_DESCRIPTORS_MAX descriptors.
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

#define READ_BYTES ((size_t)32 << 10)	/* size of the buffer for getdents64() */
#define READ_NAMES (READ_BYTES / 24)	/* maximum number of names in this buffer */
#define CHUNK_BYTES ((size_t)256 << 10) /* maximum length of the names of a chunk, including a NUL each */

/* One directory of the walk. */
struct level {
	char *text;	    /* the names of the chunk, each with a NUL */
	const char **names; /* pointers into `text`, sorted */
	size_t count;	    /* number of names */
	size_t next;	    /* index of the next name */
	size_t bytes;	    /* allocated memory, which is counted in all_bytes */
	size_t path_bytes;  /* length of the path of the directory */
	int fd;		    /* descriptor of the directory, or -1 if no other chunk follows */
	bool counted;	    /* the descriptor is counted in all_descriptors */
};

struct cache_walk {
	const struct config *config;
	const struct site *site;
	const struct rules_root *root;
	bool is_file, ended; /* `ended` is true once the file of a walk of a single file was returned */
	unsigned depth;	     /* number of levels in use */
	struct level levels[CACHE_WALK_DEPTH_MAX];
	char path[PATH_BYTES];
	struct match match; /* of the last call of is_served(); a member because it is too large for the stack */
};

/*
 * Memory of the names, and descriptors that stay open, of all walks. Accessed with relaxed order, because the counts
 * publish no other data.
 */
static atomic_size_t all_bytes;
static atomic_uint all_descriptors;

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

/* Returns the part of a path of a URL that lies below the root of the walk. */
static const char *below_root(const struct cache_walk *walk, const char *path)
{
	const char *prefix;

	return path_below(path, rules_root_prefix(walk->root, &prefix));
}

/*
 * Returns 0 if a client could request this path, -ENOENT if a client could not, or -EPERM if the file must not be
 * cached.
 */
static int is_served(struct cache_walk *walk, const char *path, bool directory)
{
	if (rules_match(&walk->config->rules, walk->site, path, directory, &walk->match) != 0)
		return -ENOENT;
	if (walk->match.root != walk->root)
		return -ENOENT;
	if ((path_is_hidden(below_root(walk, path)) && !walk->config->dotfiles) || rules_hides(&walk->match, path))
		return -ENOENT;
	return !directory && walk->match.settings->cache == RULE_CACHE_NEVER ? -EPERM : 0;
}

/* Stores the current version of the file at walk->path. Returns 0, -EISDIR for a directory, or another -errno. */
static int get_version(const struct cache_walk *walk, struct file_version *version)
{
	const char *path = below_root(walk, walk->path);
	int error = beneath_get_version(walk->root->fd, path, walk->config->symlinks, version);

	if (error == 0)
		files_cached_version(walk->root->files, path, version);
	return error;
}

static int compare_names(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return entries_compare_names(x, strlen(x), y, strlen(y));
}

/* --- chunks of a directory --- */

static void free_chunk(struct level *level)
{
	atomic_fetch_sub_explicit(&all_bytes, level->bytes, memory_order_relaxed);
	free(level->text);
	free(level->names);
	level->text = NULL;
	level->names = NULL;
	level->bytes = level->count = level->next = 0;
}

static void close_directory(struct level *level)
{
	if (level->fd >= 0)
		close(level->fd);
	level->fd = -1;
	if (level->counted)
		atomic_fetch_sub_explicit(&all_descriptors, 1, memory_order_relaxed);
	level->counted = false;
}

/* Counts the descriptor of a directory that stays open. Returns 0, or -ENOBUFS if there are too many. */
static int count_descriptor(struct level *level)
{
	level->counted = true;
	return atomic_fetch_add_explicit(&all_descriptors, 1, memory_order_relaxed) < CACHE_WALK_DESCRIPTORS_MAX
		       ? 0
		       : -ENOBUFS;
}

/* Appends the names of a buffer of getdents64(). There is room for them. Returns the new length of the text. */
static size_t append_names(struct level *level, size_t used, const char *buffer, size_t length)
{
	for (size_t at = 0; at < length;) {
		const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);
		const size_t bytes = strlen(entry->d_name) + 1;

		at += entry->d_reclen;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		memcpy(level->text + used, entry->d_name, bytes);
		used += bytes;
		level->count++;
	}
	return used;
}

/* Reads names into level->text. Closes the directory at its end. Returns the length of the text, or -errno. */
static ssize_t read_text(struct level *level)
{
	_Alignas(struct dirent64) char buffer[READ_BYTES];
	size_t used = 0;

	while (used + READ_BYTES <= CHUNK_BYTES && level->count + READ_NAMES <= CACHE_WALK_CHUNK_NAMES) {
		ssize_t length = getdents64(level->fd, buffer, sizeof(buffer));

		if (length < 0)
			return -errno;
		if (length == 0) {
			close_directory(level);
			break;
		}
		used = append_names(level, used, buffer, (size_t)length);
	}
	return (ssize_t)used;
}

/* Sorts the names in level->text, which has `used` bytes. Returns 0 or -ENOMEM. */
static int sort_names(struct level *level, size_t used)
{
	char *text = realloc(level->text, used > 0 ? used : 1);

	if (text != NULL)
		level->text = text;
	level->names = calloc(level->count > 0 ? level->count : 1, sizeof(*level->names));
	if (level->names == NULL)
		return -ENOMEM;
	for (size_t i = 0, at = 0; i < level->count; i++, at += strlen(level->text + at) + 1)
		level->names[i] = level->text + at;
	qsort(level->names, level->count, sizeof(*level->names), compare_names);
	return 0;
}

/* Replaces the chunk of the level by the next chunk of its directory. On failure, the level has no names. */
static int read_chunk(struct level *level)
{
	ssize_t used;
	int error = -ENOMEM;

	free_chunk(level);
	level->bytes = CHUNK_BYTES + CACHE_WALK_CHUNK_NAMES * sizeof(*level->names);
	if (atomic_fetch_add_explicit(&all_bytes, level->bytes, memory_order_relaxed) + level->bytes >
	    CACHE_WALK_BYTES_MAX) {
		free_chunk(level);
		return -ENOBUFS;
	}
	level->text = malloc(CHUNK_BYTES);
	used = level->text != NULL ? read_text(level) : -ENOMEM;
	if (used >= 0)
		error = sort_names(level, (size_t)used);
	else
		error = (int)used;
	if (error != 0) {
		free_chunk(level);
		return error;
	}
	used += (ssize_t)(level->count * sizeof(*level->names));
	atomic_fetch_sub_explicit(&all_bytes, level->bytes - (size_t)used, memory_order_relaxed);
	level->bytes = (size_t)used;
	return 0;
}

/* --- levels --- */

static void leave(struct cache_walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	close_directory(level);
	free_chunk(level);
	walk->path[level->path_bytes] = '\0';
}

/* Enters the directory at walk->path. */
static int enter(struct cache_walk *walk)
{
	struct level *level = &walk->levels[walk->depth];
	int error, fd;

	if (walk->depth == CACHE_WALK_DEPTH_MAX)
		return -ELOOP;
	fd = beneath_open(walk->root->fd, below_root(walk, walk->path), walk->config->symlinks, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	*level = (struct level){ .path_bytes = strlen(walk->path), .fd = fd };
	walk->depth++;
	error = read_chunk(level);
	if (error == 0 && level->fd >= 0)
		error = count_descriptor(level);
	if (error != 0)
		leave(walk);
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
		error = rules_match(&made->config->rules, site, made->path, directory, &made->match) == 0 ? 0 : -ENOENT;
	made->root = made->match.root;
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

const struct rules_root *cache_walk_root(const struct cache_walk *walk)
{
	return walk->root;
}

bool cache_walk_is_file(const struct cache_walk *walk)
{
	return walk->is_file;
}

static bool is_link(const struct cache_walk *walk)
{
	char target[1];
	int fd = beneath_open(walk->root->fd, below_root(walk, walk->path), FILE_SYMLINKS_BENEATH, O_PATH | O_NOFOLLOW);
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
		int error = walk->ended ? -ENOENT : get_version(walk, version);

		walk->ended = true;
		return error == 0 ? below_root(walk, walk->path) : NULL;
	}
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];
		int error;

		if (level->next == level->count && level->fd < 0) {
			leave(walk);
			continue;
		}
		error = level->next == level->count ? read_chunk(level) : 0;
		if (error != 0)
			close_directory(level);
		else if (level->next < level->count)
			error = next_name(walk, version);
		else
			continue;
		if (error == 0)
			return below_root(walk, walk->path);
		if (error == -EISDIR)
			error = enter(walk);
		if (error != 0 && error != -ENOENT && error != -EPERM)
			++*left_out;
	}
	return NULL;
}
