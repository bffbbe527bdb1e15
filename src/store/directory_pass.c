/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small machine: open, read all names (and sort and cut whenever memory is full), sort, choose what was asked for,
 * look at what is chosen (size, mtime). Each step is a bounded piece of it, and says what is the next one.
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
#define NAMES_BYTES (32 * 1024) /* of one getdents64() */
#define STAT_MASK (STATX_TYPE | STATX_SIZE | STATX_MTIME)

static bool fail(struct directory_pass *pass, int error)
{
	pass->error = error;
	return false;
}

static bool step_read(struct directory_pass *pass);
static bool step_sort(struct directory_pass *pass);
static bool step_look(struct directory_pass *pass);

static bool step_open(struct directory_pass *pass)
{
	pass->fd = beneath_open(pass->options.root_fd, pass->options.path, pass->options.symlinks,
				O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (pass->fd < 0)
		return fail(pass, pass->fd);
	pass->step = step_read;
	return true;
}

static void take_stat(struct entry *entry, const struct statx *st)
{
	struct file_version version;

	file_version_set(&version, st);
	entry->directory = S_ISDIR(st->stx_mode);
	entry->size = entry->directory ? 0 : version.size;
	entry->mtime_ns = version.mtime_ns;
	entry->known = true;
}

/* A link counts as what it leads to, if that is beneath the root. */
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

/* -errno: it can't be looked at, or is neither file nor folder. */
static int look(const struct directory_pass *pass, struct entry *entry)
{
	struct statx st;
	int error = statx(pass->fd, entry->name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STAT_MASK, &st) < 0 ? -errno
													       : 0;

	if (error == 0 && S_ISLNK(st.stx_mode))
		error = stat_link(pass, entry->name, &st);
	if (error == 0 && !S_ISDIR(st.stx_mode) && !S_ISREG(st.stx_mode))
		error = -ENOENT;
	if (error == 0)
		take_stat(entry, &st);
	return error;
}

/* Whether it is one that is shown; its type is known then, and all of it if the order needs that. */
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
		return pass->options.sort == ENTRIES_BY_NAME || look(pass, entry) == 0;
	case DT_LNK:
	case DT_UNKNOWN:
		return look(pass, entry) == 0;
	default:
		return false;
	}
}

static void take_entry(struct directory_pass *pass, const struct entry *entry)
{
	const struct entries *entries = &pass->entries;

	if (!pass->counted) {
		pass->folders += entry->directory;
		pass->files += !entry->directory;
	}
	if (pass->after_cursor && entries_compare(entries, entry, &pass->cursor) <= 0)
		return;
	if (pass->bounded && entries_compare(entries, entry, &pass->bound_at) > 0)
		pass->dropped = true;
	else
		entries_add(&pass->entries, entry);
}

static uint64_t wanted(const struct directory_pass *pass)
{
	return pass->left > UINT64_MAX - pass->skip ? UINT64_MAX : pass->skip + pass->left;
}

/* 0, or -ENOBUFS: there are enough of them, or no memory for more; sort, and keep the first. */
static int make_room(struct directory_pass *pass)
{
	size_t count = pass->entries.count;

	if (count >= STEP_NAMES && count / 2 >= wanted(pass))
		return -ENOBUFS;
	return entries_make_room(&pass->entries);
}

/* The names in a buffer of getdents64(), until it is time to stop. 0, or -errno: -EAGAIN: there is more in the buffer.
 */
static int take_names(struct directory_pass *pass, char *names, size_t length, uint64_t until_ns)
{
	struct entry entry;

	for (size_t at = 0; at < length;) {
		const struct dirent64 *found = (const struct dirent64 *)(names + at);
		int error = make_room(pass);

		if (error != 0)
			return error;
		if (is_shown(pass, found, &entry))
			take_entry(pass, &entry);
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
		error = take_names(pass, names, (size_t)got, until_ns);
	}
	if (error == -ENOMEM)
		return fail(pass, error);
	if (error != 0 && lseek(pass->fd, pass->resume, SEEK_SET) < 0)
		return fail(pass, -errno);
	if (error == -ENOBUFS)
		pass->step = step_sort;
	return true;
}

/* In mid-pass: only what comes before the last that is kept has a chance from here on. */
static bool cut(struct directory_pass *pass)
{
	struct entries *entries = &pass->entries;
	size_t keep = entries->count / 2;

	if (keep > wanted(pass))
		keep = (size_t)wanted(pass);
	pass->dropped = true;
	if (keep == 0) { /* limit=0: they are only counted */
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
	pass->dropped = false;
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

/* At the end of a pass: which of those kept are the chunk. None, if all of them are among those to skip. */
static bool choose(struct directory_pass *pass)
{
	struct entries *entries = &pass->entries;

	if (entries->count > 0)
		entries_copy(&pass->cursor, entries_at(entries, entries->count - 1));
	pass->after_cursor = entries->count > 0;
	if (pass->skip >= entries->count && pass->dropped && pass->after_cursor && pass->left > 0) {
		pass->skip -= entries->count;
		return begin_pass(pass);
	}
	pass->first = pass->skip < entries->count ? (size_t)pass->skip : entries->count;
	pass->count = entries->count - pass->first;
	pass->more = pass->dropped || pass->count > pass->left;
	if (pass->count > pass->left)
		pass->count = (size_t)pass->left;
	pass->skip = 0;
	pass->left -= pass->count;
	pass->more = pass->more && pass->left > 0 && pass->count > 0;
	pass->looked = 0;
	pass->hash = 0;
	pass->step = step_look;
	return true;
}

static bool step_sort(struct directory_pass *pass)
{
	if (!entries_sort(&pass->entries))
		return true;
	return pass->at_end ? choose(pass) : cut(pass);
}

static void hash_entry(struct directory_pass *pass, const struct entry *entry)
{
	const struct {
		uint64_t folder, size, mtime_ns;
	} facts = { entry->directory, entry->size, (uint64_t)entry->mtime_ns };

	pass->hash = XXH64(&facts, sizeof(facts), pass->hash);
	pass->hash = XXH64(entry->name, (size_t)entry->length + 1, pass->hash);
}

/* Whoever takes the entries may take his time: no descriptor is kept for him. */
static bool finish(struct directory_pass *pass)
{
	pass->chunks++;
	close(pass->fd);
	pass->fd = -1;
	return false;
}

static bool step_look(struct directory_pass *pass)
{
	uint64_t until_ns = clock_now_ns() + STEP_NS;

	for (unsigned i = 0; pass->looked < pass->count; i++, pass->looked++) {
		struct entry *entry = entries_at(&pass->entries, pass->first + pass->looked);
		bool was_directory = entry->directory;

		if (i == STEP_NAMES || clock_now_ns() >= until_ns)
			return true;
		if (!entry->known && (look(pass, entry) != 0 || entry->directory != was_directory))
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
