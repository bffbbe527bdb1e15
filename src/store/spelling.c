/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each directory on the path has one of three kinds:
 *
 *	BYTES	Names are compared as bytes. The usual Linux filesystems do this, except in directories with the
 *		casefold flag.
 *	CASE	The behaviour of the filesystem is unknown (FUSE, network, foreign), but it does not fold case: the
 *		requested name with the case of all letters swapped does not exist. The filesystem could still accept
 *		other aliases, such as normalised Unicode, "SECRET~1.KEY", "secret.key." or "secret.key::$DATA". Names
 *		that could be such an alias are searched for in the directory.
 *	LISTED	Every name is searched for in the directory. This kind is used if the swapped name exists too, or if
 *		this cannot be determined.
 *
 * Inode numbers do not help, because libfuse numbers spellings instead of files. The name in /proc/self/fd does not
 * help either, because it is the name that was looked up.
 *
 * Results are kept for one second in spelling_table.c, by the path of the directory. If a directory was read, the table
 * keeps hashes of all its names. If a name is not in the table, the directory is read again, unless it has not changed
 * since it was read.
 *
 * After that second, the names are kept for another second if the times of the directory have not changed. FUSE and
 * network filesystems need not change the times of a directory when its names change. Their directories are therefore
 * read again after READ_AGAIN_NS.
 *
 * This file has no state of its own. The functions run on offload threads, because each check may wait for the disk.
 */
#include "store/spelling.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "store/spelling_table.h"

#define READ_AGAIN_NS (10 * CLOCK_NS_PER_S)
#define SETTLED_S 2 /* Coarsest resolution of the mtime of a directory, in seconds (vfat). */
#define NAMES_BYTES (32 * 1024)
#define BCACHEFS_MAGIC 0xca451a4e
#define EXFAT_MAGIC 0x2011bab0

/* A name in a directory beneath the root. */
struct spelled {
	int root_fd;
	uint64_t resolve;
	const char *directory; /* Path of the directory; "" is the root. */
	const char *name;
	uint64_t key, hash; /* Hash of the directory, and hash of the name. */
};

/*
 * The identity of a directory, whose hash is the key of the directory. The identity includes the root directory,
 * because files_replace_root() may replace the directory behind root_fd.
 */
struct identity {
	uint64_t device, inode, mount, resolve;
	char path[PATH_MAX];
};

/* --- a directory --- */

static int open_directory(const struct spelled *spelled)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = spelled->resolve };
	long fd = syscall(SYS_openat2, spelled->root_fd, *spelled->directory != '\0' ? spelled->directory : ".", &how,
			  sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* Opens the directory of an O_PATH descriptor for reading. */
static int open_for_reading(int fd)
{
	int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);

	return readable < 0 ? -errno : readable;
}

static bool is_named_by_bytes(long filesystem)
{
	switch ((unsigned long)filesystem & 0xffffffff) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case BCACHEFS_MAGIC:
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case SQUASHFS_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
		return true;
	default:
		return false;
	}
}

/* Returns true if no directory of the filesystem can get the casefold flag. */
static bool has_no_casefold_flag(long filesystem)
{
	switch ((unsigned long)filesystem & 0xffffffff) {
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case RAMFS_MAGIC:
	case SQUASHFS_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
		return true;
	default:
		return false;
	}
}

/* Returns true if a change of the names in a directory always changes its times. */
static bool notes_changes(long filesystem)
{
	switch ((unsigned long)filesystem & 0xffffffff) {
	case MSDOS_SUPER_MAGIC:
	case EXFAT_MAGIC:
		return true;
	default:
		return is_named_by_bytes(filesystem);
	}
}

/*
 * Returns true for an XFS that was created with "-n version=ci". XFS_IOC_FSGEOMETRY_V1 and XFS_FSOP_GEOM_FLAGS_DIRV2CI
 * are from xfs/xfs_fs.h.
 */
static bool folds_all(int fd, long filesystem)
{
	union {
		struct {
			uint32_t blocks[8];
			uint64_t counts[4];
			uint8_t uuid[16];
			uint32_t unit, width;
			int32_t version;
			uint32_t flags;
		} fields;
		uint8_t room[112];
	} geometry = { 0 };

	return filesystem == XFS_SUPER_MAGIC &&
	       ioctl(fd, _IOC(_IOC_READ, 'X', 100, sizeof(geometry)), &geometry) == 0 &&
	       (geometry.fields.flags & 1u << 12) != 0;
}

/* Returns true if a directory, which is open for reading, folds the case of names. */
static bool folds_case(int readable, long filesystem)
{
	int flags = 0;

	return (ioctl(readable, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_CASEFOLD_FL) != 0) ||
	       folds_all(readable, filesystem);
}

