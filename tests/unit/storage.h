/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store over a real file of FILE_BYTES, for the tests of what stands on it. All memory must be back in the arena at the end. */
#ifndef TESTS_UNIT_STORAGE_H
#define TESTS_UNIT_STORAGE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "store/store.h"
#include "suite.h"

#define FILE_BYTES (3 * 1024 * 1024 + 1234)
#define ARENA_BYTES (4 * POOL_BLOCK_MAX_BYTES)

static struct reactor *reactor;
static struct disk *disk;
static struct pool *pool;
static struct offload *offload;
static struct store *store;
static struct reactor_watch watch;
static struct file *file;
static uint8_t *content;
static char directory[] = "store.XXXXXX";

static void reap(void *context, uint32_t events)
{
	(void)context;
	(void)events;
	disk_reap(disk);
}

static void storage_open(const char *folder)
{
	char path[64];
	int root_fd = open(folder, O_PATH | O_DIRECTORY);
	int fd;

	snprintf(path, sizeof(path), "%s/f", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	ck_assert_int_eq(write(fd, content, FILE_BYTES), FILE_BYTES);
	fsync(fd);
	close(fd);
	ck_assert_int_eq(file_open(root_fd, "f", FILE_SYMLINKS_BENEATH, &file), 0);
	close(root_fd);
}

static void storage_setup(void)
{
	struct store_options options;

	strcpy(directory, "store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	content = malloc(FILE_BYTES);
	for (size_t i = 0; i < FILE_BYTES; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
	storage_open(directory);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(disk_new(&disk, &(struct disk_options){ .depth = 16 }), 0);
	ck_assert_int_eq(pool_new(&pool, ARENA_BYTES), 0);
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	options = (struct store_options){ .reactor = reactor, .disk = disk, .pool = pool, .offload = offload };
	ck_assert_int_eq(store_new(&store, &options), 0);
	watch = (struct reactor_watch){ .fd = disk_eventfd(disk), .fn = reap };
	ck_assert_int_eq(reactor_add(reactor, &watch, EPOLLIN | EPOLLET), 0);
}

static void storage_turn(void)
{
	disk_submit(disk);
	reactor_turn(reactor, 1000);
}

static void storage_teardown(void)
{
	struct pool_stats stats;
	char path[64];

	while (store_pending(store) > 0)
		storage_turn();
	pool_check(pool);
	pool_stats(pool, &stats);
	ck_assert_uint_eq(stats.free_bytes, ARENA_BYTES);
	file_unref(file);
	offload_free(offload);
	store_free(store);
	reactor_free(reactor);
	disk_free(disk);
	pool_free(pool);
	free(content);
	snprintf(path, sizeof(path), "%s/f", directory);
	unlink(path);
	rmdir(directory);
}

#endif
