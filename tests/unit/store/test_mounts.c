/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/mounts.c and base/mountinfo.c, with mounts in a mount namespace of the test. */
#include "store/mounts.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mountinfo.h"
#include "store/filesystem.h"

#include "../suite.h"

static char directory[] = "/tmp/mounts.XXXXXX";

static uint64_t device_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_dev;
}

/* Returns the absolute path, in a static buffer. */
static const char *below(const char *path)
{
	static char whole[300];

	snprintf(whole, sizeof(whole), "%s/%s", directory, path);
	return whole;
}

static uint64_t mount_at(const char *path)
{
	ck_assert_int_eq(mkdir(below(path), 0700), 0);
	ck_assert_int_eq(mount("none", below(path), "tmpfs", 0, NULL), 0);
	return device_of(below(path));
}

static uint64_t device_at(const struct mounts *mounts, const char *path)
{
	struct mounts_place place;

	mounts_find(mounts, path, &place);
	return place.device;
}

static bool note_place(void *context, const struct mountinfo *mount)
{
	bool *seen = context;

	*seen = *seen || strcmp(mount->place, below("a b")) == 0;
	return true;
}

START_TEST(paths_are_attributed_to_mounts)
{
	uint64_t blank, outer, inner;
	struct mounts *mounts;
	bool seen = false;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return; /* not permitted; the lab tests need the same permission, and skip with a message */
	strcpy(directory, "/tmp/mounts.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	blank = mount_at("a b");
	outer = mount_at("outer");
	inner = mount_at("outer/inner");
	ck_assert_int_eq(mountinfo_walk(note_place, &seen), 0);
	ck_assert(seen);
	ck_assert_int_eq(mounts_new(&mounts, directory, device_of(directory)), 0);
	ck_assert_uint_eq(device_at(mounts, ""), 0);
	ck_assert_uint_eq(device_at(mounts, "file"), 0);
	ck_assert_uint_eq(device_at(mounts, "outer2/file"), 0);
	ck_assert_uint_eq(device_at(mounts, "a b/file"), blank);
	ck_assert_uint_eq(device_at(mounts, "outer"), outer);
	ck_assert_uint_eq(device_at(mounts, "outer/x/y"), outer);
	ck_assert_uint_eq(device_at(mounts, "outer/inner/x"), inner);
	mounts_free(mounts);
	umount2(below("outer/inner"), MNT_DETACH);
	umount2(below("outer"), MNT_DETACH);
	umount2(below("a b"), MNT_DETACH);
	remove_directory(directory);
}
END_TEST

START_TEST(types_are_local_or_remote)
{
	static const char *const local[] = { "ext4", "xfs", "btrfs", "tmpfs", "overlay", "squashfs", "zfs" };
	static const char *const remote[] = { "fuse", "fuse.glusterfs", "fuseblk", "nfs4", "ceph", "cifs", "9p" };

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		ck_assert_msg(filesystem_type_is_local(local[i]), "%s", local[i]);
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		ck_assert_msg(!filesystem_type_is_local(remote[i]), "%s", remote[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mounts");
	TCase *tcase = tcase_create("mounts");

	tcase_add_test(tcase, paths_are_attributed_to_mounts);
	tcase_add_test(tcase, types_are_local_or_remote);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
