/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each directory from the root down to that of a file has its own entry in parents_table.c, under the path that leads
 * to it. A directory is valid if it and all directories above it were checked within the last second. A check is a
 * stat that does not wait, so that a lookup on a reactor can make it.
 *
 * A check proves these properties:
 *
 *	Same directory	Its device, inode and mount are the same. If a directory above was renamed, replaced or covered
 *			by a mount, or a symbolic link was switched, the path leads to another directory, which is
 *			learned first. A directory may be moved, with its name, into the replacement of the directory
 *			above it. Then its own check finds no change, but the check of the directory above does. So all
 *			directories of a path are checked, from the top down.
 *	By bytes	A directory can only start to fold case while it is empty, and the change updates its ctime. So
 *			the property holds while the ctime is the same. A ctime that was young when the flag was read
 *			proves nothing, so such a directory is learned again each second. On filesystems without a flag
 *			the property is constant. A path whose directories all compare bytes has one spelling only.
 *			Targets of symbolic links are directories themselves, and their own names may have any spelling,
 *			as in spelling.c.
 *	Same names	Adding, removing or renaming a name sets the ctime and the mtime of the directory. utimensat()
 *			can set the mtime back, but never the ctime. The names were read while the ctime was not young,
 *			and the ctime was the same afterwards. So each later change has another ctime. A name in the
 *			directory whose file is overwritten changes nothing here, so its file needs a stat of its own.
 *
 * Only directories on local filesystems are usable for lookups on a reactor, because others can change without a change
 * of the cached times. On other filesystems, offload threads check the directory of a file by asking the server, and
 * use only its names. Its spelling and the directories above it do not matter, because such a check resolves the whole
 * path. The clock of the server may differ from that of this machine. Therefore the names are read when this machine
 * has seen the stamp unchanged for REMOTE_SETTLED_NS. Some servers do not update the times of a directory when a name
 * is added (object stores, for example), so the names are read again after REMOTE_NAMES_NS.
 *
 * A directory is read if it has not changed for SETTLED_NS, if enough lookups need its names, and if reading takes a
 * small share of the time. Until then its view is not settled.
 */
#include "store/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "store/filesystem.h"
#include "store/parents_table.h"
#include "store/spelling.h"

#define LEVELS_MAX 16			     /* Maximum number of directories that one lookup checks. */
#define UNUSABLE_NS (10 * CLOCK_NS_PER_S)    /* Time until an unusable directory is learned again. */
#define SETTLED_NS ((int64_t)CLOCK_NS_PER_S) /* A directory that changed more recently is not read. */
#define REMOTE_SETTLED_NS (2 * CLOCK_NS_PER_S)
#define REMOTE_NAMES_NS (60 * CLOCK_NS_PER_S)
#define SCAN_COST_FACTOR 50		     /* Reading a directory takes at most 1/50 of the time. */
#define SCAN_FAILED_NS (60 * CLOCK_NS_PER_S) /* Time until a directory that could not be read is read again. */
#define SCAN_RETRY_NS CLOCK_NS_PER_S	     /* Time until another caller is asked for a scan. */
#define ASK_BYTES 4096 /* A lookup with unknown names costs as much as reading this much of a directory. */

struct parents {
	struct parents_table *table;
};

/* A directory on the path of a file. */
struct level {
	const struct parents_place *place;
	size_t length; /* Length of the path of the directory. 0: the root. */
	uint64_t key;
};

int parents_new(struct parents **result, unsigned max_directories)
{
	struct parents *parents = calloc(1, sizeof(*parents));
	int error = parents != NULL ? parents_table_new(&parents->table, max_directories) : -ENOMEM;

	if (error < 0)
		free(parents);
	else
		*result = parents;
	return error;
}

void parents_free(struct parents *parents)
{
	if (parents == NULL)
		return;
	parents_table_free(parents->table);
	free(parents);
}

