/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file below the root: opened without surprises, with what a direct read of it needs to know. Opening blocks and is
 * for offload threads; file_check() is for reactors, because it reads an inode that is in memory while the file is
 * open.
 *
 * The one idea: a name is looked at through O_PATH first, which opens nothing (no driver, no FIFO's other end), and
 * what is then opened for reading must be that same inode. All names go through openat2(RESOLVE_BENEATH), so no ".."
 * and no link leads out of the root, whatever happens to the tree meanwhile.
 *
 * A struct file belongs to all who hold a reference; it does not change after file_open(), so they need no lock.
 */
#include "store/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "store/spelling.h"

/* Alignment is asked for where the headers know of it (Linux 6.1); elsewhere every file gets the default. */
#ifdef STATX_DIOALIGN
#define STAT_MASK (STATX_BASIC_STATS | STATX_DIOALIGN)
#else
#define STAT_MASK STATX_BASIC_STATS
#endif

#define ALIGNMENT_DEFAULT 4096 /* a disk with larger logical blocks says so through STATX_DIOALIGN */
#define RACE_TRIES 4	       /* a tree that is being renamed under us gets this many chances to hold still */
#define SIDECAR_MAX_BYTES 256

/* A file's place below the root, as the functions here hand it on. */
struct place {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
};

static uint64_t resolve_of(const struct place *place)
{
	return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
	       (place->symlinks == FILE_SYMLINKS_NONE ? RESOLVE_NO_SYMLINKS : 0);
}

static int open_beneath(const struct place *place, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve_of(place) };

	for (int tries = 0; tries < RACE_TRIES; tries++) {
		long fd = syscall(SYS_openat2, place->root_fd, *place->path ? place->path : ".", &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR) /* EAGAIN: a rename raced with ".." in the path */
			return -errno;
	}
	return -EAGAIN;
}

/* The same for a path that is spelled as its directories spell it; -ENOENT for another spelling that the filesystem
 * takes, too. */
static int open_spelled(const struct place *place, uint64_t flags)
{
	int fd = open_beneath(place, flags);
	int error = fd < 0 ? fd : spelling_check(place->root_fd, place->path, resolve_of(place));

	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

int file_open_beneath(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags)
{
	return open_spelled(&(struct place){ .root_fd = root_fd, .path = path, .symlinks = symlinks }, flags);
}

bool file_is_misspelled(int root_fd, const char *path, enum file_symlinks symlinks)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	int fd = open_beneath(&place, O_PATH);

	if (fd < 0)
		return false;
	close(fd);
	return spelling_check(root_fd, path, resolve_of(&place)) == -ENOENT;
}

static int stat_open(int fd, int flags, struct statx *st)
{
	return statx(fd, "", AT_EMPTY_PATH | flags, STAT_MASK, st) < 0 ? -errno : 0;
}

/* Local filesystems ignore AT_STATX_FORCE_SYNC; a client that caches attributes asks its server. */
static int stat_beneath(const struct place *place, struct statx *st)
{
	int fd = open_spelled(place, O_PATH);
	if (fd < 0)
		return fd;

	int error = stat_open(fd, AT_STATX_FORCE_SYNC, st);
	close(fd);
	if (error < 0)
		return error;
	if (S_ISDIR(st->stx_mode))
		return -EISDIR;
	return S_ISREG(st->stx_mode) ? 0 : -ENOENT;
}

