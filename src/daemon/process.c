/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources are created in the order of their dependencies and freed in the reverse order. A resource that was not
 * created is NULL, so process_close() may be called after process_open() has failed.
 *
 * The main thread owns struct process. The header of each resource says which threads may use the resource.
 */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/system_limits.h"
#include "engine/stalls.h"
#include "store/cache_content.h"
#include "store/names.h"
#include "store/parents.h"
#include "store/resize.h"

#define REVALIDATE_MS 1000
#define TRANSIENT_BYTES ((size_t)16 << 20) /* memory for data in flight if caching is off */
#define DIRECTORIES_MAX 65536		   /* directories whose state is known, about 100 bytes each */
#define DEPTH_DEFAULT 32		   /* reads in flight on a device that was not calibrated */
#define DEPTH_BYTES_DEFAULT (UINT64_C(16) << 20)

/* Called on the thread of the worker whose io_submit was slow. */
static void device_demoted(const struct device *device)
{
	log_warning("device %u:%u: io_submit blocks (%llu of %llu calls took more than 20 ms, the longest %llu ms); "
		    "its reads now run on the offload threads",
		    major(device->id), minor(device->id), (unsigned long long)device->slow_submits,
		    (unsigned long long)device->submits, (unsigned long long)(device->submit_max_ns / CLOCK_NS_PER_MS));
}

/* Called on the thread that looked up or served a file. */
static void device_serves_stale(const struct device *device, bool stale)
{
	if (stale)
		log_warning("device %u:%u: files cannot be revalidated; serving cached files for the time of \"stale\"",
			    major(device->id), minor(device->id));
	else
		log_info("device %u:%u: files are revalidated again", major(device->id), minor(device->id));
}

/* Called on the thread of the stalls. */
static void device_state_changed(const struct device *device, enum device_state state, uint64_t stalled_ms)
{
	if (state == DEVICE_RESPONDS)
		log_warning("device %u:%u: responds again after %llu ms", major(device->id), minor(device->id),
			    (unsigned long long)stalled_ms);
	else
		log_error("device %u:%u: %s for longer than disk_queue_timeout; requests that need the device are "
			  "answered with 503 until it responds",
			  major(device->id), minor(device->id),
			  state == DEVICE_STALLED ? "does not respond" : "reads do not end");
}

/*
 * Returns the maximum number of bytes in flight on one device. The limit leaves cache memory for other devices when a
 * disk hangs, because the reads in flight on a hung disk keep their memory.
 */
static uint64_t max_inflight_bytes(const struct process *process)
{
	return cache_bytes(process->cache) / 4;
}

static int make_devices(struct process *process, const struct config *config)
{
	struct devices_options options = {
		.depth = config->disk_depth > 0 ? config->disk_depth : DEPTH_DEFAULT,
		.depth_bytes = config->disk_inflight_bytes > 0 ? config->disk_inflight_bytes : DEPTH_BYTES_DEFAULT,
		.max_bytes = max_inflight_bytes(process),
		.depth_fixed = config->disk_depth > 0,
		.latency_ms = (unsigned)config->disk_queue_timeout_ms,
		.demoted = device_demoted,
		.stale = device_serves_stale,
	};

	return devices_new(&process->devices, &options);
}

static int make_login(struct process *process, const struct config *config)
{
	return login_new(&process->login, process->offload, config->offload_threads);
}

static int make_file_tables(struct process *process, const struct config *config)
{
	int error = names_new(&process->names, config->name_cache);

	if (error == 0)
		error = descriptors_new(&process->descriptors, config->open_file_cache);
	if (error == 0)
		error = parents_new(&process->parents, DIRECTORIES_MAX);
	return error;
}

void process_set_file_limits(struct process *process, const struct config *config)
{
	names_set_max(process->names, config->name_cache);
	descriptors_set_max(process->descriptors, config->open_file_cache);
}

static int make_descriptors(struct process *process)
{
	process->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	process->retired_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return process->ended_fd < 0 || process->retired_fd < 0 ? -errno : 0;
}

size_t process_cache_bytes(const struct config *config)
{
	return config->cache_size_bytes > 0 ? config->cache_size_bytes : TRANSIENT_BYTES;
}

void process_init(struct process *process)
{
	*process = (struct process){
		.ended_fd = -1, .retired_fd = -1, .started_ns = clock_now_ns(), .started_wall_ns = clock_wall_ns()
	};
	pthread_mutex_init(&process->lock, NULL);
	process->calibrator.root_fd = -1;
}

