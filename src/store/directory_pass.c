/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state machine whose steps are functions. The steps are: open the directory, read names, sort, select the entries of
 * the chunk, and stat these entries for their size and mtime. If the memory is full before all names were read, the
 * entries are sorted, the first half is kept, and reading continues. Each step takes a bounded time and sets the next
 * step.
 *
 * directory.c owns a pass. One offload thread at a time uses a pass.
 */
#include "store/directory_pass.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"

#define STEP_NAMES 4096
#define STEP_NS (10 * CLOCK_NS_PER_MS)
#define NAMES_BYTES (32 * 1024) /* Buffer of one getdents64(). */
#define STAT_MASK (STATX_TYPE | STATX_SIZE | STATX_MTIME)

static bool fail(struct directory_pass *pass, int error)
{
	pass->error = error;
	return false;
}

static bool step_read(struct directory_pass *pass);
static bool step_sort(struct directory_pass *pass);
static bool step_stat(struct directory_pass *pass);

static bool step_open(struct directory_pass *pass)
{
	pass->fd = beneath_open(pass->options.root_fd, pass->options.path, pass->options.symlinks,
				O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (pass->fd < 0)
		return fail(pass, pass->fd);
	pass->step = step_read;
	return true;
}

static void set_stat(struct entry *entry, const struct statx *st)
{
	struct file_version version;

	file_version_set(&version, st);
	entry->directory = S_ISDIR(st->stx_mode);
	entry->size = entry->directory ? 0 : version.size;
	entry->mtime_ns = version.mtime_ns;
	entry->known = true;
}

/* Stats the target of a symbolic link. A link is listed as its target if the target lies beneath the root. */
static int stat_link(const struct directory_pass *pass, const char *name, struct statx *st)
{
	char path[PATH_MAX + ENTRIES_NAME_MAX + 2];
	int fd, error = 0;

	if (pass->options.symlinks == FILE_SYMLINKS_NONE)
		return -ELOOP;
	snprintf(path, sizeof(path), "%s%s%s", pass->options.path, *pass->options.path != '\0' ? "/" : "", name);
	fd = beneath_open(pass->options.root_fd, path, pass->options.symlinks, O_PATH);
	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STAT_MASK, st) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* Sets size, mtime and type. Returns -errno if the stat fails or the entry is neither a file nor a directory. */
static int stat_entry(const struct directory_pass *pass, struct entry *entry)
{
	struct statx st;
	int error = statx(pass->fd, entry->name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STAT_MASK, &st) < 0 ? -errno
													       : 0;

	if (error == 0 && S_ISLNK(st.stx_mode))
		error = stat_link(pass, entry->name, &st);
	if (error == 0 && !S_ISDIR(st.stx_mode) && !S_ISREG(st.stx_mode))
		error = -ENOENT;
	if (error == 0)
		set_stat(entry, &st);
	return error;
}

/*
 * Returns true if the name belongs to the listing. Sets its type, and also size and mtime if the sort order needs them.
 */
static bool is_shown(const struct directory_pass *pass, const struct dirent64 *found, struct entry *entry)
{
	size_t length = strlen(found->d_name);

	if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 || length > ENTRIES_NAME_MAX)
		return false;
	if (pass->options.shows != NULL &&
	    !pass->options.shows(pass->options.context, found->d_name, found->d_type == DT_DIR))
		return false;
	memset(entry, 0, offsetof(struct entry, name));
	entry->length = (uint8_t)length;
	entry->directory = found->d_type == DT_DIR;
	memcpy(entry->name, found->d_name, length + 1);
	switch (found->d_type) {
	case DT_DIR:
	case DT_REG:
		return pass->options.sort == ENTRIES_BY_NAME || stat_entry(pass, entry) == 0;
	case DT_LNK:
	case DT_UNKNOWN:
		return stat_entry(pass, entry) == 0;
	default:
		return false;
	}
}

static void add_entry(struct directory_pass *pass, const struct entry *entry)
{
	const struct entries *entries = &pass->entries;

	if (!pass->counted) {
		pass->directories += entry->directory;
		pass->files += !entry->directory;
	}
	if (pass->after_cursor && entries_compare(entries, entry, &pass->cursor) <= 0)
		return;
	if (pass->bounded && entries_compare(entries, entry, &pass->bound_at) > 0)
		pass->truncated = true;
	else
		entries_add(&pass->entries, entry);
}

static uint64_t needed(const struct directory_pass *pass)
{
	return pass->left > UINT64_MAX - pass->skip ? UINT64_MAX : pass->skip + pass->left;
}

/*
 * Makes room for one entry. Returns 0, -ENOMEM, or -ENOBUFS if there are enough entries or the limit of memory is
 * reached. After -ENOBUFS, the caller sorts the entries and keeps the first ones.
 */
static int make_room(struct directory_pass *pass)
{
	size_t count = pass->entries.count;

	if (count >= STEP_NAMES && count / 2 >= needed(pass))
		return -ENOBUFS;
	return entries_make_room(&pass->entries);
}

/*
 * Adds the names of a getdents64() buffer until the time until_ns. Returns 0 if all names were added, -EAGAIN if names
 * remain, or another -errno.
 */
static int add_names(struct directory_pass *pass, char *names, size_t length, uint64_t until_ns)
{
	struct entry entry;

	for (size_t at = 0; at < length;) {
		const struct dirent64 *found = (const struct dirent64 *)(names + at);
		int error = make_room(pass);

		if (error != 0)
			return error;
		if (is_shown(pass, found, &entry))
			add_entry(pass, &entry);
		pass->resume = found->d_off;
		at += found->d_reclen;
		if (at < length && clock_now_ns() >= until_ns)
			return -EAGAIN;
	}
	return 0;
}

