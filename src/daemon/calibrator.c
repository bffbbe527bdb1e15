/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calibrates devices, to set the maximum number of reads and bytes that the queue keeps in flight.
 *
 * At the start, an offload thread searches for a large file below the root and calibrates its device. The number of
 * entries searched is limited, and the first suitable file is used. Other devices are calibrated when a large file on
 * them is opened. Each device is calibrated once, by the thread that sets device->depth_claimed.
 *
 * The jobs run on offload threads. The main thread and the job share a struct search. A job owns its struct trial.
 */
#include "daemon/calibrator.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/log.h"
#include "base/units.h"
#include "engine/calibrate.h"
#include "store/file_open.h"

#define FILE_MIN_BYTES (UINT64_C(64) << 20) /* a measurement with a smaller file is not useful */
#define ENTRIES_MAX 2000
#define DEPTH_MAX 4	  /* maximum depth of nested directories */
#define START_TIMEOUT_S 1 /* maximum time that the start waits for the calibration */

/* The search for a large file at the start. The last of the two users of the struct frees it. */
struct search {
	struct offload_job job;
	struct calibrator *calibrator;
	sem_t over;
	atomic_uint users; /* the main thread and the job; sequentially consistent */
	unsigned entries_left;
	char path[PATH_MAX];
};

/* A calibration that uses a file opened for a request. */
struct trial {
	struct offload_job job;
	struct calibrator *calibrator;
	struct file *file;	       /* a reference */
	struct descriptor *descriptor; /* a reference */
};

static void calibrate(struct calibrator *calibrator, const struct file *file, const struct descriptor *descriptor)
{
	struct device *device = file->device;
	struct calibration found;
	int error =
		calibrate_run(descriptor->fd, file->version.size, file->offset_alignment, CALIBRATE_BUDGET_MS, &found);

	if (error != 0) {
		log_warning("device %u:%u: calibration failed: %s; keeping the limit of %u read%s in flight",
			    major(device->id), minor(device->id), strerror(-error), device->depth,
			    units_plural(device->depth));
		return;
	}
	devices_set_depth(calibrator->devices, device, found.depth, found.depth_bytes);
	log_info("device %u:%u: calibrated; the limits are %u read%s and %llu KiB in flight (measured: %.0f MB/s, "
		 "%.0f reads of 64 KiB per second)",
		 major(device->id), minor(device->id), device->depth, units_plural(device->depth),
		 (unsigned long long)device->depth_bytes >> 10, found.bytes_per_s / 1e6, found.iops);
}

/* Returns true if the caller must calibrate the device of this file. */
static bool claims(const struct file *file, const struct descriptor *descriptor)
{
	return descriptor->direct && file->version.size >= FILE_MIN_BYTES &&
	       !atomic_load(&file->device->depth_claimed) && !atomic_exchange(&file->device->depth_claimed, true);
}

static void trial_work(struct offload_job *job)
{
	struct trial *trial = container_of(job, struct trial, job);

	calibrate(trial->calibrator, trial->file, trial->descriptor);
	descriptors_unref(trial->descriptor);
	file_unref(trial->file);
	free(trial);
}

void calibrator_file_opened(struct calibrator *calibrator, struct file *file, struct descriptor *descriptor)
{
	struct trial *trial;

	if (!claims(file, descriptor))
		return;
	trial = calloc(1, sizeof(*trial));
	if (trial == NULL)
		return; /* the device keeps the default limits */
	trial->job.work = trial_work;
	trial->job.device = file->device;
	trial->calibrator = calibrator;
	trial->file = file_ref(file);
	trial->descriptor = descriptors_ref(descriptor);
	offload_start(calibrator->offload, &trial->job);
}

/*
 * Searches for a suitable file in a directory. Returns true if a file was found. search->path is then the path of the
 * file. Closes directory_fd.
 */
static bool find_file(struct search *search, int directory_fd, unsigned depth);

static bool check_entry(struct search *search, int directory_fd, const char *name, unsigned depth)
{
	size_t length = strlen(search->path);
	struct stat st;
	int fd;

	if (name[0] == '.' || fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (size_t)snprintf(search->path + length, sizeof(search->path) - length, "%s%s", length > 0 ? "/" : "",
			     name) >= sizeof(search->path) - length)
		return false;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size >= FILE_MIN_BYTES &&
	    (uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size)
		return true; /* the file has no holes, which would be read without the disk */
	fd = S_ISDIR(st.st_mode) && depth > 0
		     ? openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		     : -1;
	if (fd >= 0 && find_file(search, fd, depth - 1))
		return true;
	search->path[length] = '\0';
	return false;
}

static bool find_file(struct search *search, int directory_fd, unsigned depth)
{
	DIR *directory = fdopendir(directory_fd);
	const struct dirent *entry;
	bool found = false;

	if (directory == NULL) {
		close(directory_fd);
		return false;
	}
	while (!found && search->entries_left > 0 && (entry = readdir(directory)) != NULL) {
		search->entries_left--;
		found = check_entry(search, dirfd(directory), entry->d_name, depth);
	}
	closedir(directory);
	return found;
}

static void search_release(struct search *search)
{
	if (atomic_fetch_sub(&search->users, 1) > 1)
		return;
	sem_destroy(&search->over);
	free(search);
}

/* Opens and calibrates the file that the search has found. */
static void calibrate_path(struct calibrator *calibrator, const char *path)
{
	struct descriptor *descriptor = NULL;
	struct file_root *root;
	struct file *file = NULL;

	if (file_root_new(&root, &(struct file_root_options){ .fd = calibrator->root_fd,
							      .symlinks = FILE_SYMLINKS_NONE,
							      .offload = calibrator->offload,
							      .devices = calibrator->devices,
							      .descriptors = calibrator->descriptors }) != 0)
		return;
	if (file_open(root, path, &file) == 0)
		descriptor = file_descriptor(file);
	if (descriptor != NULL && claims(file, descriptor))
		calibrate(calibrator, file, descriptor);
	descriptors_unref(descriptor);
	file_unref(file);
	file_root_unref(root);
}

static void search_work(struct offload_job *job)
{
	struct search *search = container_of(job, struct search, job);
	struct calibrator *calibrator = search->calibrator;
	int root_fd = openat(calibrator->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd >= 0 && find_file(search, root_fd, DEPTH_MAX))
		calibrate_path(calibrator, search->path);
	close(calibrator->root_fd); /* an open descriptor would keep the filesystem busy */
	calibrator->root_fd = -1;
	sem_post(&search->over);
	search_release(search);
}

/* Returns the device of the root, which the search may have to wait for, or NULL. */
static struct device *device_of(const struct calibrator *calibrator)
{
	struct statx st;

	if (statx(calibrator->root_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0)
		return NULL;
	return devices_get(calibrator->devices, makedev(st.stx_dev_major, st.stx_dev_minor), DEVICE_NOWAIT);
}

void calibrator_start(struct calibrator *calibrator)
{
	struct search *search = calloc(1, sizeof(*search));
	struct timespec until;

	if (search == NULL)
		return;
	search->job.work = search_work;
	search->job.device = device_of(calibrator);
	search->calibrator = calibrator;
	search->entries_left = ENTRIES_MAX;
	search->users = 2;
	sem_init(&search->over, 0, 0);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += START_TIMEOUT_S;
	offload_start(calibrator->offload, &search->job);
	while (sem_timedwait(&search->over, &until) != 0 && errno == EINTR)
		;
	search_release(search);
}