int process_open(struct process *process, const struct config *config, unsigned workers)
{
	int error;

	process->count = workers;
	process->unsent_bytes = system_limits_unsent_bytes();
	error = cache_new(&process->cache, process_cache_bytes(config), config->cache_size_bytes > 0);
	if (error != 0)
		return log_failure("cannot allocate the memory of the cache (cache_size)", error);
	error = make_devices(process, config);
	if (error == 0)
		error = make_descriptors(process);
	if (error != 0)
		return log_failure("cannot create the shared resources", error);
	error = offload_new(&process->offload, config->offload_threads);
	if (error != 0)
		return log_failure("cannot start the offload threads", error);
	error = stalls_new(&process->stalls,
			   &(struct stalls_options){ .devices = process->devices,
						     .offload = process->offload,
						     .latency_ms = (unsigned)config->disk_queue_timeout_ms,
						     .changed = device_state_changed });
	if (error != 0)
		return log_failure("cannot start the thread that detects stalled devices", error);
	error = make_file_tables(process, config);
	if (error != 0)
		return log_failure("cannot create the tables of files", error);
	error = directory_table_new(&process->directories,
				    &(struct directory_table_options){ .offload = process->offload });
	if (error == 0)
		error = make_login(process, config);
	if (error == 0)
		error = clients_new(&process->clients, config->max_connections, config->max_connections_per_client);
	return error == 0 ? 0 : log_failure("cannot create the shared resources", error);
}

int process_resize(struct process *process, const struct config *config)
{
	size_t bytes = process_cache_bytes(config);
	int error = resize_start(process->cache, bytes, config->cache_size_bytes > 0);

	if (error == -E2BIG) {
		log_error(
			"cache_size exceeds the memory of this machine, or the address space that was reserved at the "
			"start; lower cache_size, or restart ranged");
		return error;
	}
	if (error != 0)
		return log_failure("cannot allocate the memory of the cache (cache_size)", error);
	if (cache_bytes(process->cache) > bytes)
		log_info("cache_size: the cache shrinks only to %zu MiB; restart ranged for a smaller cache",
			 cache_bytes(process->cache) >> 20);
	devices_set_max_bytes(process->devices, max_inflight_bytes(process));
	process_finish_resize(process);
	return 0;
}

void process_finish_resize(struct process *process)
{
	resize_finish(process->cache);
}

void process_calibrate(struct process *process, const struct config *config, int root_fd)
{
	process->calibrator = (struct calibrator){ .devices = process->devices,
						   .offload = process->offload,
						   .descriptors = process->descriptors,
						   .root_fd = -1 };
	if (config->disk_depth > 0)
		return;
	process->calibrator.root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
	calibrator_start(&process->calibrator);
}

static void version_superseded(void *context, const struct file_version *version)
{
	struct process *process = context;

	cache_content_invalidate(process->cache, version);
}

static void file_opened(void *context, struct file *file, struct descriptor *descriptor)
{
	struct process *process = context;

	calibrator_file_opened(&process->calibrator, file, descriptor);
}

/* Returns true if precompressed variants are sent anywhere, so that lookups must find them. */
static bool has_variants(const struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		if (rules->sites[i].settings.precompressed)
			return true;
		for (size_t j = 0; j < rules->sites[i].count; j++)
			if (rules->sites[i].list[j].settings.precompressed)
				return true;
	}
	return false;
}

struct files_options process_files_options(struct process *process, const struct config *config)
{
	return (struct files_options){ .symlinks = config->symlinks,
				       .revalidate_ms = REVALIDATE_MS,
				       .siblings = true,
				       .variants = has_variants(&config->rules),
				       .names = process->names,
				       .descriptors = process->descriptors,
				       .parents = process->parents,
				       .offload = process->offload,
				       .devices = process->devices,
				       .superseded = version_superseded,
				       .opened = file_opened,
				       .context = process };
}

void process_stop(struct process *process)
{
	if (process->directories != NULL)
		directory_table_stop(process->directories);
	if (process->login != NULL)
		login_stop(process->login);
	stalls_free(process->stalls);
	process->stalls = NULL;
	if (process->offload != NULL)
		offload_stop(process->offload);
}

void process_close(struct process *process)
{
	const int descriptors[] = { process->ended_fd, process->retired_fd, process->calibrator.root_fd };

	clients_free(process->clients);
	directory_table_free(process->directories);
	login_free(process->login);
	stalls_free(process->stalls);
	offload_free(process->offload);
	names_free(process->names);
	descriptors_free(process->descriptors);
	parents_free(process->parents);
	cache_free(process->cache);
	devices_free(process->devices);
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	pthread_mutex_destroy(&process->lock);
}
