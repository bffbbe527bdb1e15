/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list and the array of all descriptors have one lock, which is taken only for reads from the disk. The list has a
 * reference to each descriptor. Files are opened, checked and closed without the lock.
 */
#include "store/descriptors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "base/container_of.h"
#include "store/beneath.h"

#define INSPECT_MAX 64 /* Maximum number of descriptors that are inspected for eviction under the lock. */
#define STEP 64	       /* Number of descriptors that are checked between two locks. */
#define ROOM_MIN 64
#define RESERVED_MAX 256 /* Maximum number of descriptors that files leave to new connections. */

struct descriptors {
	pthread_mutex_t lock;	   /* Protects all members below, and the places of descriptors in files. */
	struct descriptor *lru;	   /* The least recently used first. */
	struct descriptor **slots; /* All descriptors in no particular order, for walks in steps. */
	unsigned room;
	/* Relaxed: the number publishes no other data. Written under the lock. */
	atomic_uint count;
	atomic_uint max; /* Relaxed. */
	/* Files may use descriptors below this number. Immutable. */
	int end;
};

static int end_of_files(void)
{
	struct rlimit limit;
	rlim_t reserved;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	reserved = limit.rlim_cur / 8 < RESERVED_MAX ? limit.rlim_cur / 8 : RESERVED_MAX;
	return (int)(limit.rlim_cur - reserved);
}

int descriptors_new(struct descriptors **descriptors, unsigned max)
{
	struct descriptors *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	made->max = max;
	made->end = end_of_files();
	*descriptors = made;
	return 0;
}

void descriptors_free(struct descriptors *descriptors)
{
	if (descriptors == NULL)
		return;
	assert(descriptors->lru == NULL);
	pthread_mutex_destroy(&descriptors->lock);
	free(descriptors->slots);
	free(descriptors);
}

void descriptors_set_max(struct descriptors *descriptors, unsigned max)
{
	atomic_store_explicit(&descriptors->max, max, memory_order_relaxed);
}

bool descriptors_leave_room(const struct descriptors *descriptors, int fd)
{
	return fd < descriptors->end;
}

unsigned descriptors_count(const struct descriptors *descriptors)
{
	return atomic_load_explicit(&descriptors->count, memory_order_relaxed);
}

/* --- one descriptor --- */

struct descriptor *descriptors_from_fd(int fd)
{
	struct descriptor *descriptor = calloc(1, sizeof(*descriptor));

	if (descriptor == NULL)
		return NULL;
	descriptor->references = 1;
	descriptor->fd = fd;
	return descriptor;
}

struct descriptor *descriptors_ref(struct descriptor *descriptor)
{
	atomic_fetch_add_explicit(&descriptor->references, 1, memory_order_relaxed);
	return descriptor;
}

static void close_descriptor(struct offload_job *job)
{
	struct descriptor *descriptor = container_of(job, struct descriptor, closing);

	close(descriptor->fd);
	free(descriptor);
}

/* Releases a reference. Returns the number of references that are left. */
static unsigned release(struct descriptor *descriptor)
{
	return atomic_fetch_sub_explicit(&descriptor->references, 1, memory_order_acq_rel) - 1;
}

static void close_later(struct descriptor *descriptor)
{
	descriptor->closing = (struct offload_job){ .work = close_descriptor, .device = descriptor->device };
	if (descriptor->closer != NULL)
		offload_start(descriptor->closer, &descriptor->closing);
	else
		close_descriptor(&descriptor->closing);
}

/* Works like the release in descriptors_unref(), but closes the descriptor before it returns. Blocks. */
static void unref_here(struct descriptor *descriptor)
{
	if (descriptor != NULL && release(descriptor) == 0)
		close_descriptor(&descriptor->closing);
}