/*
 * Returns the kind of a directory on a filesystem that compares bytes, or SPELLING_TABLE_NONE if the directory cannot
 * be opened for reading.
 */
static enum spelling_kind kind_by_flags(int fd, long filesystem)
{
	int readable = open_for_reading(fd);
	enum spelling_kind kind;

	if (readable < 0)
		return SPELLING_TABLE_NONE;
	kind = folds_case(readable, filesystem) ? SPELLING_TABLE_LISTED : SPELLING_TABLE_BYTES;
	close(readable);
	return kind;
}

/* Swaps the case of all ASCII letters. Returns false if the name has no letters. */
static bool swap_case(const char *name, char *swapped)
{
	bool letters = false;

	for (; *name != '\0'; name++) {
		unsigned char byte = (unsigned char)*name;
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

		letters = letters || letter;
		*swapped++ = (char)(letter ? byte ^ 0x20 : byte);
	}
	*swapped = '\0';
	return letters;
}

static enum spelling_kind kind_by_trial(int fd, const char *name)
{
	char swapped[NAME_MAX + 1];
	struct statx st;

	if (strlen(name) > NAME_MAX || !swap_case(name, swapped))
		return SPELLING_TABLE_LISTED;
	return statx(fd, swapped, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0 && errno == ENOENT
		       ? SPELLING_TABLE_CASE
		       : SPELLING_TABLE_LISTED;
}

static bool is_ascii(const char *name)
{
	while (*name != '\0' && (unsigned char)*name < 0x80)
		name++;
	return *name == '\0';
}

/*
 * Returns the kind of a directory that cannot be opened for reading, on a filesystem that compares bytes. The only
 * aliases in such a directory are those of case folding.
 */
static enum spelling_kind kind_of_closed(int fd, const char *name)
{
	char swapped[NAME_MAX + 1];

	if (!swap_case(name, swapped))
		return is_ascii(name) ? SPELLING_TABLE_FINE : SPELLING_TABLE_LISTED;
	return kind_by_trial(fd, name) == SPELLING_TABLE_CASE ? SPELLING_TABLE_BYTES : SPELLING_TABLE_LISTED;
}

static enum spelling_kind find_kind(int fd, const char *name)
{
	struct statfs fs;
	enum spelling_kind kind;

	if (fstatfs(fd, &fs) != 0 || !is_named_by_bytes((long)fs.f_type))
		return kind_by_trial(fd, name);
	kind = kind_by_flags(fd, (long)fs.f_type);
	return kind != SPELLING_TABLE_NONE ? kind : kind_of_closed(fd, name);
}

bool spelling_is_by_bytes(int directory_fd, bool *constant)
{
	struct statfs fs;

	*constant = false;
	if (fstatfs(directory_fd, &fs) != 0 ||
	    (!is_named_by_bytes((long)fs.f_type) && fs.f_type != OVERLAYFS_SUPER_MAGIC))
		return false;
	*constant = has_no_casefold_flag((long)fs.f_type);
	return !folds_case(directory_fd, (long)fs.f_type);
}

/*
 * Returns true for an ASCII name without the characters that case-sensitive filesystems are known to map to other
 * names.
 */
static bool is_plain(const char *name)
{
	char last = '\0';

	for (; *name != '\0'; name++) {
		if ((unsigned char)*name >= 0x7f || (unsigned char)*name < ' ' || strchr("~:\\", *name) != NULL)
			return false;
		last = *name;
	}
	return last != '.' && last != ' ';
}

/* --- its names --- */

/*
 * Stores the version of the directory in *names. Asks the server, because the client of a network filesystem shows
 * changes late.
 */
static int note_version(int fd, struct spelling_names *names)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_INO | STATX_MTIME | STATX_CTIME, &st) < 0)
		return -errno;
	names->device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	names->inode = st.stx_ino;
	names->mtime = st.stx_mtime;
	names->ctime = st.stx_ctime;
	names->settled = st.stx_mtime.tv_sec < clock_wall_ns() / (int64_t)CLOCK_NS_PER_S - SETTLED_S;
	return 0;
}

/* Returns true if the directory has not changed since its names were read. */
static bool is_current(int fd, const struct spelling_names *names)
{
	struct spelling_names now;

	return names->settled && note_version(fd, &now) == 0 && spelling_table_same_version(&now, names);
}

/*
 * Adds a name. If there is no room or memory, sets *whole to false. The names are then discarded, and the next check
 * reads the directory again.
 */