static bool same_inode(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/* Opens what was seen to be a regular file. The descriptor and its state, or -errno: -EAGAIN when the name leads
 * elsewhere now. */
static int open_seen(const struct place *place, uint64_t flags, const struct statx *seen, struct statx *st)
{
	int fd = open_beneath(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0)
		return fd;

	int error = stat_open(fd, AT_STATX_FORCE_SYNC, st);
	if (error == 0 && !same_inode(st, seen))
		error = -EAGAIN;
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

static int open_regular(const struct place *place, uint64_t flags, struct statx *st)
{
	for (int tries = 0; tries < RACE_TRIES; tries++) {
		struct statx seen;
		int error = stat_beneath(place, &seen);
		if (error < 0)
			return error;

		int fd = open_seen(place, flags, &seen, st);
		if (fd != -EAGAIN)
			return fd;
	}
	return -EAGAIN;
}

/* Times beyond the years 1677 … 2262 are held at the ends of what 64 bits of nanoseconds can say. */
static int64_t stamp_ns(const struct statx_timestamp *stamp)
{
	int64_t ns;

	if (__builtin_mul_overflow(stamp->tv_sec, (int64_t)CLOCK_NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)stamp->tv_nsec, &ns))
		return stamp->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

void file_set_version(struct file_version *version, const struct statx *st)
{
	*version = (struct file_version){
		.device = makedev(st->stx_dev_major, st->stx_dev_minor),
		.inode = st->stx_ino,
		.size = st->stx_size,
		.mtime_ns = stamp_ns(&st->stx_mtime),
		.ctime_ns = stamp_ns(&st->stx_ctime),
	};
}

static void set_state(struct file_state *state, const struct statx *st)
{
	file_set_version(&state->version, st);
	state->metadata = (struct file_metadata){
		.ctime_ns = state->version.ctime_ns,
		.links = st->stx_nlink,
		.mode = st->stx_mode,
		.user = st->stx_uid,
		.group = st->stx_gid,
	};
}

bool file_version_equal(const struct file_version *a, const struct file_version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

bool file_is_undated(const struct file_version *version)
{
	return version->mtime_ns >= 0 && version->mtime_ns < 2 * (int64_t)CLOCK_NS_PER_S;
}

bool file_is_young(const struct file *file)
{
	return clock_is_young(file->version.mtime_ns, clock_wall_ns());
}

/* The characters of RFC 9110's entity tags; blanks, quotes and control bytes are not among them. */
static bool is_tag_byte(unsigned char byte)
{
	return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* One line: a tag with or without its quotes, never weak. Leaves *tag alone when it is anything else. */
static void parse_tag(const char *text, size_t length, char *tag)
{
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	for (; length > 0 && is_blank(*text); length--)
		text++;
	if (length >= 2 && text[0] == 'W' && text[1] == '/')
		return;
	if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
		text++;
		length -= 2;
	}
	if (length == 0 || length > FILE_TAG_MAX)
		return;
	for (size_t i = 0; i < length; i++) {
		if (!is_tag_byte((unsigned char)text[i]))
			return;
	}
	memcpy(tag, text, length);
	tag[length] = '\0';
}

ssize_t file_read_head(int root_fd, const char *path, enum file_symlinks symlinks, void *buffer, size_t bytes,
		       struct file_version *version)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	ssize_t length = 0;
	int fd = open_regular(&place, 0, &st);

	if (fd < 0)
		return fd;
	file_set_version(version, &st);
	if (bytes > 0)
		length = pread(fd, buffer, bytes, 0);
	if (length < 0)
		length = -errno;
	close(fd);
	return length;
}

/* Reads until *bytes or the end; *bytes is how many. 0 or -errno. */
static int read_at(int fd, void *buffer, size_t *bytes, uint64_t offset)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < *bytes && got > 0) {
		got = pread(fd, (char *)buffer + done, *bytes - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			done += (size_t)got;
	}
	*bytes = done;
	return got < 0 ? -errno : 0;
}

int file_read_ends(int root_fd, const char *path, enum file_symlinks symlinks, struct file_ends *ends,
		   struct file_version *version)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	int error, fd = open_regular(&place, 0, &st);

	if (fd < 0)
		return fd;
	file_set_version(version, &st);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (ends->tail_bytes > version->size)
		ends->tail_bytes = (size_t)version->size;
	error = read_at(fd, ends->head, &ends->head_bytes, 0);
	if (error == 0)
		error = read_at(fd, ends->tail, &ends->tail_bytes, version->size - ends->tail_bytes);
	close(fd);
	return error;
}

/* A sidecar that is missing, stale or malformed is as if there were none: the file goes without a validator, which is
 * safe. */
static void read_sidecar(struct file *file, const struct place *of)
{
	char path[PATH_MAX], text[SIDECAR_MAX_BYTES + 1];
	struct file_version version;
	ssize_t length;

	if ((size_t)snprintf(path, sizeof(path), "%s.etag", of->path) >= sizeof(path))
		return;
	length = file_read_head(of->root_fd, path, of->symlinks, text, sizeof(text), &version);
	if (length > 0 && length <= SIDECAR_MAX_BYTES && version.mtime_ns >= file->version.mtime_ns)
		parse_tag(text, (size_t)length, file->tag);
}

