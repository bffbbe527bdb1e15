/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library to be preloaded, which makes allocations of the process fail. The file $FAIL_ALLOC contains three numbers
 * of 32 bits: the number of the allocation that fails (0: none), the number of allocations since it was set, and a flag
 * that makes all later allocations fail, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct {
	_Atomic uint32_t fails, count, on;
} * control;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAIL_ALLOC");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped = fd >= 0 ? mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (mapped != MAP_FAILED)
		control = mapped;
	if (fd >= 0)
		close(fd);
}

static bool fails(void)
{
	uint32_t which = control != NULL ? atomic_load(&control->fails) : 0, number;

	if (which == 0)
		return false;
	number = atomic_fetch_add(&control->count, 1) + 1;
	if (number != which && !(number > which && atomic_load(&control->on) != 0))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}
void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
