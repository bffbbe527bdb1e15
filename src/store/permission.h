/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides from a statx() whether the calling thread may read a file, without a call that may wait. */
#ifndef STORE_PERMISSION_H
#define STORE_PERMISSION_H

struct statx;

/*
 * Returns 1 if the thread may read the file, 0 if it may not, or -EAGAIN if the owner, the mode and the capabilities of
 * the thread do not decide it. Needs STATX_BASIC_STATS. Never waits. Thread-safe.
 */
int permission_to_read(const struct statx *st);

#endif
