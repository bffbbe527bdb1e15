/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Applies the rules of acl_permission_check() and generic_permission() of the kernel (fs/namei.c) that do not depend on
 * an access control list. faccessat2(2) is exact in all cases, but it may wait: the kernel loads an inode without its
 * list, and reads the list when it is first needed. On a disk with a latency of 100 ms, faccessat2() took 100 ms on
 * ext4, XFS and btrfs if the list was not stored beside the inode. It did not wait for files without a list, but the
 * kernel does not tell which files these are.
 *
 * A security module may still deny the access. The open that precedes a read from the disk then fails.
 */
#include "store/permission.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OVERFLOW_ID 65534 /* Shown for a user or group that has no number in the user namespace. */

static bool has_capability(const struct __user_cap_data_struct *data, unsigned capability)
{
	return (data[capability / 32].effective & 1u << capability % 32) != 0;
}

static bool overrides_mode(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (has_capability(data, CAP_DAC_OVERRIDE) || has_capability(data, CAP_DAC_READ_SEARCH));
}

int permission_to_read(const struct statx *st)
{
	/*
	 * Capabilities apply only to files whose owner and group have a number in the user namespace of the thread. A
	 * file that belongs to user OVERFLOW_ID cannot be distinguished from a file without a number.
	 */
	if (st->stx_uid == OVERFLOW_ID || st->stx_gid == OVERFLOW_ID)
		return -EAGAIN;
	if (overrides_mode())
		return 1;
	if (st->stx_uid == geteuid())
		return (st->stx_mode & S_IRUSR) != 0;
	/* The bits of the group limit all entries of an access control list except those of the owner and others. */
	if ((st->stx_mode & (S_IRGRP | S_IROTH)) == 0)
		return 0;
	return -EAGAIN;
}
