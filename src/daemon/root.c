/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each root has its own thread for the lookups of its path. A lookup that waits for storage therefore delays neither
 * the reactors, nor the main thread, nor the lookups of other roots.
 *
 * dup3() makes the descriptor that all threads use refer to the new directory, so request lookups need no lock and no
 * notification. Request lookups in progress end in the former directory. Later request lookups begin in the new
 * directory.
 *
 * A struct root is shared by its users (the sites of each generation) and its thread. Dropping the last reference frees
 * the struct.
 */
#include "daemon/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LOOKUP_MS 1000
#define RETRY_MS 100 /* delay after a failed lookup, because another process may be replacing the link */
#define STEP_MS 10

/* Identifies the directory to which a path led. */
struct directory_identity {
	uint64_t device, inode, mount;
	bool is_mount_root;
	char name[PATH_MAX]; /* path without symbolic links; "": unknown */
};

struct root {
	char *path;
	int fd;
	struct files *files;
	atomic_uint references; /* one for each user, one for the thread; see drop_reference() */
	atomic_uint users;	/* sequentially consistent; the last user stops the thread */
	atomic_bool gone;	/* sequentially consistent; publishes no other data */
	pthread_t thread;
	pthread_mutex_t lock; /* protects the condition and the three flags below */
	pthread_cond_t changed;
	bool watched, looking_up, stopping;
	/* Once the thread runs, only the thread uses these fields. */
	atomic_uint *replaced;
	struct directory_identity directory; /* the served directory, or the directory served last */
	unsigned misses;		     /* number of consecutive lookups that found no directory */
	int last_error; /* -errno of the last lookup if the process or storage failed, otherwise 0 */
};

/*
 * Both atomics are sequentially consistent. A thread increments `lookups` before it reads `all_stop`.
 * root_stop_watching() writes `all_stop` before it reads `lookups`. So each lookup either sees `all_stop` or is counted
 * when root_stop_watching() reads `lookups`.
 */
static atomic_bool all_stop;
static atomic_uint lookups; /* number of lookups in progress, of all roots */

/* --- opening a path --- */

int root_open_directory(const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : 0;

	if (error == 0 && faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) != 0)
		error = -errno;
	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

const char *root_error_text(int error)
{
	return error == -EACCES ? "no permission to read this directory" : strerror(-error);
}

int root_open(const char *root)
{
	int fd = root_open_directory(root);

	if (fd < 0)
		log_error("cannot serve %s: %s", root, root_error_text(fd));
	return fd;
}

/* --- lookups, called on the thread of the root --- */

static void identify(int fd, struct directory_identity *directory)
{
	char link[64];
	struct statx st;
	ssize_t length;

	*directory = (struct directory_identity){ 0 };
	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &st) == 0) {
		directory->device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
		directory->inode = st.stx_ino;
		directory->mount = (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
		directory->is_mount_root = (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, directory->name, sizeof(directory->name) - 1);
	if (length < 0)
		length = 0;
	directory->name[length] = '\0';
}

static bool is_same(const struct directory_identity *a, const struct directory_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->mount == b->mount;
}

/*
 * Returns true if the filesystem whose root directory was served was unmounted. The path then leads to the mount point.
 */
static bool is_unmounted(const struct directory_identity *now, const struct directory_identity *before)
{
	return before->is_mount_root && !now->is_mount_root && before->name[0] != '\0' &&
	       strcmp(now->name, before->name) == 0;
}

/* Returns true if the path leads to no accessible directory. Other errors are errors of the process or the storage. */
static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EACCES || error == -ENAMETOOLONG;
}

/* Looks up the path. Returns a descriptor or -errno. -ENODEV means that the filesystem was unmounted. */
static int look_up(const struct root *root, struct directory_identity *now)
{
	int fd = root_open_directory(root->path);

	if (fd < 0)
		return fd;
	identify(fd, now);
	if (!is_unmounted(now, &root->directory))
		return fd;
	close(fd);
	return -ENODEV;
}

/* Handles a path that no longer leads to a directory. */
static void lose(struct root *root, int error)
{
	if (atomic_load(&root->gone))
		return;
	atomic_store(&root->gone, true);
	files_set_root_lost(root->files, true);
	log_error("root %s: %s; requests are answered with 503 until the path leads to a directory again", root->path,
		  error == -ENODEV ? "its filesystem was unmounted" : root_error_text(error));
}

/* Replaces the served directory. */
static void replace(struct root *root, int fd, const struct directory_identity *now)
{
	int error = dup3(fd, root->fd, O_CLOEXEC) < 0 ? -errno : files_replace_root(root->files, fd);

	if (error != 0) {
		log_fault(LOG_LEVEL_ERROR, "root %s: cannot serve the new directory: %s; still serving the former one",
			  root->path, strerror(-error));
		return;
	}
	log_info("root %s: now serving %s instead of %s", root->path,
		 now->name[0] != '\0' ? now->name : "another directory",
		 root->directory.name[0] != '\0' ? root->directory.name : "the former directory");
	root->directory = *now;
	atomic_fetch_add(root->replaced, 1);
}

/* Handles a path that leads to this directory. */
static void find(struct root *root, int fd, const struct directory_identity *now)
{
	if (!is_same(now, &root->directory))
		replace(root, fd, now);
	if (!is_same(now, &root->directory) || !atomic_load(&root->gone))
		return;
	files_set_root_lost(root->files, false);
	atomic_store(&root->gone, false);
	log_info("root %s: available again", root->path);
}

