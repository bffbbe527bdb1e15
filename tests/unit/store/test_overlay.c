/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the layers in the options of an overlay filesystem. The lines are those of Linux 5.10 and 6.18. */
#include "store/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/filesystem.h"

#include "../suite.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *options, *layers; /* The layers are each followed by a semicolon. */
} cases[] = {
	{ "rw,lowerdir=/l,upperdir=/u,workdir=/w", "/l;/u;" },
	{ "ro,lowerdir=/a:/b", "/a;/b;" },
	{ "rw,lowerdir=/var/lib/docker/overlay2/l/AB:/var/lib/docker/overlay2/l/CD,upperdir=/x/diff,workdir=/x/work",
	  "/var/lib/docker/overlay2/l/AB;/var/lib/docker/overlay2/l/CD;/x/diff;" },
	{ "ro,lowerdir=/a:/b::/c::/d,redirect_dir=on,metacopy=on", "/a;/b;/c;/d;" },
	{ "rw,lowerdir=/d\\134:e:/f\\040g:/b\\134\\054c,upperdir=/u,uuid=on", "/d:e;/f g;/b,c;/u;" },
	{ "ro,lowerdir=/q\\134\\134z:a", "/q\\z;a;" },
	{ "ro,lowerdir+=/d:e,lowerdir+=/f\\040g,lowerdir+=/b\\054c,datadir+=/q\\134z,metacopy=on",
	  "/d:e;/f g;/b,c;/q\\z;" },
	{ "rw,lowerdir=/l,upperdir=/u\\134:v,workdir=/w", "/l;/u:v;" },
};

static bool note(void *context, const char *path)
{
	char *noted = context;

	strcat(noted, path);
	strcat(noted, ";");
	return true;
}

START_TEST(each_layer_is_found)
{
	char options[300], noted[300] = "";

	strcpy(options, cases[_i].options);
	ck_assert(overlay_all_layers_of(options, note, noted));
	ck_assert_str_eq(noted, cases[_i].layers);
}
END_TEST

START_TEST(unknown_layers)
{
	static const char *const unknown[] = { "", "rw", "rw,lowerdir=", "rw,workdir=/w", "rw,lowerdirs=/a" };
	char options[100], noted[100] = "";

	for (size_t i = 0; i < COUNT(unknown); i++) {
		strcpy(options, unknown[i]);
		ck_assert_msg(!overlay_all_layers_of(options, note, noted), "%s", unknown[i]);
		ck_assert_str_eq(noted, "");
	}
}
END_TEST

static bool is_first(void *context, const char *path)
{
	(void)path;
	return ++*(unsigned *)context == 1;
}

START_TEST(the_walk_ends_early)
{
	char options[] = "lowerdir=/a:/b:/c,upperdir=/u";
	unsigned calls = 0;

	ck_assert(!overlay_all_layers_of(options, is_first, &calls));
	ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(another_filesystem_has_no_layers)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char noted[100] = "";

	ck_assert(!overlay_all_layers(overlay_mount_of(fd), note, noted));
	ck_assert(!filesystem_fd_is_local(fd, filesystem_of(fd)));
	close(fd);
	ck_assert(!overlay_all_layers(overlay_mount_of(-1), note, noted));
	ck_assert_str_eq(noted, "");
}
END_TEST

/* --- overlays that are mounted --- */

static char dir[PATH_MAX], home[PATH_MAX];

/*
 * Enters a mount namespace of its own, whose current directory is a new tmpfs. Returns false if the process may not do
 * so.
 */
static bool enter_namespace(void)
{
	const char *parent = getenv("TMPDIR");

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
	ck_assert_int_eq(chdir(parent ? parent : "."), 0);
	strcpy(dir, "test_overlay.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(mount("none", dir, "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	return true;
}

static void leave_namespace(void)
{
	ck_assert_int_eq(chdir(home), 0);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	remove_directory(dir);
}

/* Mounts an overlay. In the options, "@" stands for the current directory. Returns false if the kernel refuses. */
static bool mount_overlay(const char *place, const char *options)
{
	char text[3 * PATH_MAX], *to = text;

	for (; *options != '\0'; options++)
		to += *options == '@' ? sprintf(to, "%s", dir) : sprintf(to, "%c", *options);
	if (mkdir(place, 0755) != 0 && errno != EEXIST)
		return false;
	return mount("overlay", place, "overlay", 0, text) == 0;
}

static bool is_local(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	bool local;

	ck_assert_int_ge(fd, 0);
	local = filesystem_fd_is_local(fd, filesystem_of(fd));
	close(fd);
	return local;
}

START_TEST(mounted_overlays)
{
	static const char *const names[] = { "a", "b:c d", "u", "w", "hidden" };

	if (!enter_namespace())
		return;
	ck_assert(is_local("."));
	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_int_eq(mkdir(names[i], 0755), 0);
	fclose(fopen("a/f", "w"));
	if (!mount_overlay("m", "lowerdir=@/a:@/b\\:c d,upperdir=@/u,workdir=@/w")) {
		leave_namespace();
		return;
	}
	ck_assert(is_local("m"));
	ck_assert(is_local("m/f"));
	ck_assert(mount_overlay("nested", "lowerdir=@/m:@/a"));
	ck_assert(is_local("nested/f"));
	/* The path of a layer that is relative to another process is not known. */
	ck_assert(mount_overlay("relative", "lowerdir=a:@/u"));
	ck_assert(!is_local("relative"));
	/* A layer that this process does not see, as in a container. */
	ck_assert(mount_overlay("invisible", "lowerdir=@/hidden:@/a"));
	ck_assert_int_eq(rmdir("hidden"), 0);
	ck_assert(!is_local("invisible"));
	/* A path that now leads to the overlay itself. */
	ck_assert_int_eq(mkdir("hidden", 0755), 0);
	ck_assert(mount_overlay("itself", "lowerdir=@/hidden:@/a"));
	ck_assert_int_eq(rmdir("hidden"), 0);
	ck_assert_int_eq(symlink("itself", "hidden"), 0);
	ck_assert(!is_local("itself"));
	/* The result is kept. */
	ck_assert_int_eq(rename("b:c d", "renamed"), 0);
	ck_assert(is_local("m"));
	clock_advance_ms(11000);
	ck_assert(!is_local("m"));
	/* sysfs stands for all filesystems that are not known to be local. */
	if (mount_overlay("mixed", "lowerdir=@/a:/sys/kernel"))
		ck_assert(!is_local("mixed/f"));
	leave_namespace();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("overlay");
	TCase *t = tcase_create("overlay");

	tcase_add_loop_test(t, each_layer_is_found, 0, COUNT(cases));
	tcase_add_test(t, unknown_layers);
	tcase_add_test(t, the_walk_ends_early);
	tcase_add_test(t, another_filesystem_has_no_layers);
	tcase_add_test(t, mounted_overlays);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
