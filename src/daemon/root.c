/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each root has its own thread for the lookups of its path. A lookup that waits for storage therefore delays neither
 * the reactors, nor the main thread, nor the lookups of other roots. Readers of the state recognize such a lookup by
 * the age of the last check.
 *
 * dup3() makes the descriptor that all threads use refer to the new directory, so request lookups need no lock and no
 * notification. Request lookups in progress end in the former directory. Later request lookups begin in the new
 * directory. While the root is gone, the descriptor refers to no directory, so that its filesystem can be unmounted.
 *
 * A struct root is shared by its users (the sites of each generation) and its thread. Dropping the last reference frees
 * the struct.
 */
#include "daemon/root.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LOOKUP_MS 1000
#define RETRY_MS 100 /* delay after a failed lookup, because another process may be replacing the link */
#define STEP_MS 10
#define AGE_MAX_NS ((LOOKUP_MS + 2000) * CLOCK_NS_PER_MS) /* a root whose last check is older is not ready */

/* Why a root is gone. */
enum problem { PROBLEM_NONE, PROBLEM_PATH, PROBLEM_UNMOUNTED, PROBLEM_REQUIRED };

struct root {
	char *path;
	struct text_list required;
	struct root_place place; /* the path, the symlinks and the list above */
	int fd;
	struct files *files;
	atomic_uint references; /* one for each user, one for the thread; see drop_reference() */
	atomic_uint users;	/* sequentially consistent; the last user stops the thread */
	/*
	 * The result of the last check, for readers on other threads. Relaxed, because each value stands for itself and
	 * publishes no other data.
	 */
	_Atomic uint64_t problem;    /* see pack() */
	_Atomic uint64_t checked_ns; /* end of the last check */
	_Atomic int step;	     /* the current step of the lookup; see root_lookup() */
	pthread_t thread;
	pthread_mutex_t lock; /* protects the condition, the four flags below, and changes of `directory` */
	pthread_cond_t changed;
	bool watched, looking_up, stopping;
	bool asked;			/* a lookup is due now; see root_ask() */
	struct root_identity directory; /* the served directory, or the directory served last */
	/* Once the thread runs, only the thread uses these fields. */
	atomic_uint *replaced;
	bool released;	 /* the descriptors refer to no directory */
	unsigned misses; /* number of consecutive lookups that found no directory */
	int last_error;	 /* -errno of the last lookup if the process lacked a resource, otherwise 0 */
};

/*
 * Both atomics are sequentially consistent. A thread increments `lookups` before it reads `all_stop`.
 * root_stop_watching() writes `all_stop` before it reads `lookups`. So each lookup either sees `all_stop` or is counted
 * when root_stop_watching() reads `lookups`.
 */
static atomic_bool all_stop;
static atomic_uint lookups; /* number of lookups in progress, of all roots */

/* --- the problem, as one integer --- */

static uint64_t pack(enum problem problem, size_t index, int error)
{
	return (uint64_t)problem << 56 | (uint64_t)(index & 0xffffff) << 32 | (uint32_t)-error;
}

static enum problem problem_of(const struct root *root)
{
	return (enum problem)(atomic_load_explicit(&root->problem, memory_order_relaxed) >> 56);
}

/* Writes the reason for which the root is gone. */
static void describe(const struct root *root, uint64_t packed, char *text, size_t bytes)
{
	const int error = -(int)(uint32_t)packed;

	switch ((enum problem)(packed >> 56)) {
	case PROBLEM_UNMOUNTED:
		snprintf(text, bytes, "its filesystem was unmounted");
		break;
	case PROBLEM_REQUIRED:
		snprintf(text, bytes, "the required file %s: %s", root->required.list[packed >> 32 & 0xffffff],
			 strerror(-error));
		break;
	default:
		snprintf(text, bytes, "%s", root_lookup_text(error));
	}
}

/* --- lookups, called on the thread of the root --- */

static int no_directory_fd = -1;

static void open_no_directory(void)
{
	no_directory_fd = eventfd(0, EFD_CLOEXEC);
}

/*
 * Returns a descriptor that is not a directory, or -1. Lookups that begin there fail, and the store treats each error
 * of a lost root as an error of the storage.
 */
static int no_directory(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_no_directory);
	return no_directory_fd;
}

/* Makes all descriptors of the root refer to this directory, or to no directory. Returns 0 or -errno. */
static int use(struct root *root, int fd)
{
	return dup3(fd, root->fd, O_CLOEXEC) < 0 ? -errno : files_replace_root(root->files, fd);
}

