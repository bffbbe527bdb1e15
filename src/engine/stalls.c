/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread only compares times and never waits for a device. Each probe runs on a thread of its own, which shares
 * nothing with the other threads but its struct probe. The thread of the stalls and the thread of the probe own the
 * struct together, because a probe may hang until after the end of the process has begun.
 *
 * A probe finds its files in /proc/self/fd, because the owners of the descriptors need not know of the probe. The calls
 * that find them return attributes in memory, so they do not wait. A duplicate keeps the file open during the probe.
 *
 * Only one file of a device may hang, for example if a server has lost one request. While a device is stalled, further
 * probes therefore try other files. For the same reason a lane of offload threads gets another thread if its jobs hang,
 * but a probe does not.
 */
#include "engine/stalls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/mountinfo.h"
#include "base/thread.h"

#define TICKS 8 /* Number of examinations per latency_ms. */
#define TICK_MAX_MS 250
#define REPORT_S 10  /* Minimum time between two reports of a stall of a device. */
#define PROBES_MAX 4 /* Maximum number of probes of a device that hang. */
#define BLOCK_BYTES 4096

enum probe_phase { PROBE_LOOKUP, PROBE_READ, PROBE_DONE };

struct probe {
	uint64_t device;     /* st_dev */
	uint64_t started_ns; /* Time of the start, on the thread of the stalls. */
	uint64_t number;     /* Selects the file. */
	atomic_int phase;    /* Sequentially consistent; publishes nothing. */
	atomic_uint owners;  /* The last owner frees the struct. Decrements are acquire-release. */
	struct probe *next;
};

/* The probes of a device that were started and have not ended, the latest first. */
struct suspect {
	struct device *device;
	struct probe *probes;
	unsigned probe_count;
	uint64_t reported_ns; /* Time of the last report of a stall, or 0. */
	bool reported;	      /* The current stall was reported. */
	struct suspect *next;
};

struct stalls {
	struct stalls_options options;
	pthread_t thread;
	int stop_fd; /* An eventfd, readable when the thread must end. */
	/* Used only by the thread. */
	struct suspect *suspects;
	uint64_t last_probe;
};

/* --- a probe, on its own thread --- */

static void probe_unref(struct probe *probe)
{
	if (atomic_fetch_sub_explicit(&probe->owners, 1, memory_order_acq_rel) == 1)
		free(probe);
}

/*
 * Returns true if the descriptor is a directory, or a file that was opened for reading, on the device. Does not wait.
 */
static bool is_on_device(int fd, uint64_t device, mode_t type)
{
	const int flags = fcntl(fd, F_GETFL);
	struct statx st;

	if (flags < 0 || (type == S_IFREG && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_PATH) != 0)))
		return false;
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == device && (st.stx_mode & S_IFMT) == type &&
	       (type == S_IFDIR || st.stx_size > 0);
}

/*
 * Duplicates a descriptor of this type on the device. `number` selects one of several. Returns -1 if there is none.
 * Another thread may close the descriptor meanwhile and reuse its number, so the duplicate is checked again.
 */
static int duplicate(const struct probe *probe, mode_t type)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	unsigned found = 0;
	int fd = -1;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		int candidate = atoi(entry->d_name), copy;

		/* Keeps each of n candidates with the probability 1/n. */
		if (entry->d_name[0] == '.' || !is_on_device(candidate, probe->device, type) ||
		    (probe->number * 2654435761u >> 7) % ++found != 0)
			continue;
		copy = fcntl(candidate, F_DUPFD_CLOEXEC, 0);
		if (copy >= 0 && !is_on_device(copy, probe->device, type)) {
			close(copy);
			copy = -1;
		}
		if (copy >= 0 && fd >= 0)
			close(fd);
		fd = copy >= 0 ? copy : fd;
	}
	if (directory != NULL)
		closedir(directory);
	return fd;
}

struct place {
	uint64_t device;
	int fd;
};

static bool open_place(void *context, const struct mountinfo *mount)
{
	struct place *place = context;

	if (mount->device != place->device)
		return true;
	place->fd = open(mount->place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return false;
}

/* Opens a directory of the device. The open of a mount point may wait. Returns a descriptor or -1. */
static int open_directory(const struct probe *probe)
{
	struct place place = { .device = probe->device, .fd = duplicate(probe, S_IFDIR) };

	if (place.fd < 0)
		mountinfo_walk(open_place, &place);
	return place.fd;
}

/* Asks the server of a network filesystem, or the process of a FUSE filesystem, for the attributes of the directory. */
static void stat_directory(int fd)
{
	struct statx st;

	(void)statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st);
}

/*
 * Reads at an offset. A thread in pread() of a disk that hangs cannot be killed, so it would delay the exit of the
 * process. A thread that waits for an asynchronous read can be killed. An error is a response, too.
 */
