/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each call is made with an argument that the kernel rejects: a descriptor of -1, or a flag that does not exist. So no
 * call has an effect, and no result depends on the files that the process may open.
 *
 * The errno shows the origin of the error. A kernel that executes the call returns the expected errno. Any other errno
 * comes from a seccomp filter, or from a kernel that does not have the call. (Filters return EPERM, ENOSYS, EACCES, or
 * any errno that SystemCallErrorNumber= names.)
 *
 * The table omits calls that the C library needs before main().
 */
#include "daemon/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NO_FD (-1L)
#define NO_FLAGS (-1L) /* no call accepts all flags */

#define AT(object) ((long)(object))

static struct open_how how;
static struct statx statx_buffer;
static struct statfs statfs_buffer;
static struct epoll_event event;
static struct msghdr message;
static unsigned long context; /* an aio_context_t */
static char bytes[256];

struct call {
	const char *name;
	long number;
	int expected;  /* errno */
	bool optional; /* ENOSYS is accepted, because the C library then uses another call */
	long arguments[5];
};

static const struct call calls[] = {
	{ "openat2", SYS_openat2, EBADF, false, { NO_FD, AT("."), AT(&how), sizeof(how) } },
	{ "openat", SYS_openat, EBADF, false, { NO_FD, AT("."), 0 } },
	{ "statx", SYS_statx, EBADF, false, { NO_FD, AT("."), 0, STATX_BASIC_STATS, AT(&statx_buffer) } },
	{ "faccessat2", SYS_faccessat2, EBADF, true, { NO_FD, AT("."), R_OK, 0 } },
	{ "fstatfs", SYS_fstatfs, EBADF, false, { NO_FD, AT(&statfs_buffer) } },
	{ "getdents64", SYS_getdents64, EBADF, false, { NO_FD, AT(bytes), sizeof(bytes) } },
	{ "readlinkat", SYS_readlinkat, EBADF, false, { NO_FD, AT("."), AT(bytes), sizeof(bytes) } },
	{ "pread64", SYS_pread64, EBADF, false, { NO_FD, AT(bytes), sizeof(bytes), 0 } },
	{ "ioctl", SYS_ioctl, EBADF, false, { NO_FD, 0, 0 } },
	{ "fcntl", SYS_fcntl, EBADF, false, { NO_FD, F_GETFL } },
	{ "dup3", SYS_dup3, EBADF, false, { NO_FD, 0x7ffffff0, 0 } },
	{ "io_setup", SYS_io_setup, EINVAL, false, { 0, AT(&context) } },
	{ "io_submit", SYS_io_submit, EINVAL, false, { 0, 0, 0 } },
	{ "io_getevents", SYS_io_getevents, EINVAL, false, { 0, 0, 0, 0, 0 } },
	{ "io_destroy", SYS_io_destroy, EINVAL, false, { 0 } },
	{ "eventfd2", SYS_eventfd2, EINVAL, false, { 0, NO_FLAGS } },
	{ "signalfd4", SYS_signalfd4, EINVAL, false, { NO_FD, AT(bytes), 0, 0 } },
	{ "epoll_create1", SYS_epoll_create1, EINVAL, false, { NO_FLAGS } },
	{ "epoll_ctl", SYS_epoll_ctl, EBADF, false, { NO_FD, EPOLL_CTL_ADD, NO_FD, AT(&event) } },
#ifdef SYS_epoll_wait /* without it, the C library uses epoll_pwait */
	{ "epoll_wait", SYS_epoll_wait, EBADF, false, { NO_FD, AT(&event), 1, 0 } },
#else
	{ "epoll_pwait", SYS_epoll_pwait, EBADF, false, { NO_FD, AT(&event), 1, 0, 0 } },
#endif
#ifdef SYS_poll
	{ "poll", SYS_poll, EINVAL, false, { 0, NO_FLAGS, 0 } },
#endif
	{ "socket", SYS_socket, EAFNOSUPPORT, false, { -1, SOCK_STREAM, 0 } },
	{ "bind", SYS_bind, EBADF, false, { NO_FD, AT(bytes), sizeof(struct sockaddr) } },
	{ "listen", SYS_listen, EBADF, false, { NO_FD, 1 } },
	{ "accept4", SYS_accept4, EBADF, false, { NO_FD, 0, 0, 0 } },
	{ "getsockname", SYS_getsockname, EBADF, false, { NO_FD, AT(bytes), AT(bytes) } },
	{ "setsockopt", SYS_setsockopt, EBADF, false, { NO_FD, SOL_SOCKET, SO_REUSEADDR, AT(bytes), sizeof(int) } },
	{ "recvfrom", SYS_recvfrom, EBADF, false, { NO_FD, AT(bytes), sizeof(bytes), 0 } },
	{ "sendto", SYS_sendto, EBADF, false, { NO_FD, AT(bytes), 0, 0 } },
	{ "sendmsg", SYS_sendmsg, EBADF, false, { NO_FD, AT(&message), 0 } },
	{ "shutdown", SYS_shutdown, EBADF, false, { NO_FD, SHUT_WR } },
	{ "madvise", SYS_madvise, EINVAL, false, { 1, 0, MADV_DONTFORK } },
	{ "sysinfo", SYS_sysinfo, EFAULT, false, { 0 } },
#ifdef SYS_clone3
	{ "clone3", SYS_clone3, EINVAL, true, { 0, 0 } },
#endif
};

/* Returns 0 if the kernel has checked the arguments, otherwise the errno of the refused call. */
static int refused_errno(const struct call *call)
{
	const long *arguments = call->arguments;

	if (syscall(call->number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], 0L) >= 0)
		return 0;
	return errno == call->expected || errno == EINTR || (call->optional && errno == ENOSYS) ? 0 : errno;
}

bool syscalls_check(FILE *faults)
{
	unsigned refused = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int error = refused_errno(&calls[i]);

		if (error == 0)
			continue;
		fprintf(faults, "%s%s (%s)", refused++ == 0 ? "ranged: refused system calls: " : ", ", calls[i].name,
			strerrorname_np(error));
	}
	if (refused > 0)
		fprintf(faults,
			". The kernel lacks them (openat2 needs Linux 5.6, io_* needs CONFIG_AIO), or a seccomp filter "
			"refuses them. With systemd, set SystemCallFilter=@system-service, and do not set DynamicUser= "
			"or RestrictSUIDSGID=, which refuse openat2. With Docker or Podman, update the engine and "
			"libseccomp, or use --security-opt seccomp=PROFILE with a profile that allows these calls.\n");
	return refused == 0;
}
