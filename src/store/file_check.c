/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares a new statx() with the version and the metadata of a known file. The metadata is protected by file_lock().
 * Local files are checked on any thread. Remote files are checked on offload threads, as are the paths of
 * file_check_path().
 *
 * Two statx() calls of different threads have no known order. Therefore a thread reads the counter of metadata changes
 * before its statx, and repeats the statx if another thread has updated the metadata meanwhile.
 */
#include "store/file_check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/filesystem.h"

static bool same_attributes(const struct file_metadata *a, const struct file_metadata *b)
{
	return a->links == b->links && a->mode == b->mode && a->user == b->user && a->group == b->group;
}

/* Returns true if the attributes on which the permission to read depends are the same. */
static bool same_access(const struct file_metadata *a, const struct file_metadata *b)
{
	return a->mode == b->mode && a->user == b->user && a->group == b->group;
}

static bool same_but_ctime(const struct file_version *a, const struct file_version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/*
 * Returns true if both results of a statx() are of one inode, and not of two inodes that had the same number in turn.
 * The birth times decide. If the filesystem has none, an open descriptor shows that the number was in use meanwhile.
 */
static bool same_inode(struct file *file, const struct file_metadata *now)
{
	struct descriptor *descriptor;

	if (now->born_ns != 0 || file->metadata.born_ns != 0)
		return now->born_ns == file->metadata.born_ns;
	descriptor = file_descriptor(file);
	descriptors_unref(descriptor);
	return descriptor != NULL;
}

unsigned file_check_begin(const struct file *file)
{
	/* Acquire: the statx must not begin before the load. */
	return atomic_load_explicit(&file->metadata_changes, memory_order_acquire);
}

/* After -EAGAIN, the order of the two results is unknown, so the caller repeats the statx. */
int file_check_state(struct file *file, const struct file_state *now, unsigned before)
{
	pthread_mutex_t *lock = file_lock(file);
	int result = 0;

	if (file_version_equal(&now->version, &file->version))
		return 0;
	if (!same_but_ctime(&now->version, &file->version))
		return -ESTALE;
	pthread_mutex_lock(lock);
	if (atomic_load_explicit(&file->metadata_changes, memory_order_relaxed) != before) {
		result = -EAGAIN;
	} else if (now->metadata.ctime_ns != file->metadata.ctime_ns) {
		if (same_attributes(&now->metadata, &file->metadata) || !same_inode(file, &now->metadata)) {
			result = -ESTALE;
		} else {
			if (!same_access(&now->metadata, &file->metadata))
				file_access_set_unknown(file);
			file->metadata = now->metadata;
			atomic_fetch_add_explicit(&file->metadata_changes, 1,
						  /* The lock publishes the metadata. */
						  memory_order_relaxed);
		}
	}
	pthread_mutex_unlock(lock);
	return result;
}

/*
 * Returns true if the file is append-only and has not become shorter, so that the bytes of the known version are
 * unchanged. The size may still be the same, because an append moves the mtime before the size.
 */
static bool has_only_grown(const struct file *file, const struct file_version *now)
{
	const struct file_version *version = &file->version;

	return atomic_load_explicit(&file->append_only, memory_order_relaxed) && now->device == version->device &&
	       now->inode == version->inode && now->size >= version->size;
}

/*
 * Sets verified_ns of a remote file to start_ns, unless it is already later. Relaxed: the number publishes no other
 * data.
 */
static void note_verified(struct file *file, uint64_t start_ns)
{
	_Atomic uint64_t *verified_ns = file->remote ? &file->extra->verified_ns : NULL;
	uint64_t before = verified_ns != NULL ? atomic_load_explicit(verified_ns, memory_order_relaxed) : UINT64_MAX;

	while (before < start_ns && !atomic_compare_exchange_weak_explicit(verified_ns, &before, start_ns,
									   memory_order_relaxed, memory_order_relaxed))
		;
}

int file_check_path(struct file *file, struct file_state *state)
{
	const struct file_root *root = file->root;
	uint64_t start_ns;
	int result;

	do {
		unsigned before = file_check_begin(file);

		start_ns = clock_now_ns();
		result = file_root_error(root, beneath_stat(root->fd, file->path, root->symlinks, state));
		if (result == -ESTALE) /* an error of the server, which says nothing about the version */
			result = -ENODEV;
		if (result < 0)
			return result;
		result = file_check_state(file, state, before);
	} while (result == -EAGAIN);
	if (result == 0)
		note_verified(file, start_ns);
	return result;
}

int file_check_open(struct file *file, int fd)
{
	const int flags = file->remote ? AT_STATX_FORCE_SYNC : AT_STATX_DONT_SYNC;
	uint64_t start_ns = file->remote ? clock_now_ns() : 0;
	struct file_state state;
	struct statx st;
	int result;

	if (atomic_load_explicit(&file->changed, memory_order_relaxed))
		return -ESTALE;
	do {
		unsigned before = file_check_begin(file);

		result = beneath_statx(fd, flags, &st);
		if (result == -ESTALE) {
			/*
			 * The server has lost the handle, for example because it was restarted. Only the next lookup
			 * shows whether the file has changed.
			 */
			atomic_store(&file->unusable, true);
			return -ENODEV;
		}
		/* ENOENT: a server that identifies files by their paths no longer finds the file. */
		if (result < 0)
			return result == -ENOENT ? -ESTALE : result;
		file_version_set_state(&state, &st);
		result = file_check_state(file, &state, before);
		if (result == -ESTALE && has_only_grown(file, &state.version))
			result = 0;
	} while (result == -EAGAIN);
	if (result == 0)
		note_verified(file, start_ns);
	if (result < 0) /* Relaxed: the flag publishes no other data. */
		atomic_store_explicit(&file->changed, true, memory_order_relaxed);
	return result;
}

bool file_check_says_gone(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -ELOOP || error == -EXDEV ||
	       error == -ENAMETOOLONG;
}

/* ESTALE is not in the list, because file_check_path() and file_open_descriptor() return it for a changed file. */
bool file_check_says_lost(int error)
{
	static const int lost[] = { EIO,	 ENOTCONN,     ETIMEDOUT,  EHOSTDOWN,	 EHOSTUNREACH, ENETDOWN,
				    ENETUNREACH, ECONNREFUSED, ECONNRESET, ECONNABORTED, ESHUTDOWN,    ENOLINK,
				    EREMOTEIO,	 ENODEV,       ENXIO,	   ETIME,	 ENODATA,      EBUSY };

	for (unsigned i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (error == -lost[i])
			return true;
	return false;
}

/* Checks a remote file that has no descriptor. */
static int check_closed(struct file *file)
{
	uint64_t start_ns = clock_now_ns();
	struct file_state state;
	int result = file_check_path(file, &state);

	if (result == -ESTALE && has_only_grown(file, &state.version)) {
		note_verified(file, start_ns);
		result = 0;
	}
	return result;
}

/*
 * Looks up the name of an open file on FUSE. Some servers (rclone) update the attributes of a file only when its name
 * is looked up, so a statx() of the descriptor alone would find old ones. The result does not matter, because the path
 * may lead to another file by now. While the kernel may use its own entry of the name, the call does not reach the
 * server.
 */
static void look_up_name(const struct file *file)
{
	int fd = beneath_open_any_spelling(file->root->fd, file->path, file->root->symlinks, O_PATH);

	if (fd >= 0)
		close(fd);
}

int file_check(struct file *file)
{
	struct descriptor *descriptor = file_descriptor(file);
	int result;

	if (descriptor == NULL && !file->remote)
		return atomic_load_explicit(&file->changed, memory_order_relaxed) ? -ESTALE : 0;
	if (descriptor != NULL && file->remote &&
	    filesystem_is_fuse(atomic_load_explicit(&file->device->filesystem, memory_order_relaxed)))
		look_up_name(file);
	result = descriptor != NULL ? file_check_open(file, descriptor->fd) : check_closed(file);
	descriptors_unref(descriptor);
	if (file_check_says_gone(result))
		result = -ESTALE;
	if (result == -ESTALE)
		atomic_store_explicit(&file->changed, true, memory_order_relaxed);
	return result;
}