static uint32_t filesystem_of(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 ? (uint32_t)fs.f_type : 0;
}

/*
 * The filesystems whose attributes in memory are the file's own. On all others (FUSE, NFS, SMB, Ceph, 9p, virtiofs,
 * AFS, Lustre, and overlayfs, whose layers may be any of them) the attributes may be a client's copy, so the server is
 * asked.
 */
static bool is_local(uint32_t filesystem)
{
	static const uint32_t local[] = {
		EXT4_SUPER_MAGIC,
		XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC,
		TMPFS_MAGIC,
		RAMFS_MAGIC,
		HUGETLBFS_MAGIC,
		SQUASHFS_MAGIC,
		EROFS_SUPER_MAGIC_V1,
		CRAMFS_MAGIC,
		ISOFS_SUPER_MAGIC,
		MSDOS_SUPER_MAGIC,
		EXFAT_SUPER_MAGIC,
		MINIX_SUPER_MAGIC,
		MINIX3_SUPER_MAGIC,
		NILFS_SUPER_MAGIC,
		REISERFS_SUPER_MAGIC,
		0x15013346, /* UDF */
		0x7275,	    /* romfs */
		0x7366746e, /* NTFS3 */
		0x482b,
		0x4244,	    /* HFS+, HFS */
		0x3153464a, /* JFS */
		0x2fc12fc1, /* ZFS */
		0xca451a4e, /* bcachefs */
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (local[i] == filesystem)
			return true;
	return false;
}

/* They take O_DIRECT (since Linux 6.6), but then copy inside io_submit. */
static bool lives_in_memory(uint32_t filesystem)
{
	return filesystem == TMPFS_MAGIC || filesystem == RAMFS_MAGIC;
}

/* XFS answers EAGAIN where it would read metadata, ext4 and XFS where they would write back what is dirty; btrfs always
 * does. */
static bool has_nowait(uint32_t filesystem)
{
	return filesystem == EXT4_SUPER_MAGIC || filesystem == XFS_SUPER_MAGIC;
}

/* False when the filesystem says that it would not read this file directly, or asks for an alignment the readers don't
 * promise. */
static bool find_alignment(const struct statx *st, uint32_t *offset_alignment, uint32_t *memory_alignment)
{
	*offset_alignment = ALIGNMENT_DEFAULT;
	*memory_alignment = ALIGNMENT_DEFAULT;
#ifdef STATX_DIOALIGN
	if (st->stx_mask & STATX_DIOALIGN) {
		*offset_alignment = st->stx_dio_offset_align;
		*memory_alignment = st->stx_dio_mem_align;
	}
#endif
	return align_is_power(*offset_alignment) && *offset_alignment <= FILE_ALIGNMENT_MAX &&
	       align_is_power(*memory_alignment) && *memory_alignment <= FILE_ALIGNMENT_MAX;
}

static void set_alignment(struct file *file, const struct statx *st, uint32_t filesystem)
{
	file->nowait = file->direct && has_nowait(filesystem);
	if (file->direct && !lives_in_memory(filesystem) &&
	    find_alignment(st, &file->offset_alignment, &file->memory_alignment))
		return;
	if (file->direct) { /* or else file_pread() would have to keep an alignment, too */
		int flags = fcntl(file->fd, F_GETFL);
		fcntl(file->fd, F_SETFL, flags & ~O_DIRECT);
	}
	file->direct = false;
	file->offset_alignment = 1;
	file->memory_alignment = 1;
}

/* Opens the descriptor, O_DIRECT if the filesystem (squashfs, compressed erofs: EINVAL) has it. */
static int open_direct(const struct place *place, struct file *file, struct statx *st)
{
	file->direct = true;
	file->fd = open_regular(place, O_DIRECT, st);
	if (file->fd == -EINVAL) {
		file->direct = false;
		file->fd = open_regular(place, 0, st);
	}
	return file->fd < 0 ? file->fd : 0;
}

static void set_versions(struct file *file, const struct statx *st, uint32_t filesystem, uint64_t start_ns)
{
	struct file_state state;

	set_state(&state, st);
	file->version = state.version;
	file->metadata = state.metadata;
	file->remote = !is_local(filesystem);
	atomic_init(&file->verified_ns, start_ns);
}

int file_open(int root_fd, const char *path, enum file_symlinks symlinks, struct file **file)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	uint64_t known = UINT64_MAX, start_ns = clock_now_ns();
	uint32_t filesystem;
	struct file *opened = calloc(1, sizeof(*opened));

	if (!opened)
		return -ENOMEM;
	int error = open_direct(&place, opened, &st);
	if (error < 0) {
		free(opened);
		return error;
	}
	atomic_init(&opened->references, 1);
	pthread_mutex_init(&opened->lock, NULL);
	filesystem = filesystem_of(opened->fd);
	set_versions(opened, &st, filesystem, start_ns);
	set_alignment(opened, &st, filesystem);
	if (file_is_undated(&opened->version))
		read_sidecar(opened, &place);
	if (opened->direct && file_map(opened, 0, UINT64_MAX, &known) < 0)
		known = 0; /* whoever needs the map will ask again, and be told */
	atomic_init(&opened->mapped_bytes, known);
	*file = opened;
	return 0;
}