/* Makes the root gone, unless it is gone already. Closes its directory, so that the filesystem can be unmounted. */
static void lose(struct root *root, uint64_t problem)
{
	const bool was_gone = root_is_gone(root);
	const int nothing = no_directory();
	char text[512];

	atomic_store_explicit(&root->problem, problem, memory_order_relaxed);
	if (was_gone)
		return;
	files_set_root_lost(root->files, true);
	describe(root, problem, text, sizeof(text));
	log_error("root %s: %s; requests are answered with 503 until the root is available again", root->path, text);
	root->released = nothing >= 0 && use(root, nothing) == 0;
}

static void set_directory(struct root *root, const struct root_identity *identity)
{
	pthread_mutex_lock(&root->lock);
	root->directory = *identity;
	pthread_mutex_unlock(&root->lock);
}

/* Serves the directory that was found. Returns false if that is not possible. */
static bool serve(struct root *root, const struct root_found *found)
{
	const struct root_identity *now = &found->identity;
	const bool same = root_lookup_is_same(now, &root->directory);
	int error = !same || root->released ? use(root, found->fd) : 0;

	if (error != 0) {
		log_fault(LOG_LEVEL_ERROR, "root %s: cannot serve the new directory: %s; still serving the former one",
			  root->path, strerror(-error));
		return false;
	}
	root->released = false;
	if (same)
		return true;
	log_info("root %s: now serving %s instead of %s", root->path,
		 now->name[0] != '\0' ? now->name : "another directory",
		 root->directory.name[0] != '\0' ? root->directory.name : "the former directory");
	set_directory(root, now);
	atomic_fetch_add(root->replaced, 1);
	return true;
}

/* Handles a path that leads to a directory with all required files. */
static void find(struct root *root, const struct root_found *found)
{
	root->misses = 0;
	if (!serve(root, found) || !root_is_gone(root))
		return;
	files_set_root_lost(root->files, false);
	atomic_store_explicit(&root->problem, 0, memory_order_relaxed);
	log_info("root %s: available again", root->path);
}

/* Handles a lookup that found no directory to serve. The first failure is ignored, see RETRY_MS. */
static void miss(struct root *root, uint64_t problem)
{
	if (root->misses++ > 0)
		lose(root, problem);
}

/* Logs a shortage of the process, once. The root stays as it is. */
static void note_shortage(struct root *root, int error)
{
	if (error != root->last_error && error != 0)
		log_warning("root %s: cannot look up the path: %s; still serving the directory that was found last",
			    root->path, strerror(-error));
	root->last_error = error;
}

/* Evaluates a lookup that found a directory. */
static void check_found(struct root *root, const struct root_found *found)
{
	if (root_lookup_is_unmounted(&found->identity, &root->directory))
		miss(root, pack(PROBLEM_UNMOUNTED, 0, 0));
	else if (found->required_error == 0)
		find(root, found);
	else if (!root_lookup_is_shortage(found->required_error))
		miss(root, pack(PROBLEM_REQUIRED, found->required_failed, found->required_error));
}

/* Finds the mounts below the root again if the mounts of the process have changed. mounts_fd is readable then. */
static void check_mounts(struct root *root, int mounts_fd)
{
	struct pollfd changed = { .fd = mounts_fd, .events = POLLPRI };

	if (poll(&changed, 1, 0) != 0)
		files_find_mounts(root->files);
}

static void check_path(struct root *root)
{
	struct root_found found;
	int error = root_lookup(&root->place, &found, &root->step);

	if (error == 0) {
		note_shortage(root, root_lookup_is_shortage(found.required_error) ? found.required_error : 0);
		check_found(root, &found);
		close(found.fd);
	} else if (root_lookup_is_shortage(error)) {
		note_shortage(root, error);
	} else {
		note_shortage(root, 0);
		miss(root, pack(PROBLEM_PATH, 0, error));
	}
	atomic_store_explicit(&root->checked_ns, clock_now_ns(), memory_order_relaxed);
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
	text_list_clear(&root->required);
	free(root->path);
	free(root);
}

/* Waits until the next lookup is due. The caller holds the lock. Returns false if the thread must end. */
static bool wait_for_lookup(struct root *root)
{
	uint64_t due_ns = clock_now_ns() + (root->misses == 1 ? RETRY_MS : LOOKUP_MS) * CLOCK_NS_PER_MS;
	struct timespec due = { .tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S),
				.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S) };

	while (!root->stopping && !root->asked && pthread_cond_timedwait(&root->changed, &root->lock, &due) == 0)
		;
	root->asked = false;
	return !root->stopping;
}

