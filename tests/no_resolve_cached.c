/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel without RESOLVE_CACHED, as before Linux 5.12: openat2(2) rejects the flag with EINVAL. Scripts preload this
 * file as tests/no_resolve_cached.so (disable_cached_lookups in tests/http/lib.sh). ranged calls openat2 by syscall(2),
 * because the C library has no function for it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* The program may call this function before sanitizers are initialised, so it is not instrumented. */
__attribute__((no_sanitize("address", "thread", "undefined"))) long syscall(long number, ...)
{
	static long (*next)(long, ...);
	const struct open_how *how;
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	how = (const struct open_how *)arguments[2];
	if (number == SYS_openat2 && (how->resolve & RESOLVE_CACHED) != 0) {
		errno = EINVAL;
		return -1;
	}
	if (next == NULL)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