int file_stat(int root_fd, const char *path, enum file_symlinks symlinks, struct file_state *state)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	int error = stat_beneath(&place, &st);

	if (error == 0)
		set_state(state, &st);
	return error;
}

int file_get_version(int root_fd, const char *path, enum file_symlinks symlinks, struct file_version *version)
{
	struct file_state state;
	int error = file_stat(root_fd, path, symlinks, &state);

	if (error == 0)
		*version = state.version;
	return error;
}

struct file *file_ref(struct file *file)
{
	unsigned before = atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
	return file;
}

static bool is_last(struct file *file)
{
	return file && atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) == 1;
}

static void close_file(struct offload_job *job)
{
	struct file *file = container_of(job, struct file, closing);

	close(file->fd);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

void file_unref(struct file *file)
{
	if (!is_last(file))
		return;
	file->closing = (struct offload_job){ .work = close_file };
	if (file->closer)
		offload_start(file->closer, &file->closing);
	else
		close_file(&file->closing);
}

void file_unref_here(struct file *file)
{
	if (is_last(file))
		close_file(&file->closing);
}

/* --- whether a file still is the version it was opened as --- */

static bool same_attributes(const struct file_metadata *a, const struct file_metadata *b)
{
	return a->links == b->links && a->mode == b->mode && a->user == b->user && a->group == b->group;
}

static bool same_but_ctime(const struct file_version *a, const struct file_version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/*
 * Judges the answer of a statx() that began when file->metadata_changes was `before`. 0, -ESTALE, or -EAGAIN: another
 * thread has remembered other metadata meanwhile, so the two answers have no known order and the statx is to be
 * repeated.
 */
static int judge(struct file *file, const struct file_state *now, unsigned before)
{
	int result = 0;

	if (file_version_equal(&now->version, &file->version))
		return 0;
	if (!same_but_ctime(&now->version, &file->version))
		return -ESTALE;
	pthread_mutex_lock(&file->lock);
	if (atomic_load_explicit(&file->metadata_changes, memory_order_relaxed) != before) {
		result = -EAGAIN;
	} else if (now->metadata.ctime_ns != file->metadata.ctime_ns) {
		if (same_attributes(&now->metadata, &file->metadata)) {
			result = -ESTALE;
		} else {
			file->metadata = now->metadata;
			atomic_fetch_add_explicit(&file->metadata_changes, 1,
						  memory_order_relaxed); /* published by the lock */
		}
	}
	pthread_mutex_unlock(&file->lock);
	return result;
}

/*
 * The first bytes of an append-only file, those of the version that was opened, are as they were. The size may still be
 * the same: an append moves the mtime before it moves the size.
 */
static bool has_only_grown(const struct file *file, const struct file_version *now)
{
	const struct file_version *version = &file->version;

	return atomic_load_explicit(&file->append_only, memory_order_relaxed) && now->device == version->device &&
	       now->inode == version->inode && now->size >= version->size;
}

/* Keeps the latest. Relaxed: the number says all there is to know, no other memory depends on it. */
static void note_verified(struct file *file, uint64_t start_ns)
{
	uint64_t before = atomic_load_explicit(&file->verified_ns, memory_order_relaxed);

	while (before < start_ns && !atomic_compare_exchange_weak_explicit(&file->verified_ns, &before, start_ns,
									   memory_order_relaxed, memory_order_relaxed))
		;
}

int file_revalidate(struct file *file, int root_fd, const char *path, enum file_symlinks symlinks,
		    struct file_state *state)
{
	uint64_t start_ns;
	int result;

	do {
		/* Acquire: the statx must not begin before it. */
		unsigned before = atomic_load_explicit(&file->metadata_changes, memory_order_acquire);

		start_ns = clock_now_ns();
		result = file_stat(root_fd, path, symlinks, state);
		if (result < 0)
			return result;
		result = judge(file, state, before);
	} while (result == -EAGAIN);
	if (result == 0)
		note_verified(file, start_ns);
	return result;
}

/*
 * The update of a mirror renames a new file over the old one, which drops the old inode's link count and so is a change
 * of metadata: its bytes are intact, and its readers go on to the end.
 */
int file_check(struct file *file)
{
	const int flags = file->remote ? AT_STATX_FORCE_SYNC : AT_STATX_DONT_SYNC;
	uint64_t start_ns = file->remote ? clock_now_ns() : 0;
	struct file_state state;
	struct statx st;
	unsigned before;
	int result;

	if (atomic_load_explicit(&file->changed, memory_order_relaxed))
		return -ESTALE;
	do {
		before = atomic_load_explicit(&file->metadata_changes, memory_order_acquire); /* as above */
		result = stat_open(file->fd, flags, &st);
		if (result < 0) /* ENOENT: a server that knows the file by its path does not find it any more */
			return result == -ENOENT ? -ESTALE : result;
		set_state(&state, &st);
		result = judge(file, &state, before);
		if (result == -ESTALE && has_only_grown(file, &state.version))
			result = 0;
	} while (result == -EAGAIN);
	if (result == 0 && file->remote)
		note_verified(file, start_ns);
	if (result < 0) /* relaxed: it is a flag, and nothing else is published by it */
		atomic_store_explicit(&file->changed, true, memory_order_relaxed);
	return result;
}

bool file_is_deleted(const struct file *file)
{
	struct statx st;

	return stat_open(file->fd, AT_STATX_DONT_SYNC, &st) == 0 && st.stx_nlink == 0;
}

ssize_t file_pread(const struct file *file, void *buffer, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(file->fd, (char *)buffer + done, length - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/*
 * Up to where the map is known after a walk of [offset, end) came back with these extents. FIEMAP_EXTENT_LAST is no
 * word on the file: ext4 and XFS set it on the last extent of the walk (seen on Linux 6.18), so it only says that the
 * walk was not cut short.
 */
static uint64_t known_after(const struct fiemap *map, uint64_t end, uint64_t size)
{
	const struct fiemap_extent *last = &map->fm_extents[map->fm_extent_count - 1];

	if (map->fm_mapped_extents == map->fm_extent_count && !(last->fe_flags & FIEMAP_EXTENT_LAST))
		return last->fe_logical + last->fe_length;
	return end >= size ? UINT64_MAX : end;
}

int file_map(const struct file *file, uint64_t offset, uint64_t length, uint64_t *known)
{
	uint64_t end = offset + length < offset ? UINT64_MAX : offset + length;
	struct fiemap *map = calloc(1, sizeof(*map) + FILE_MAP_STEP * sizeof(map->fm_extents[0]));
	int error = 0;

	if (!map)
		return -ENOMEM;
	map->fm_start = offset;
	map->fm_length = end - offset;
	map->fm_extent_count = FILE_MAP_STEP;
	if (ioctl(file->fd, FS_IOC_FIEMAP, map) == 0)
		*known = known_after(map, end, file->version.size);
	else if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EBADR) /* not on this filesystem */
		*known = UINT64_MAX;
	else
		error = -errno;
	free(map);
	return error;
}