static void add_name(struct spelling_names *names, bool *whole, uint64_t hash)
{
	if (*whole && names->count == names->room) {
		size_t room = names->room > 0 ? names->room * 2 : 64;
		uint64_t *grown = room <= SPELLING_TABLE_NAMES_MAX ? reallocarray(names->hashes, room, sizeof(*grown))
								   : NULL;

		*whole = grown != NULL;
		if (grown != NULL) {
			names->hashes = grown;
			names->room = room;
		}
	}
	if (*whole)
		names->hashes[names->count++] = hash;
}

/* Reads the names of the directory, and sets *found if `name` is one of them. Returns 0 or -errno. */
static int read_names(int readable, const char *name, struct spelling_names *names, bool *whole, bool *found)
{
	_Alignas(struct dirent64) char buffer[NAMES_BYTES];
	ssize_t got;

	while ((got = getdents64(readable, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);

			*found = *found || strcmp(entry->d_name, name) == 0;
			add_name(names, whole, keyed_hash(entry->d_name, strlen(entry->d_name)));
			at += entry->d_reclen;
		}
		if (*found && !*whole)
			return 0;
	}
	return got < 0 ? -errno : 0;
}

/* Returns the time at which names that are read now expire. */
static uint64_t read_again_ns(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && notes_changes((long)fs.f_type) ? UINT64_MAX : clock_now_ns() + READ_AGAIN_NS;
}

/* Searches the directory for the name. Returns 0, -ENOENT, or another -errno. */
static int find_name(const struct spelled *spelled, int fd, enum spelling_kind kind)
{
	struct spelling_names names = { 0 };
	bool whole = true, found = false;
	int readable = open_for_reading(fd), error;

	if (readable < 0)
		return readable;
	error = note_version(readable, &names);
	names.read_again_ns = read_again_ns(readable);
	if (error == 0)
		error = read_names(readable, spelled->name, &names, &whole, &found);
	close(readable);
	if (error != 0 || !whole || names.count == 0) {
		free(names.hashes);
	} else {
		spelling_table_store(spelled->key, kind, &names);
	}
	return error != 0 ? error : found ? 0 : -ENOENT;
}

static bool needs_no_names(enum spelling_kind kind, const char *name)
{
	return kind == SPELLING_TABLE_BYTES || (kind == SPELLING_TABLE_CASE && is_plain(name));
}

/* Checks a name in a directory for which the table has no valid result. */
static int check_unknown(const struct spelled *spelled, int fd, enum spelling_kind kind)
{
	if (kind == SPELLING_TABLE_NONE)
		kind = find_kind(fd, spelled->name);
	if (kind == SPELLING_TABLE_FINE)
		return 0;
	if (!needs_no_names(kind, spelled->name))
		return find_name(spelled, fd, kind);
	spelling_table_store(spelled->key, kind, &(struct spelling_names){ 0 });
	return 0;
}

static int check_name(const struct spelled *spelled)
{
	const struct spelling_known known = spelling_table_find(spelled->key, spelled->hash);
	uint64_t start_ns = clock_now_ns();
	int fd, error;

	if (known.fresh && (known.present || needs_no_names(known.kind, spelled->name)))
		return 0;
	fd = open_directory(spelled);
	if (fd < 0)
		return fd;
	if (known.listed && is_current(fd, &known.names)) {
		spelling_table_extend(spelled->key, &known.names, start_ns);
		error = known.present ? 0 : -ENOENT;
	} else {
		error = check_unknown(spelled, fd, known.fresh ? known.kind : SPELLING_TABLE_NONE);
	}
	close(fd);
	return error;
}

static int identify(int root_fd, uint64_t resolve, struct identity *identity)
{
	struct statx st;

	if (statx(root_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &st) < 0)
		return -errno;
	identity->device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	identity->inode = st.stx_ino;
	identity->mount = (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
	identity->resolve = resolve;
	return 0;
}

int spelling_check(int root_fd, const char *path, uint64_t resolve)
{
	struct identity identity;
	char name[NAME_MAX + 1];
	int error = 0;

	if (*path == '\0')
		return 0;
	error = strlen(path) < sizeof(identity.path) ? identify(root_fd, resolve, &identity) : -ENAMETOOLONG;
	for (size_t at = 0, length; error == 0 && path[at] != '\0'; at += length + (path[at + length] == '/')) {
		size_t directory_bytes = at > 0 ? at - 1 : 0;

		length = strcspn(path + at, "/");
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path + at, length);
		name[length] = '\0';
		memcpy(identity.path, path, directory_bytes);
		identity.path[directory_bytes] = '\0';
		error = check_name(&(struct spelled){
			.root_fd = root_fd,
			.resolve = resolve,
			.directory = identity.path,
			.name = name,
			.key = keyed_hash(&identity, offsetof(struct identity, path) + directory_bytes),
			.hash = keyed_hash(name, length) });
	}
	return error;
}
