/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds calls for files that wait on a reactor thread. A call that waits gives up the processor: it increments the
 * number of voluntary context switches of its thread. A call that is only preempted, or that runs on a slow machine,
 * does not. So the result does not depend on the load of the machine, as the duration of a call does.
 *
 * A script preloads this file as tests/waits.so (note_waits in tests/http/lib.sh). For each call below on a reactor
 * thread, one line is appended to the file that $TEST_WAITS names: "ran CALL RESULT PATH", or "waited CALL RESULT PATH"
 * if the call waited. close() is listed only for descriptors that openat2() has returned on a reactor.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FDS_MAX 65536

/* The program may call these functions before sanitizers are initialised, so they are not instrumented. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

/* Returns the next definition of a function: that of a sanitizer or of the C library. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

static int output = -1;
static _Atomic bool opened[FDS_MAX]; /* Descriptors that openat2() has returned on a reactor. */

__attribute__((constructor)) UNCHECKED static void open_output(void)
{
	const char *path = getenv("TEST_WAITS");

	if (path != NULL)
		output = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

/* Reactor threads are named "ranged-r0" and so on. Another thread gives them their names. */
UNCHECKED static bool is_reactor(void)
{
	char name[16] = "";

	return output >= 0 && prctl(PR_GET_NAME, name) == 0 && strncmp(name, "ranged-r", 8) == 0 && name[8] >= '0' &&
	       name[8] <= '9';
}

UNCHECKED static long switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

/* Appends a line. Keeps errno. */
UNCHECKED static void note(long before, const char *call, long result, const char *path)
{
	int error = errno;
	char line[400];
	int length = snprintf(line, sizeof(line), "%s %s %s %.300s\n", switches() != before ? "waited" : "ran", call,
			      result < 0 ? strerrorname_np(error) : "0", path != NULL ? path : "");

	if (write(output, line, (size_t)length) != length)
		abort();
	errno = error;
}

UNCHECKED long syscall(long number, ...)
{
	static __typeof__(&syscall) next;
	long arguments[6], before, result;
	const char *name = number == SYS_openat2 ? "openat2" : number == SYS_faccessat2 ? "faccessat2" : NULL;
	bool noted = name != NULL && is_reactor();
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (next == NULL)
		next = NEXT(syscall);
	before = noted ? switches() : 0;
	result = next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
	if (noted)
		note(before, name, result, (const char *)arguments[1]);
	if (noted && number == SYS_openat2 && result >= 0 && result < FDS_MAX)
		atomic_store(&opened[result], true);
	return result;
}

UNCHECKED int close(int fd)
{
	static __typeof__(&close) next;
	bool noted = fd >= 0 && fd < FDS_MAX && atomic_exchange(&opened[fd], false) && is_reactor();
	long before = noted ? switches() : 0;
	int result;

	if (next == NULL)
		next = NEXT(close);
	result = next(fd);
	if (noted)
		note(before, "close", result, "");
	return result;
}

/* Defines a function that is always listed on a reactor. */
#define LISTED(type, function, parameters, arguments, path)    \
	UNCHECKED type function parameters                     \
	{                                                      \
		static __typeof__(&function) next;             \
		const bool noted = is_reactor();               \
		const long before = noted ? switches() : 0;    \
		type result;                                   \
                                                               \
		if (next == NULL)                              \
			next = NEXT(function);                 \
		result = next arguments;                       \
		if (noted)                                     \
			note(before, #function, result, path); \
		return result;                                 \
	}

LISTED(int, statx, (int fd, const char *restrict path, int flags, unsigned mask, struct statx *restrict st),
       (fd, path, flags, mask, st), path)
LISTED(int, fstatfs, (int fd, struct statfs *fs), (fd, fs), "")
LISTED(int, faccessat, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags), path)
LISTED(ssize_t, pread, (int fd, void *buffer, size_t bytes, off_t offset), (fd, buffer, bytes, offset), "")
LISTED(ssize_t, readlinkat, (int fd, const char *restrict path, char *restrict buffer, size_t bytes),
       (fd, path, buffer, bytes), path)