/* Logs an error of the process or of the storage, once. A request that meets the error fails on its own. */
static void note_error(struct root *root, int error)
{
	if (error != root->last_error && error != 0)
		log_warning("root %s: cannot look up the path: %s; still serving the directory that was found last",
			    root->path, strerror(-error));
	root->last_error = error;
}

static void check_path(struct root *root)
{
	struct directory_identity now;
	int fd = look_up(root, &now);

	if (fd < 0 && (is_missing(fd) || fd == -ENODEV)) {
		if (root->misses++ > 0)
			lose(root, fd);
		return;
	}
	note_error(root, fd < 0 ? fd : 0);
	if (fd < 0)
		return;
	root->misses = 0;
	find(root, fd, &now);
	close(fd);
}

/* --- the thread --- */

static void drop_reference(struct root *root)
{
	/*
	 * Release publishes the changes of this user. Acquire makes the changes of all users visible to the last user.
	 */
	if (atomic_fetch_sub_explicit(&root->references, 1, memory_order_acq_rel) > 1)
		return;
	files_unref(root->files);
	if (root->fd >= 0)
		close(root->fd);
	pthread_cond_destroy(&root->changed);
	pthread_mutex_destroy(&root->lock);
	free(root->path);
	free(root);
}

/* Waits until the next lookup is due. The caller holds the lock. Returns false if the thread must end. */
static bool wait_for_lookup(struct root *root)
{
	uint64_t due_ns = clock_now_ns() + (root->misses == 1 ? RETRY_MS : LOOKUP_MS) * CLOCK_NS_PER_MS;
	struct timespec due = { .tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S),
				.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S) };

	while (!root->stopping && pthread_cond_timedwait(&root->changed, &root->lock, &due) == 0)
		;
	return !root->stopping;
}

static void *run(void *context)
{
	struct root *root = context;

	pthread_mutex_lock(&root->lock);
	while (wait_for_lookup(root)) {
		root->looking_up = true;
		pthread_mutex_unlock(&root->lock);
		atomic_fetch_add(&lookups, 1);
		if (!atomic_load(&all_stop))
			check_path(root);
		atomic_fetch_sub(&lookups, 1);
		pthread_mutex_lock(&root->lock);
		root->looking_up = false;
	}
	pthread_mutex_unlock(&root->lock);
	drop_reference(root);
	return NULL;
}

/* --- users --- */

static int init(struct root *root, const char *path, int fd, const struct files_options *options)
{
	struct files_options own = *options;
	pthread_condattr_t attributes;

	pthread_mutex_init(&root->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&root->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	root->references = root->users = 1;
	root->fd = -1;
	root->path = strdup(path);
	if (root->path == NULL)
		return -ENOMEM;
	own.root_fd = fd;
	identify(fd, &root->directory);
	return files_new(&root->files, &own);
}

int root_new(struct root **root, const char *path, int fd, const struct files_options *options)
{
	struct root *made = calloc(1, sizeof(*made));
	int error = made != NULL ? init(made, path, fd, options) : -ENOMEM;

	if (error != 0) {
		if (made != NULL)
			drop_reference(made);
		return error;
	}
	made->fd = fd;
	*root = made;
	return 0;
}

int root_watch(struct root *root, atomic_uint *replaced)
{
	int error;

	if (root->watched)
		return 0;
	root->replaced = replaced;
	atomic_fetch_add(&root->references, 1);
	error = pthread_create(&root->thread, NULL, run, root);
	if (error != 0) {
		atomic_fetch_sub(&root->references, 1);
		return -error;
	}
	pthread_setname_np(root->thread, "ranged-root");
	root->watched = true;
	return 0;
}

struct root *root_ref(struct root *root)
{
	atomic_fetch_add(&root->references, 1);
	atomic_fetch_add(&root->users, 1);
	return root;
}

static void stop(struct root *root)
{
	bool looking_up;

	pthread_mutex_lock(&root->lock);
	root->stopping = true;
	looking_up = root->looking_up;
	pthread_cond_signal(&root->changed);
	pthread_mutex_unlock(&root->lock);
	if (looking_up)
		pthread_detach(root->thread); /* the thread ends when the storage responds */
	else
		pthread_join(root->thread, NULL);
}

void root_unref(struct root *root)
{
	if (root == NULL)
		return;
	if (atomic_fetch_sub(&root->users, 1) == 1 && root->watched)
		stop(root);
	drop_reference(root);
}

bool root_is_like(const struct root *root, const char *path, const struct files_options *options)
{
	return strcmp(root->path, path) == 0 && files_matches(root->files, options);
}

int root_fd(const struct root *root)
{
	return root->fd;
}

struct files *root_files(const struct root *root)
{
	return root->files;
}

bool root_is_gone(const struct root *root)
{
	return atomic_load(&root->gone);
}

bool root_stop_watching(unsigned patience_ms)
{
	atomic_store(&all_stop, true);
	for (unsigned waited_ms = 0; atomic_load(&lookups) > 0 && waited_ms < patience_ms; waited_ms += STEP_MS)
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * CLOCK_NS_PER_MS }, NULL);
	return atomic_load(&lookups) == 0;
}