static void read_at(int fd, void *buffer, off_t offset)
{
	struct iocb block, *list[] = { &block };
	struct io_event event;
	io_context_t context = NULL;

	if (io_setup(1, &context) == 0) {
		io_prep_pread(&block, fd, buffer, BLOCK_BYTES, offset);
		if (io_submit(context, 1, list) == 1) {
			while (io_getevents(context, 1, 1, &event, NULL) == -EINTR)
				;
			io_destroy(context);
			return;
		}
		io_destroy(context);
	}
	if (pread(fd, buffer, BLOCK_BYTES, offset) < 0) /* the filesystem has no asynchronous reads */
		errno = 0;
}

/* Reads a block. Its position differs between probes, because a server may have the block in its memory. */
static void read_block(int fd, uint64_t number)
{
	struct stat st;
	void *buffer = NULL;
	off_t blocks;

	if (posix_memalign(&buffer, BLOCK_BYTES, BLOCK_BYTES) != 0)
		return;
	blocks = fstat(fd, &st) == 0 && st.st_size > 0 ? (st.st_size - 1) / BLOCK_BYTES + 1 : 1;
	read_at(fd, buffer, (off_t)(number * 7919 % (uint64_t)blocks) * BLOCK_BYTES);
	free(buffer);
}

static void *run_probe(void *context)
{
	struct probe *probe = context;
	int directory, file;

	pthread_setname_np(pthread_self(), "ranged-probe");
	file = duplicate(probe, S_IFREG);
	directory = open_directory(probe);
	if (directory >= 0)
		stat_directory(directory);
	atomic_store(&probe->phase, PROBE_READ);
	if (file >= 0)
		read_block(file, probe->number);
	atomic_store(&probe->phase, PROBE_DONE);
	if (file >= 0)
		close(file);
	if (directory >= 0)
		close(directory);
	probe_unref(probe);
	return NULL;
}

static struct probe *probe_start(uint64_t device, uint64_t number)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (probe == NULL)
		return NULL;
	*probe = (struct probe){ .device = device, .started_ns = clock_now_ns(), .number = number, .owners = 2 };
	if (thread_start_detached(run_probe, probe) == 0)
		return probe;
	free(probe);
	return NULL;
}

/* --- the examination, on the thread of the stalls --- */

/* Returns the time for which operations have been in progress without the end of one. Relaxed, as in devices.h. */
static uint64_t idle_ns(const atomic_uint *in_progress, const _Atomic uint64_t *progress_ns, uint64_t now_ns)
{
	const uint64_t since_ns = atomic_load_explicit(progress_ns, memory_order_relaxed);

	if (atomic_load_explicit(in_progress, memory_order_relaxed) == 0 || now_ns < since_ns)
		return 0;
	return now_ns - since_ns;
}

static uint64_t longest_idle_ns(const struct device *device, uint64_t now_ns)
{
	const uint64_t reads_ns = idle_ns(&device->in_flight_count, &device->read_progress_ns, now_ns);
	const uint64_t jobs_ns = idle_ns(&device->jobs, &device->job_progress_ns, now_ns);

	return reads_ns > jobs_ns ? reads_ns : jobs_ns;
}

/* Returns true if the change must be reported. A device that is slow may change its state often. */
static bool must_report(struct suspect *suspect, enum device_state before, enum device_state state, uint64_t now_ns)
{
	if (before != DEVICE_RESPONDS)
		return suspect->reported && state == DEVICE_RESPONDS;
	suspect->reported = suspect->reported_ns == 0 || now_ns - suspect->reported_ns >= REPORT_S * CLOCK_NS_PER_S;
	if (suspect->reported)
		suspect->reported_ns = now_ns;
	return suspect->reported;
}

static void set_state(struct stalls *stalls, struct suspect *suspect, enum device_state state, uint64_t now_ns)
{
	struct device *device = suspect->device;
	const enum device_state before = (enum device_state)atomic_load_explicit(&device->state, memory_order_relaxed);
	const uint64_t since_ns = atomic_load_explicit(&device->stalled_ns, memory_order_relaxed);

	if (before == state)
		return;
	if (before == DEVICE_RESPONDS) {
		devices_count(&device->stalls, 1);
		atomic_store_explicit(&device->stalled_ns, now_ns, memory_order_relaxed);
	}
	atomic_store_explicit(&device->state, (int)state, memory_order_relaxed);
	if (must_report(suspect, before, state, now_ns) && stalls->options.changed != NULL)
		stalls->options.changed(device, state, (now_ns - since_ns) / CLOCK_NS_PER_MS);
}

static struct suspect *find_suspect(struct stalls *stalls, const struct device *device)
{
	struct suspect *suspect;

	LL_SEARCH_SCALAR(stalls->suspects, suspect, device, device);
	return suspect;
}

/* Returns the new suspect, or NULL if there is no memory. */
static struct suspect *add_suspect(struct stalls *stalls, struct device *device)
{
	struct suspect *suspect = calloc(1, sizeof(*suspect));

	if (suspect == NULL)
		return NULL;
	suspect->device = device;
	LL_PREPEND(stalls->suspects, suspect);
	return suspect;
}

