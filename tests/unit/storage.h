/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store over a real file of FILE_BYTES, for unit tests of higher layers. All memory must be free at the end. */
#ifndef TESTS_UNIT_STORAGE_H
#define TESTS_UNIT_STORAGE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/cache_content.h"
#include "store/file_open.h"
#include "store/store.h"
#include "suite.h"

#define FILE_BYTES (3 * 1024 * 1024 + 1234)
#define ARENA_BYTES (4 * ARENA_BLOCK_MAX_BYTES)
#ifndef LATENCY_MS
#define LATENCY_MS 5000
#endif

/* The objects of a worker, whose iterations the test runs by hand. */
struct side {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct store *store;
	struct reactor_watch watch;
};

static struct side sides[2]; /* Two reactors on one cache; most tests use only the first one. */
static struct store *store;
static struct devices *devices;
static struct device *device;
static struct cache *cache;
static struct offload *offload;
static struct descriptors *descriptors;
static struct file_root *root;
static struct file *file;
static uint8_t *content;
static unsigned latency_ms = 1000; /* Latency limit of the queue of a side that is set up. */
static char directory[] = "store.XXXXXX";

static void reap(void *context, uint32_t events)
{
	struct side *side = context;

	(void)events;
	disk_reap(side->disk);
}

static void storage_open(const char *folder)
{
	char path[64];
	const struct timespec times[2] = { { .tv_sec = 1500000000 }, { .tv_sec = 1500000000 } };
	int root_fd = open(folder, O_PATH | O_DIRECTORY);
	int fd;

	snprintf(path, sizeof(path), "%s/f", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	ck_assert_int_eq(write(fd, content, FILE_BYTES), FILE_BYTES);
	fsync(fd);
	futimens(fd, times);
	close(fd);
	ck_assert_int_eq(file_root_new(&root, &(struct file_root_options){ .fd = root_fd,
									   .devices = devices,
									   .offload = offload,
									   .descriptors = descriptors }),
			 0);
	close(root_fd);
	ck_assert_int_eq(file_open(root, "f", &file), 0);
	device = file->device;
	device->mode = DEVICE_ASYNC;
}

static void side_start(struct side *side)
{
	struct disk_options disk_options = { .depth = 16, .devices = devices };
	struct store_options options = { .cache = cache, .offload = offload, .latency_ms = LATENCY_MS };

	ck_assert_int_eq(reactor_new(&side->reactor), 0);
	ck_assert_int_eq(disk_new(&side->disk, &disk_options), 0);
	ck_assert_int_eq(queue_new(&side->queue, latency_ms), 0);
	options.reactor = side->reactor;
	options.disk = side->disk;
	options.queue = side->queue;
	ck_assert_int_eq(store_new(&side->store, &options), 0);
	side->watch = (struct reactor_watch){ .fd = disk_eventfd(side->disk), .fn = reap, .context = side };
	ck_assert_int_eq(reactor_add(side->reactor, &side->watch, EPOLLIN | EPOLLET), 0);
}

static void side_stop(struct side *side)
{
	reactor_free(side->reactor);
	store_free(side->store);
	queue_free(side->queue);
	disk_free(side->disk);
}

static void storage_setup_with(size_t cache_size, bool retain)
{
	struct devices_options options = { .depth = 16, .depth_bytes = 4 << 20, .depth_fixed = true };

	strcpy(directory, "store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	content = malloc(FILE_BYTES);
	for (size_t i = 0; i < FILE_BYTES; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
	ck_assert_int_eq(devices_new(&devices, &options), 0);
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 10), 0);
	storage_open(directory);
	ck_assert_int_eq(cache_new(&cache, cache_size, retain), 0);
	side_start(&sides[0]);
	side_start(&sides[1]);
	store = sides[0].store;
}

static void storage_setup(void)
{
	storage_setup_with(ARENA_BYTES, true);
}

/* From now on the file's attributes are a client's copy, and nothing is proven. */
__attribute__((unused)) static void storage_be_remote(void)
{
	file->extra = calloc(1, sizeof(*file->extra));
	file->extra->file = file;
	file->remote = true;
}

__attribute__((unused)) static void storage_change_file(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/f", directory);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, FILE_BYTES - 1), 1);
	close(fd);
}

static void side_turn(struct side *side)
{
	queue_run(side->queue);
	disk_submit(side->disk);
	reactor_iterate(side->reactor, 2);
}

static void storage_turn(void)
{
	side_turn(&sides[0]);
}

static void storage_turn_both(void)
{
	side_turn(&sides[0]);
	side_turn(&sides[1]);
}

static unsigned storage_pending(void)
{
	return store_pending(sides[0].store) + store_pending(sides[1].store);
}

/* No extent may be in use at the end. */
static void storage_teardown(void)
{
	char path[64];

	while (storage_pending() > 0)
		storage_turn_both();
	cache_content_check(cache);
	ck_assert_uint_eq(cache_in_use_bytes(cache), 0);
	ck_assert_uint_eq(device->in_flight_count, 0);
	ck_assert_uint_eq(device->in_flight_bytes, 0);
	offload_stop(offload);
	side_stop(&sides[0]);
	side_stop(&sides[1]);
	file_unref(file);
	file_root_unref(root);
	offload_free(offload);
	descriptors_free(descriptors);
	cache_free(cache);
	devices_free(devices);
	free(content);
	snprintf(path, sizeof(path), "%s/f", directory);
	unlink(path);
	rmdir(directory);
}

#endif