/* Returns the length of the directory of the name that ends at `end`. */
static size_t directory_length(const char *path, size_t end)
{
	while (end > 0 && path[end - 1] != '/')
		end--;
	return end > 0 ? end - 1 : 0;
}

static struct level level_of(const struct parents_place *place, size_t length)
{
	uint64_t site = place->root * 2 + (place->symlinks == FILE_SYMLINKS_NONE);

	return (struct level){ .place = place,
			       .length = length,
			       .key = keyed_hash(place->path, length) ^ site * UINT64_C(0x9e3779b97f4a7c15) };
}

/* --- a directory of the path --- */

/* Sets `path` to the path of the directory. Returns 0 or -ENAMETOOLONG. */
static int get_path(const struct level *level, char path[PATH_MAX])
{
	if (level->length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, level->place->path, level->length);
	path[level->length] = '\0';
	return 0;
}

static int open_cached(const struct level *level, uint64_t flags)
{
	char path[PATH_MAX];
	int error = get_path(level, path);

	return error < 0 ? error : beneath_open_cached(level->place->root_fd, path, level->place->symlinks, flags);
}

/* Opens the directory for reading. Blocks. */
static int open_for_reading(const struct level *level)
{
	char path[PATH_MAX];
	int error = get_path(level, path);

	return error < 0 ? error
			 : beneath_open_any_spelling(level->place->root_fd, path, level->place->symlinks,
						     O_RDONLY | O_DIRECTORY | O_NONBLOCK);
}

/* `sync` is AT_STATX_DONT_SYNC, or AT_STATX_FORCE_SYNC to ask the server, which blocks. */
static int get_stamp(int fd, int sync, struct parents_stamp *stamp)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | sync, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return -errno;
	file_version_set(&stamp->version, &st);
	stamp->mount = (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
	return 0;
}

static bool is_fresh(const struct parents_known *known, uint64_t now_ns)
{
	return known->state == PARENTS_USABLE && now_ns < known->checked_ns + PARENTS_TABLE_FRESH_NS;
}

/* Returns true if only parents_learn() can make the directory valid again. */
static bool needs_learning(const struct parents_known *known)
{
	return known->state == PARENTS_UNUSABLE || known->state == PARENTS_REMOTE ||
	       (known->state == PARENTS_USABLE && !known->constant && !known->confirmed);
}

/* Returns true if the directory must be read. The file comment has the conditions. */
static bool is_scan_due(const struct parents_known *known, uint64_t now_ns)
{
	const bool remote = known->state == PARENTS_REMOTE;

	if (now_ns < known->scan_after_ns)
		return false;
	if (known->settled)
		return remote && now_ns >= known->names_until_ns;
	return ((uint64_t)known->asks + 1) * ASK_BYTES >= known->stamp.version.size &&
	       (remote ? now_ns >= known->since_ns + REMOTE_SETTLED_NS
		       : !clock_is_young(known->stamp.version.ctime_ns + SETTLED_NS, clock_wall_ns()));
}

/* --- lookups --- */

/*
 * Returns -ENOENT if the last name of the path of the directory does not exist, or -EAGAIN if the name is a symbolic
 * link, whose target may be on another filesystem.
 */
static int check_missing(const struct level *level)
{
	int fd = open_cached(level, O_NOFOLLOW);

	if (fd >= 0)
		close(fd);
	return fd == -ENOENT ? -ENOENT : -EAGAIN;
}

/*
 * Checks a directory. The directory above it is valid. Returns 0 if the directory is valid now, -ENOENT if it does not
 * exist, or -EAGAIN.
 */
static int check_level(struct parents *parents, const struct level *level, const struct parents_known *known)
{
	struct parents_stamp stamp;
	uint64_t start_ns = clock_now_ns();
	int fd = open_cached(level, O_DIRECTORY), error;

	if (fd < 0)
		return fd == -ENOENT ? check_missing(level) : -EAGAIN;
	/* On a filesystem that is not known to be local, statx() may wait. */
	error = known->state == PARENTS_USABLE ? get_stamp(fd, AT_STATX_DONT_SYNC, &stamp) : -EAGAIN;
	close(fd);
	if (error < 0)
		return -EAGAIN;
	return parents_table_check(parents->table, level->key, known, start_ns, &stamp) ? 0 : -EAGAIN;
}