/* Removes probes that have ended. Returns true if there were any. */
static bool take_ended(struct suspect *suspect)
{
	struct probe *probe, *next;
	bool ended = false;

	LL_FOREACH_SAFE(suspect->probes, probe, next)
	{
		if (atomic_load(&probe->phase) != PROBE_DONE)
			continue;
		LL_DELETE(suspect->probes, probe);
		suspect->probe_count--;
		probe_unref(probe);
		ended = true;
	}
	return ended;
}

static void start_probe(struct stalls *stalls, struct suspect *suspect)
{
	struct probe *probe = probe_start(suspect->device->id, ++stalls->last_probe);

	if (probe == NULL)
		return;
	LL_PREPEND(suspect->probes, probe);
	suspect->probe_count++;
}

/*
 * Handles the end of a probe. Operations that hang nevertheless are examined again after latency_ms. If they occupy all
 * offload threads of the device, it gets another thread.
 */
static void note_response(struct stalls *stalls, struct suspect *suspect, uint64_t now_ns)
{
	struct device *device = suspect->device;
	const bool jobs_hang = idle_ns(&device->jobs, &device->job_progress_ns, now_ns) > 0 &&
			       atomic_load_explicit(&device->job_oldest_ns, memory_order_relaxed) > 0;

	atomic_store_explicit(&device->read_progress_ns, now_ns, memory_order_relaxed);
	atomic_store_explicit(&device->job_progress_ns, now_ns, memory_order_relaxed);
	set_state(stalls, suspect, DEVICE_RESPONDS, now_ns);
	if (jobs_hang)
		offload_add_thread(stalls->options.offload, device);
}

/* Examines a device that has made no progress for idle_ns. */
static void examine_suspect(struct stalls *stalls, struct suspect *suspect, uint64_t idle_ns, uint64_t now_ns)
{
	const uint64_t latency_ns = stalls->options.latency_ms * CLOCK_NS_PER_MS;
	const struct probe *probe = suspect->probes;
	const uint64_t probe_ns = probe != NULL ? now_ns - probe->started_ns : UINT64_MAX;
	/* An older probe may hang for the same reason as an earlier operation. */
	const bool is_current = probe_ns <= idle_ns || suspect->probe_count == PROBES_MAX;

	if (is_current && idle_ns >= latency_ns && probe_ns >= latency_ns / 2)
		set_state(stalls, suspect,
			  atomic_load(&probe->phase) == PROBE_LOOKUP ? DEVICE_STALLED : DEVICE_READS_STALLED, now_ns);
	if (suspect->probe_count < PROBES_MAX && (!is_current || probe_ns >= latency_ns))
		start_probe(stalls, suspect);
}

static void examine(struct stalls *stalls, struct device *device, uint64_t now_ns)
{
	const uint64_t idle_ns = longest_idle_ns(device, now_ns);
	struct suspect *suspect = find_suspect(stalls, device);

	if (suspect != NULL && take_ended(suspect))
		note_response(stalls, suspect, now_ns);
	else if (idle_ns >= stalls->options.latency_ms * CLOCK_NS_PER_MS / 2 &&
		 (suspect != NULL || (suspect = add_suspect(stalls, device)) != NULL))
		examine_suspect(stalls, suspect, idle_ns, now_ns);
	else if (suspect != NULL)
		set_state(stalls, suspect, DEVICE_RESPONDS, now_ns);
}

static void *run(void *context)
{
	struct stalls *stalls = context;
	const unsigned latency_ms = stalls->options.latency_ms;
	const int tick_ms = latency_ms / TICKS < 1	       ? 1
			    : latency_ms / TICKS > TICK_MAX_MS ? TICK_MAX_MS
							       : latency_ms / TICKS;
	struct pollfd stop = { .fd = stalls->stop_fd, .events = POLLIN };

	while (poll(&stop, 1, tick_ms) == 0) {
		const uint64_t now_ns = clock_now_ns();

		for (struct device *device = devices_first(stalls->options.devices); device != NULL;
		     device = device->next)
			examine(stalls, device, now_ns);
	}
	return NULL;
}

/* --- the interface --- */

int stalls_new(struct stalls **stalls, const struct stalls_options *options)
{
	struct stalls *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	made->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (made->stop_fd < 0) {
		error = -errno;
		goto free_stalls;
	}
	error = thread_start(&made->thread, run, made);
	if (error != 0)
		goto close_eventfd;
	pthread_setname_np(made->thread, "ranged-stalls");
	*stalls = made;
	return 0;

close_eventfd:
	close(made->stop_fd);
free_stalls:
	free(made);
	return error;
}

void stalls_free(struct stalls *stalls)
{
	struct suspect *suspect, *next;
	struct probe *probe, *next_probe;

	if (stalls == NULL)
		return;
	eventfd_write(stalls->stop_fd, 1);
	pthread_join(stalls->thread, NULL);
	LL_FOREACH_SAFE(stalls->suspects, suspect, next)
	{
		LL_FOREACH_SAFE(suspect->probes, probe, next_probe)
		probe_unref(probe);
		free(suspect);
	}
	close(stalls->stop_fd);
	free(stalls);
}
