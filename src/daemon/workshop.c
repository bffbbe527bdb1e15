/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made once, in the order in which its parts need each other, and taken apart the other way round. What was not made is NULL. */
#include "daemon/workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/limits.h"

#define REVALIDATE_MS 1000
#define TRANSIENT_BYTES ((size_t)16 << 20) /* memory for what is on its way when nothing is kept */
#define DEPTH_DEFAULT 32 /* of a device that was not calibrated */
#define DEPTH_BYTES_DEFAULT (UINT64_C(16) << 20)

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
}

/* From the reactor that saw it. */
static void device_demoted(const struct device *device)
{
	log_warning("device %u:%u: asynchronous submits block (%llu of %llu took more than 20 ms, one %llu ms): it is read by the offload "
		    "threads from now on",
		    major(device->id), minor(device->id), (unsigned long long)device->slow_submits, (unsigned long long)device->submits,
		    (unsigned long long)(device->submit_max_ns / CLOCK_NS_PER_MS));
}

/* A disk that hangs keeps what it has in flight. */
static uint64_t flight_max_bytes(const struct workshop *workshop)
{
	return cache_bytes(workshop->cache) / 4;
}

static int make_devices(struct workshop *workshop, const struct config *config)
{
	struct devices_options options = {
		.depth = config->disk_depth > 0 ? config->disk_depth : DEPTH_DEFAULT,
		.depth_bytes = config->disk_bytes > 0 ? config->disk_bytes : DEPTH_BYTES_DEFAULT,
		.most_bytes = flight_max_bytes(workshop),
		.measured = config->disk_depth > 0,
		.demoted = device_demoted,
	};

	return devices_new(&workshop->devices, &options);
}

static int make_login(struct workshop *workshop, const struct config *config)
{
	return login_new(&workshop->login, workshop->offload, config->offload_threads);
}

static int make_descriptors(struct workshop *workshop)
{
	workshop->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	workshop->retired_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return workshop->ended_fd < 0 || workshop->retired_fd < 0 ? -errno : 0;
}

size_t workshop_cache_bytes(const struct config *config)
{
	return config->cache_size_bytes > 0 ? config->cache_size_bytes : TRANSIENT_BYTES;
}

void workshop_init(struct workshop *workshop)
{
	*workshop = (struct workshop){ .ended_fd = -1, .retired_fd = -1, .started_ns = clock_now_ns(), .started_wall_ns = clock_wall_ns() };
	pthread_mutex_init(&workshop->lock, NULL);
	workshop->depths.root_fd = -1;
}

int workshop_open(struct workshop *workshop, const struct config *config, unsigned workers)
{
	int error;

	workshop->count = workers;
	workshop->unsent_bytes = limits_unsent();
	error = cache_new(&workshop->cache, workshop_cache_bytes(config), config->cache_size_bytes > 0);
	if (error != 0)
		return fail("can't map cache_size of memory", error);
	error = make_devices(workshop, config);
	if (error == 0)
		error = make_descriptors(workshop);
	if (error != 0)
		return fail("start", error);
	error = offload_new(&workshop->offload, config->offload_threads);
	if (error != 0)
		return fail("can't start offload_threads", error);
	error = folder_table_new(&workshop->folders, &(struct folder_table_options){ .offload = workshop->offload });
	if (error == 0)
		error = make_login(workshop, config);
	if (error == 0)
		error = clients_new(&workshop->clients, config->max_connections, config->max_connections_per_client);
	return error == 0 ? 0 : fail("start", error);
}

int workshop_resize(struct workshop *workshop, const struct config *config)
{
	size_t bytes = workshop_cache_bytes(config);
	int error = cache_resize(workshop->cache, bytes, config->cache_size_bytes > 0);

	if (error != 0)
		return fail(error == -E2BIG ? "cache_size is more than this machine has, or had addresses for at the start" :
					      "can't map cache_size of memory", error);
	if (cache_bytes(workshop->cache) > bytes)
		log_info("cache_size: the cache takes %zu MiB, the least that it can be shrunk to", cache_bytes(workshop->cache) >> 20);
	devices_set_most(workshop->devices, flight_max_bytes(workshop));
	workshop_tidy(workshop);
	return 0;
}

void workshop_tidy(struct workshop *workshop)
{
	cache_settle(workshop->cache);
}

void workshop_calibrate(struct workshop *workshop, const struct config *config, int root_fd)
{
	workshop->depths = (struct depths){ .devices = workshop->devices, .offload = workshop->offload, .root_fd = -1 };
	if (config->disk_depth > 0)
		return;
	workshop->depths.root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
	depths_start(&workshop->depths);
}

static void version_gone(void *context, const struct file_version *version)
{
	struct workshop *workshop = context;

	cache_forget(workshop->cache, version);
}

static void file_opened(void *context, struct file *file)
{
	struct workshop *workshop = context;

	depths_opened(&workshop->depths, file);
}

struct files_options workshop_files_options(struct workshop *workshop, const struct config *config)
{
	return (struct files_options){ .symlinks = config->symlinks,
				       .max_files = config->open_files,
				       .revalidate_ms = REVALIDATE_MS,
				       .siblings = true,
				       .offload = workshop->offload,
				       .devices = workshop->devices,
				       .gone = version_gone,
				       .opened = file_opened,
				       .context = workshop };
}

void workshop_stop(struct workshop *workshop)
{
	if (workshop->folders != NULL)
		folder_table_stop(workshop->folders);
	if (workshop->login != NULL)
		login_stop(workshop->login);
	if (workshop->offload != NULL)
		offload_stop(workshop->offload);
}

void workshop_close(struct workshop *workshop)
{
	const int descriptors[] = { workshop->ended_fd, workshop->retired_fd, workshop->depths.root_fd };

	clients_free(workshop->clients);
	folder_table_free(workshop->folders);
	login_free(workshop->login);
	offload_free(workshop->offload);
	cache_free(workshop->cache);
	devices_free(workshop->devices);
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	pthread_mutex_destroy(&workshop->lock);
}