static void *run(void *context)
{
	struct root *root = context;
	const int mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	pthread_mutex_lock(&root->lock);
	while (wait_for_lookup(root)) {
		root->looking_up = true;
		pthread_mutex_unlock(&root->lock);
		atomic_fetch_add(&lookups, 1);
		if (!atomic_load(&all_stop))
			check_path(root);
		check_mounts(root, mounts_fd);
		atomic_fetch_sub(&lookups, 1);
		pthread_mutex_lock(&root->lock);
		root->looking_up = false;
	}
	pthread_mutex_unlock(&root->lock);
	if (mounts_fd >= 0)
		close(mounts_fd);
	drop_reference(root);
	return NULL;
}

/* --- users --- */

static int copy_place(struct root *root, const struct root_place *place)
{
	root->path = strdup(place->path);
	for (size_t i = 0; i < place->required->count; i++)
		if (text_list_add(&root->required, place->required->list[i], NULL) != NULL)
			return -ENOMEM;
	root->place =
		(struct root_place){ .path = root->path, .symlinks = place->symlinks, .required = &root->required };
	return root->path != NULL ? 0 : -ENOMEM;
}

static int init(struct root *root, const struct root_place *place, const struct root_found *found,
		const struct files_options *options)
{
	struct files_options own = *options;
	pthread_condattr_t attributes;
	int error;

	pthread_mutex_init(&root->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&root->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	root->references = root->users = 1;
	root->fd = -1;
	error = copy_place(root, place);
	if (error != 0)
		return error;
	own.root_fd = found->fd;
	root->directory = found->identity;
	root->checked_ns = clock_now_ns();
	return files_new(&root->files, &own);
}

int root_new(struct root **root, const struct root_place *place, const struct root_found *found,
	     const struct files_options *options)
{
	struct root *made = calloc(1, sizeof(*made));
	int error = made != NULL ? init(made, place, found, options) : -ENOMEM;

	if (error != 0) {
		if (made != NULL)
			drop_reference(made);
		return error;
	}
	made->fd = found->fd;
	if (found->required_error != 0)
		lose(made, pack(PROBLEM_REQUIRED, found->required_failed, found->required_error));
	*root = made;
	return 0;
}

int root_watch(struct root *root, atomic_uint *replaced)
{
	int error;

	if (root->watched)
		return 0;
	root->replaced = replaced;
	atomic_store_explicit(&root->checked_ns, clock_now_ns(), memory_order_relaxed);
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

static bool are_equal(const struct text_list *a, const struct text_list *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++)
		equal = strcmp(a->list[i], b->list[i]) == 0;
	return equal;
}

bool root_is_like(struct root *root, const struct root_place *place, const struct root_found *found,
		  const struct files_options *options)
{
	bool same;

	if (strcmp(root->path, place->path) != 0 || !are_equal(&root->required, place->required) ||
	    !files_matches(root->files, options))
		return false;
	pthread_mutex_lock(&root->lock);
	same = root_lookup_is_same(&root->directory, &found->identity);
	pthread_mutex_unlock(&root->lock);
	return same;
}

const char *root_path(const struct root *root)
{
	return root->path;
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
	return problem_of(root) != PROBLEM_NONE;
}

bool root_is_required(const struct root *root)
{
	return root->required.count > 0;
}

bool root_is_ready(const struct root *root, char *reason, size_t reason_bytes)
{
	const uint64_t problem = atomic_load_explicit(&root->problem, memory_order_relaxed);
	const uint64_t checked_ns = atomic_load_explicit(&root->checked_ns, memory_order_relaxed);
	const uint64_t now_ns = clock_now_ns();
	const int step = atomic_load_explicit(&root->step, memory_order_relaxed);
	char text[512];

	if (problem != 0) {
		describe(root, problem, text, sizeof(text));
		snprintf(reason, reason_bytes, "root %s: %s", root->path, text);
	} else if (checked_ns + AGE_MAX_NS < now_ns) {
		snprintf(reason, reason_bytes, "root %s: the lookup of %s has not ended for %llu s", root->path,
			 step >= 0 && (size_t)step < root->required.count ? root->required.list[step] : "the path",
			 (unsigned long long)((now_ns - checked_ns) / CLOCK_NS_PER_S));
	} else {
		return true;
	}
	return false;
}

void root_ask(struct root *root)
{
	pthread_mutex_lock(&root->lock);
	root->asked = true;
	pthread_cond_signal(&root->changed);
	pthread_mutex_unlock(&root->lock);
}

bool root_has_answered(const struct root *root, uint64_t since_ns)
{
	return atomic_load_explicit(&root->checked_ns, memory_order_relaxed) >= since_ns;
}

bool root_stop_watching(unsigned patience_ms)
{
	atomic_store(&all_stop, true);
	for (unsigned waited_ms = 0; atomic_load(&lookups) > 0 && waited_ms < patience_ms; waited_ms += STEP_MS)
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * CLOCK_NS_PER_MS }, NULL);
	return atomic_load(&lookups) == 0;
}