ssize_t descriptors_pread(const struct descriptor *descriptor, void *buffer, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(descriptor->fd, (char *)buffer + done, length - done, (off_t)(offset + done));

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

/* --- the list; the caller holds the lock --- */

static bool is_idle(const struct descriptor *descriptor)
{
	/* Only descriptors_get() adds a reference to an idle descriptor, under the lock. */
	return atomic_load(&descriptor->references) == 1;
}

/* Makes room in the array. Returns false if there is no memory. */
static bool make_room(struct descriptors *descriptors)
{
	unsigned room = descriptors->room > 0 ? descriptors->room * 2 : ROOM_MIN;
	struct descriptor **slots;

	if (descriptors->count < descriptors->room)
		return true;
	slots = reallocarray(descriptors->slots, room, sizeof(*slots));
	if (slots == NULL)
		return false;
	descriptors->slots = slots;
	descriptors->room = room;
	return true;
}

static void link_descriptor(struct descriptors *descriptors, struct descriptor **place, struct descriptor *descriptor)
{
	unsigned count = descriptors_count(descriptors);

	descriptor->place = place;
	*place = descriptor;
	descriptor->slot = count;
	descriptors->slots[count] = descriptor;
	DL_APPEND(descriptors->lru, descriptor);
	atomic_store_explicit(&descriptors->count, count + 1, memory_order_relaxed);
}

/* Removes a descriptor from the list. The caller takes over the reference of the list. */
static struct descriptor *unlink_descriptor(struct descriptors *descriptors, struct descriptor *descriptor)
{
	unsigned count = descriptors_count(descriptors) - 1;

	descriptors->slots[descriptor->slot] = descriptors->slots[count];
	descriptors->slots[descriptor->slot]->slot = descriptor->slot;
	DL_DELETE(descriptors->lru, descriptor);
	*descriptor->place = NULL;
	descriptor->place = NULL;
	atomic_store_explicit(&descriptors->count, count, memory_order_relaxed);
	return descriptor;
}

static void use(struct descriptors *descriptors, struct descriptor *descriptor)
{
	DL_DELETE(descriptors->lru, descriptor);
	DL_APPEND(descriptors->lru, descriptor);
}

/*
 * Returns the least recently used idle descriptor, removed from the list, or NULL. A descriptor in use becomes the most
 * recently used one, so that the next search inspects others.
 */
static struct descriptor *take_oldest_idle(struct descriptors *descriptors)
{
	for (unsigned i = 0; i < INSPECT_MAX && descriptors->lru != NULL; i++) {
		if (is_idle(descriptors->lru))
			return unlink_descriptor(descriptors, descriptors->lru);
		use(descriptors, descriptors->lru);
	}
	return NULL;
}

/* --- the interface --- */

struct descriptor *descriptors_get(struct descriptors *descriptors, struct descriptor *const *place)
{
	struct descriptor *descriptor;

	pthread_mutex_lock(&descriptors->lock);
	descriptor = *place;
	if (descriptor != NULL) {
		use(descriptors, descriptor);
		descriptors_ref(descriptor);
	}
	pthread_mutex_unlock(&descriptors->lock);
	return descriptor;
}

static bool is_full(const struct descriptors *descriptors)
{
	return descriptors_count(descriptors) > atomic_load_explicit(&descriptors->max, memory_order_relaxed);
}

/* Closes idle descriptors above the maximum. Each open adds one descriptor, so two are enough to return to it. */
static void evict(struct descriptors *descriptors)
{
	for (unsigned i = 0; i < 2 && is_full(descriptors); i++) {
		struct descriptor *victim = NULL;

		pthread_mutex_lock(&descriptors->lock);
		if (is_full(descriptors))
			victim = take_oldest_idle(descriptors);
		pthread_mutex_unlock(&descriptors->lock);
		if (victim == NULL)
			return;
		if (release(victim) == 0)
			close_later(victim);
	}
}

/* Removes the descriptor from the list if only the caller uses it. */
static void forget_idle(struct descriptors *descriptors, struct descriptor *descriptor)
{
	struct descriptor *removed = NULL;

	pthread_mutex_lock(&descriptors->lock);
	if (descriptor->place != NULL && atomic_load(&descriptor->references) == 2)
		removed = unlink_descriptor(descriptors, descriptor);
	pthread_mutex_unlock(&descriptors->lock);
	if (removed != NULL)
		release(removed); /* the caller has a reference */
}

/* The second reference is that of the list, so the descriptor has become idle. */
void descriptors_unref(struct descriptor *descriptor)
{
	struct descriptors *descriptors = descriptor != NULL ? descriptor->list : NULL;
	unsigned left;

	if (descriptor == NULL)
		return;
	if (descriptors != NULL && atomic_load_explicit(&descriptor->ending, memory_order_relaxed))
		forget_idle(descriptors, descriptor);
	left = release(descriptor);
	if (left == 0)
		close_later(descriptor);
	else if (left == 1 && descriptors != NULL)
		evict(descriptors);
}

struct descriptor *descriptors_add(struct descriptors *descriptors, struct descriptor **place,
				   const struct file_root *root, struct device *device, struct descriptor *made)
{
	struct descriptor *result;

	made->root = root;
	made->device = device;
	made->closer = root->offload;
	made->list = descriptors;
	pthread_mutex_lock(&descriptors->lock);
	result = *place;
	if (result != NULL) {
		use(descriptors, result);
		descriptors_ref(result);
	} else if (make_room(descriptors)) {
		link_descriptor(descriptors, place, made);
		result = descriptors_ref(made);
	}
	pthread_mutex_unlock(&descriptors->lock);
	if (result == NULL) /* The caller alone uses the descriptor, because there is no memory for the list. */
		return made;
	if (result != made)
		unref_here(made);
	evict(descriptors);
	return result;
}

void descriptors_forget(struct descriptors *descriptors, struct descriptor *const *place)
{
	struct descriptor *descriptor;

	pthread_mutex_lock(&descriptors->lock);
	descriptor = *place != NULL ? unlink_descriptor(descriptors, *place) : NULL;
	pthread_mutex_unlock(&descriptors->lock);
	descriptors_unref(descriptor);
}

/* Closes the oldest quarter of the idle descriptors. Returns false if none was idle. */
static bool close_idle(struct descriptors *descriptors)
{
	unsigned count = descriptors_count(descriptors), closed = 0;

	for (; closed < (count + 3) / 4; closed++) {
		struct descriptor *victim;

		pthread_mutex_lock(&descriptors->lock);
		victim = take_oldest_idle(descriptors);
		pthread_mutex_unlock(&descriptors->lock);
		if (victim == NULL)
			break;
		unref_here(victim);
	}
	return closed > 0;
}

bool descriptors_may_retry(struct descriptors *descriptors, int error, unsigned tries)
{
	return (error == -EMFILE || error == -ENFILE) && tries < DESCRIPTORS_TRIES && close_idle(descriptors);
}

/* --- deleted files, and files below replaced roots --- */

/* Returns true if no name leads to the open file, so that only the descriptor keeps its disk space. */
static bool is_deleted(const struct descriptor *descriptor)
{
	struct statx st;

	return beneath_statx(descriptor->fd, AT_STATX_DONT_SYNC, &st) == 0 && st.stx_nlink == 0;
}

static bool is_below_replaced(const struct descriptor *descriptor)
{
	return descriptor->opened_ns < atomic_load(&descriptor->root->since_ns);
}

/*
 * Lists the descriptors of one step, with a reference to each. Marks those below a root that was replaced. If `root` is
 * not NULL, lists only the marked descriptors of this root.
 */
static unsigned list_step(struct descriptors *descriptors, unsigned from, const struct file_root *root,
			  struct descriptor *list[STEP])
{
	unsigned count = 0;

	pthread_mutex_lock(&descriptors->lock);
	for (unsigned i = from; i < descriptors_count(descriptors) && i < from + STEP; i++) {
		struct descriptor *descriptor = descriptors->slots[i];
		bool ending = is_below_replaced(descriptor);

		if (ending)
			atomic_store_explicit(&descriptor->ending, true, memory_order_relaxed);
		if (root == NULL || (ending && descriptor->root == root))
			list[count++] = descriptors_ref(descriptor);
	}
	pthread_mutex_unlock(&descriptors->lock);
	return count;
}

/*
 * Returns true if the descriptor must be closed as soon as it is idle. A deleted file may be opened again later, so
 * only a descriptor below a replaced root is marked.
 */
static bool must_close(const struct descriptor *descriptor)
{
	return atomic_load_explicit(&descriptor->ending, memory_order_relaxed) || is_deleted(descriptor);
}

/* The steps go from the end of the array to its start, because a removal moves the last descriptor. */
void descriptors_close_deleted(struct descriptors *descriptors)
{
	struct descriptor *list[STEP];
	unsigned from = descriptors_count(descriptors);

	while (from > 0) {
		unsigned count;

		from -= from < STEP ? from : STEP;
		count = list_step(descriptors, from, NULL, list);
		for (unsigned i = 0; i < count; i++) {
			if (must_close(list[i]))
				forget_idle(descriptors, list[i]);
			descriptors_unref(list[i]);
		}
	}
}

/* The release of a marked descriptor removes it from the list, and an offload thread closes it. */
void descriptors_close_former(struct descriptors *descriptors, const struct file_root *root)
{
	struct descriptor *list[STEP];
	unsigned from = descriptors_count(descriptors);

	while (from > 0) {
		unsigned count;

		from -= from < STEP ? from : STEP;
		count = list_step(descriptors, from, root, list);
		for (unsigned i = 0; i < count; i++)
			descriptors_unref(list[i]);
	}
}