/*
 * Checks the directories of the path that are not fresh, from the top down. Returns 0 if the directory of the file is
 * valid now, -ENOENT, or -EAGAIN.
 */
static int check_path(struct parents *parents, const struct level *bottom, uint64_t now_ns)
{
	struct level levels[LEVELS_MAX];
	struct parents_known known[LEVELS_MAX];
	unsigned count = 0;
	int error = 0;

	for (size_t length = bottom->length;; length = directory_length(bottom->place->path, length)) {
		if (count == LEVELS_MAX)
			return -EAGAIN;
		levels[count] = level_of(bottom->place, length);
		known[count] = parents_table_find(parents->table, levels[count].key, 0, NULL);
		if (count > 0 && is_fresh(&known[count], now_ns))
			break;
		if (needs_learning(&known[count]))
			return -EAGAIN;
		count++;
		if (length == 0)
			break;
	}
	while (error == 0 && count > 0) {
		count--;
		error = check_level(parents, &levels[count], &known[count]);
	}
	return error;
}

/* Sets *view from an entry that is fresh. Returns 0, or -EAGAIN if the caller must have the directory read. */
static int fill_view(struct parents *parents, const struct level *level, const struct parents_known *known,
		     uint64_t now_ns, struct parents_view *view)
{
	const char *name = level->place->path + level->length + (level->length > 0);
	struct parents_known again;

	*view = (struct parents_view){ .device = known->stamp.version.device,
				       .other_mount = known->other_mount,
				       .settled = known->settled };
	if (known->settled && known->names_count > 0) {
		again = parents_table_find(parents->table, level->key, parents_scan_hash(name, strlen(name)),
					   &view->beside);
		view->settled = again.settled;
	}
	/* If the names are known, the job of the caller reads them again after its answer. */
	if (is_scan_due(known, now_ns) && parents_table_want_scan(parents->table, level->key, now_ns, SCAN_RETRY_NS) &&
	    !view->settled)
		return -EAGAIN;
	return 0;
}

int parents_find(struct parents *parents, const struct parents_place *place, uint64_t now_ns, struct parents_view *view)
{
	const struct level level = level_of(place, directory_length(place->path, strlen(place->path)));
	struct parents_known known;
	unsigned beside = 0;
	int error;

	if (!beneath_is_cached_supported(place->root_fd))
		return -EAGAIN;
	known = parents_table_find(parents->table, level.key, 0, &beside);
	if (is_fresh(&known, now_ns))
		return fill_view(parents, &level, &known, now_ns, view);
	error = needs_learning(&known) ? -EAGAIN : check_path(parents, &level, now_ns);
	if (error < 0)
		return error;
	known = parents_table_find(parents->table, level.key, 0, NULL);
	return is_fresh(&known, now_ns) ? fill_view(parents, &level, &known, now_ns, view) : -EAGAIN;
}

uint64_t parents_device(struct parents *parents, const struct parents_place *place, size_t *length)
{
	*length = strlen(place->path);
	do {
		uint64_t device;

		*length = directory_length(place->path, *length);
		device = parents_table_find(parents->table, level_of(place, *length).key, 0, NULL).stamp.version.device;
		if (device != 0)
			return device;
	} while (*length > 0);
	return 0;
}

