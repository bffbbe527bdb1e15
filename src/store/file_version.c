/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts the result of a statx() to a version. All functions are pure and thread-safe. */
#include "store/file_version.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/clock.h"

/* Returns nanoseconds since 1970. Times before 1677 or after 2262 do not fit into 64 bits and are clamped. */
static int64_t stamp_ns(const struct statx_timestamp *stamp)
{
	int64_t ns;

	if (__builtin_mul_overflow(stamp->tv_sec, (int64_t)CLOCK_NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)stamp->tv_nsec, &ns))
		return stamp->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

void file_version_set(struct file_version *version, const struct statx *st)
{
	*version = (struct file_version){
		.device = makedev(st->stx_dev_major, st->stx_dev_minor),
		.inode = st->stx_ino,
		.size = st->stx_size,
		.mtime_ns = stamp_ns(&st->stx_mtime),
		.ctime_ns = stamp_ns(&st->stx_ctime),
	};
}

void file_version_set_state(struct file_state *state, const struct statx *st)
{
	file_version_set(&state->version, st);
	state->metadata = (struct file_metadata){
		.ctime_ns = state->version.ctime_ns,
		.born_ns = (st->stx_mask & STATX_BTIME) != 0 ? stamp_ns(&st->stx_btime) : 0,
		.links = st->stx_nlink,
		.mode = st->stx_mode,
		.user = st->stx_uid,
		.group = st->stx_gid,
	};
}

bool file_version_equal(const struct file_version *a, const struct file_version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

bool file_version_is_undated(const struct file_version *version)
{
	return version->mtime_ns >= 0 && version->mtime_ns < 2 * (int64_t)CLOCK_NS_PER_S;
}