static bool step_read(struct directory_pass *pass)
{
	uint64_t until_ns = clock_now_ns() + STEP_NS;
	_Alignas(struct dirent64) char names[NAMES_BYTES];
	int error = 0;

	for (unsigned i = 0; i < STEP_NAMES / (NAMES_BYTES / 32) && error == 0 && clock_now_ns() < until_ns; i++) {
		ssize_t got = getdents64(pass->fd, names, sizeof(names));

		if (got < 0)
			return fail(pass, -errno);
		if (got == 0) {
			pass->at_end = true;
			pass->counted = true;
			pass->step = step_sort;
			return true;
		}
		error = add_names(pass, names, (size_t)got, until_ns);
	}
	if (error == -ENOMEM)
		return fail(pass, error);
	if (error != 0 && lseek(pass->fd, pass->resume, SEEK_SET) < 0)
		return fail(pass, -errno);
	if (error == -ENOBUFS)
		pass->step = step_sort;
	return true;
}

/*
 * Keeps the first half of the entries. For the remainder of the pass, entries that sort after the last kept entry are
 * dropped.
 */
static bool keep_first_half(struct directory_pass *pass)
{
	struct entries *entries = &pass->entries;
	size_t keep = entries->count / 2;

	if (keep > needed(pass))
		keep = (size_t)needed(pass);
	pass->truncated = true;
	if (keep == 0) { /* The limit is 0, so entries are only counted. */
		entries_clear(entries);
		memset(&pass->bound_at, 0, sizeof(pass->bound_at));
		pass->bound_at.directory = true;
	} else {
		entries_keep(entries, keep);
		entries_copy(&pass->bound_at, entries_at(entries, keep - 1));
	}
	pass->bounded = true;
	pass->step = step_read;
	return true;
}

static void reset(struct directory_pass *pass)
{
	entries_clear(&pass->entries);
	pass->bounded = false;
	pass->truncated = false;
	pass->at_end = false;
	pass->resume = 0;
}

static bool begin_pass(struct directory_pass *pass)
{
	reset(pass);
	pass->step = step_read;
	return lseek(pass->fd, 0, SEEK_SET) < 0 ? fail(pass, -errno) : true;
}

static bool step_reopen(struct directory_pass *pass)
{
	reset(pass);
	return step_open(pass);
}

/* Selects the entries of the chunk at the end of a pass. If the offset skips all entries, starts another pass. */
static bool choose_chunk(struct directory_pass *pass)
{
	struct entries *entries = &pass->entries;

	if (entries->count > 0)
		entries_copy(&pass->cursor, entries_at(entries, entries->count - 1));
	pass->after_cursor = entries->count > 0;
	if (pass->skip >= entries->count && pass->truncated && pass->after_cursor && pass->left > 0) {
		pass->skip -= entries->count;
		return begin_pass(pass);
	}
	pass->first = pass->skip < entries->count ? (size_t)pass->skip : entries->count;
	pass->count = entries->count - pass->first;
	pass->more = pass->truncated || pass->count > pass->left;
	if (pass->count > pass->left)
		pass->count = (size_t)pass->left;
	pass->skip = 0;
	pass->left -= pass->count;
	pass->more = pass->more && pass->left > 0 && pass->count > 0;
	pass->stat_count = 0;
	pass->hash = 0;
	pass->step = step_stat;
	return true;
}

static bool step_sort(struct directory_pass *pass)
{
	if (!entries_sort(&pass->entries))
		return true;
	return pass->at_end ? choose_chunk(pass) : keep_first_half(pass);
}

static void hash_entry(struct directory_pass *pass, const struct entry *entry)
{
	const struct {
		uint64_t directory, size, mtime_ns;
	} facts = { entry->directory, entry->size, (uint64_t)entry->mtime_ns };

	pass->hash = XXH64(&facts, sizeof(facts), pass->hash);
	pass->hash = XXH64(entry->name, (size_t)entry->length + 1, pass->hash);
}

/* Ends a pass. Closes the descriptor, because the client of the listing may be slow. */
static bool finish(struct directory_pass *pass)
{
	pass->chunks++;
	close(pass->fd);
	pass->fd = -1;
	return false;
}

static bool step_stat(struct directory_pass *pass)
{
	uint64_t until_ns = clock_now_ns() + STEP_NS;

	for (unsigned i = 0; pass->stat_count < pass->count; i++, pass->stat_count++) {
		struct entry *entry = entries_at(&pass->entries, pass->first + pass->stat_count);
		bool was_directory = entry->directory;

		if (i == STEP_NAMES || clock_now_ns() >= until_ns)
			return true;
		if (!entry->known && (stat_entry(pass, entry) != 0 || entry->directory != was_directory))
			entry->vanished = true;
		if (!entry->vanished)
			hash_entry(pass, entry);
	}
	return finish(pass);
}

void directory_pass_init(struct directory_pass *pass, const struct directory_pass_options *options, size_t memory_bytes)
{
	*pass = (struct directory_pass){
		.options = *options, .fd = -1, .skip = options->offset, .left = options->limit, .step = step_open
	};
	entries_init(&pass->entries, options->sort, options->descending, memory_bytes);
}

void directory_pass_fini(struct directory_pass *pass)
{
	if (pass->fd >= 0)
		close(pass->fd);
	entries_fini(&pass->entries);
}

bool directory_pass_step(struct directory_pass *pass)
{
	return pass->step(pass);
}

bool directory_pass_next(struct directory_pass *pass)
{
	if (!pass->more || pass->error != 0)
		return false;
	pass->step = step_reopen;
	return true;
}