/* Asks the server for the stamp of a known directory. Returns 0 if the directory is valid now, or -errno. Blocks. */
static int check_remote(struct parents *parents, const struct level *level, const struct parents_known *known)
{
	char path[PATH_MAX];
	struct parents_stamp stamp;
	uint64_t start_ns = clock_now_ns();
	int error = get_path(level, path), fd;

	if (error < 0)
		return error;
	fd = beneath_open_any_spelling(level->place->root_fd, path, level->place->symlinks, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	error = get_stamp(fd, AT_STATX_FORCE_SYNC, &stamp);
	close(fd);
	if (error == 0 && !parents_table_check(parents->table, level->key, known, start_ns, &stamp))
		error = -EAGAIN;
	return error;
}

int parents_find_remote(struct parents *parents, const struct parents_place *place, uint64_t max_age_ns,
			struct parents_view *view)
{
	const struct level level = level_of(place, directory_length(place->path, strlen(place->path)));
	const uint64_t now_ns = clock_now_ns();
	unsigned beside = 0;
	struct parents_known known = parents_table_find(parents->table, level.key, 0, &beside);

	if (known.state != PARENTS_REMOTE)
		return -EAGAIN;
	if (now_ns >= known.checked_ns + max_age_ns && check_remote(parents, &level, &known) < 0)
		return -EAGAIN;
	known = parents_table_find(parents->table, level.key, 0, NULL);
	return known.state == PARENTS_REMOTE ? fill_view(parents, &level, &known, now_ns, view) : -EAGAIN;
}

/* --- learning --- */

/* Returns true if the directory was known, and has not changed. */
static bool has_same_stamp(const struct parents_known *before, const struct parents_stamp *now)
{
	return (before->state == PARENTS_USABLE || before->state == PARENTS_REMOTE) &&
	       before->stamp.mount == now->mount && file_version_equal(&before->stamp.version, &now->version);
}

/* Finds the state of a directory that is open for reading, and its stamp. */
static enum parents_state examine(int fd, struct parents_known *known)
{
	if (get_stamp(fd, AT_STATX_DONT_SYNC, &known->stamp) != 0)
		return PARENTS_UNUSABLE;
	if (!filesystem_fd_is_local(fd, filesystem_of(fd)))
		return get_stamp(fd, AT_STATX_FORCE_SYNC, &known->stamp) == 0 ? PARENTS_REMOTE : PARENTS_UNUSABLE;
	return spelling_is_by_bytes(fd, &known->constant) ? PARENTS_USABLE : PARENTS_UNUSABLE;
}

/* Learns the properties of a claimed directory, which is open for reading, or unusable if fd is negative. */
static void learn_claimed(struct parents *parents, const struct level *level, int fd,
			  const struct parents_known *before)
{
	struct parents_known known = *before;
	struct parents_stamp root;
	int64_t wall_ns = clock_wall_ns();

	known.checked_ns = clock_now_ns();
	known.until_ns = known.checked_ns + UNUSABLE_NS;
	known.state = fd >= 0 ? examine(fd, &known) : PARENTS_UNUSABLE;
	known.other_mount = get_stamp(level->place->root_fd, AT_STATX_DONT_SYNC, &root) != 0 ||
			    root.mount != known.stamp.mount;
	known.confirmed = known.constant || !clock_is_young(known.stamp.version.ctime_ns, wall_ns);
	if (!has_same_stamp(before, &known.stamp))
		known.since_ns = known.checked_ns;
	known.settled = before->settled && has_same_stamp(before, &known.stamp);
	parents_table_store(parents->table, level->key, &known, NULL);
}

/*
 * Reads the names of a claimed directory. The names are valid if the directory had the stamp of `known` before and
 * afterwards.
 */
static void scan_claimed(struct parents *parents, const struct level *level, int fd, struct parents_known *known)
{
	uint64_t start_ns = clock_now_ns(), end_ns;
	struct parents_names names = { 0 };
	struct parents_stamp stamp;
	int error = parents_scan(fd, &names);

	end_ns = clock_now_ns();
	known->settled =
		error == 0 &&
		get_stamp(fd, known->state == PARENTS_REMOTE ? AT_STATX_FORCE_SYNC : AT_STATX_DONT_SYNC, &stamp) == 0 &&
		file_version_equal(&stamp.version, &known->stamp.version);
	known->asks = 0;
	known->scan_wanted = false;
	known->scan_after_ns = end_ns + (end_ns - start_ns) * SCAN_COST_FACTOR;
	known->names_until_ns = end_ns + REMOTE_NAMES_NS;
	if (error < 0 && known->scan_after_ns < end_ns + SCAN_FAILED_NS)
		known->scan_after_ns = end_ns + SCAN_FAILED_NS;
	if (!known->settled)
		free(names.hashes);
	parents_table_store(parents->table, level->key, known, known->settled ? &names : NULL);
}

/* Returns true if the directory is usable, and its names must be read now. */
static bool shall_scan(struct parents_known *known)
{
	if (known->scan_wanted)
		known->scan_after_ns = 0;
	return (known->state == PARENTS_USABLE || known->state == PARENTS_REMOTE) && is_scan_due(known, clock_now_ns());
}

/* Reads the names of the directory, if that is due. */
static void scan_level(struct parents *parents, const struct level *level, int fd)
{
	struct parents_known known = parents_table_find(parents->table, level->key, 0, NULL);

	if (!shall_scan(&known) || !parents_table_claim(parents->table, level->key, &known))
		return;
	if (shall_scan(&known)) /* A check may have found a change meanwhile. */
		scan_claimed(parents, level, fd, &known);
	else
		parents_table_store(parents->table, level->key, &known, NULL);
}

/* Forgets a directory that does not exist. An error that does not concern the directory leaves its entry as it is. */
static void forget_missing(struct parents *parents, const struct level *level, int error)
{
	struct parents_known known = parents_table_find(parents->table, level->key, 0, NULL);

	if (known.state == PARENTS_UNKNOWN || error == -EMFILE || error == -ENFILE || error == -ENOMEM ||
	    error == -EAGAIN || error == -EINTR || !parents_table_claim(parents->table, level->key, &known))
		return;
	known = (struct parents_known){ .state = PARENTS_UNKNOWN };
	parents_table_store(parents->table, level->key, &known, NULL);
}

/* Opens and learns a directory. Returns its descriptor, or -1 if it is not usable or another thread learns it. */
static int open_and_learn(struct parents *parents, const struct level *level)
{
	struct parents_known known;
	int fd = open_for_reading(level);

	if (fd < 0 && fd != -EACCES && fd != -EPERM) {
		forget_missing(parents, level, fd);
		return -1;
	}
	if (parents_table_claim(parents->table, level->key, &known)) {
		learn_claimed(parents, level, fd, &known);
		known = parents_table_find(parents->table, level->key, 0, NULL);
		if (known.state == PARENTS_USABLE || known.state == PARENTS_REMOTE)
			return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Learns a directory of the path, unless it is known. Returns true if the directory is usable, so that the directories
 * below it may be learned. A directory that does not exist gets no entry, because a lookup finds this without an entry.
 */
static bool learn_level(struct parents *parents, const struct level *level, bool wants_names)
{
	const struct parents_known known = parents_table_find(parents->table, level->key, 0, NULL);
	uint64_t now_ns = clock_now_ns();
	int fd;

	if (known.state == PARENTS_UNUSABLE && now_ns < known.until_ns)
		return false;
	if ((is_fresh(&known, now_ns) || (known.state == PARENTS_REMOTE && now_ns < known.until_ns)) &&
	    !(wants_names && (known.scan_wanted || is_scan_due(&known, now_ns))))
		return true;
	fd = open_and_learn(parents, level);
	if (fd < 0)
		return false;
	if (wants_names)
		scan_level(parents, level, fd);
	close(fd);
	return true;
}

void parents_learn(struct parents *parents, const struct parents_place *place)
{
	size_t bottom = directory_length(place->path, strlen(place->path));
	struct level level = level_of(place, 0);

	if (!beneath_is_cached_supported(place->root_fd))
		return;
	while (learn_level(parents, &level, level.length == bottom) && level.length < bottom) {
		size_t start = level.length + (level.length > 0);

		level = level_of(place, start + strcspn(place->path + start, "/"));
	}
}
