/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the lookup that never waits, with real files. On a kernel without RESOLVE_CACHED the tests of its results do
 * not apply.
 */
#include "store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/filesystem.h"

#define SUITE_FORKS
#include "../suite.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

#define NOBODY 65533

static char dir[PATH_MAX], home[PATH_MAX];
static int root = -1;

/* --- the kernel --- */

static long cached_error;     /* If not 0, openat2() with RESOLVE_CACHED fails with this errno. */
static unsigned cached_calls; /* Number of calls of openat2() with RESOLVE_CACHED. */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	long arguments[4];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2 && (((struct open_how *)arguments[2])->resolve & RESOLVE_CACHED) != 0) {
		cached_calls++;
		if (cached_error != 0) {
			errno = (int)cached_error;
			return -1;
		}
	}
	return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3]);
}

static bool kernel_has_cached(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED };
	long fd = __real_syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
	return fd >= 0 || (errno != EINVAL && errno != ENOSYS && errno != EPERM);
}

/* --- files --- */

static void make_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

/* The working directory contains "root/", with a file in a directory, symbolic links, and what is not a file. */
static void setup(void)
{
	const char *parent = getenv("TMPDIR");

	ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
	ck_assert_int_eq(chdir(parent ? parent : "."), 0);
	strcpy(dir, "test_beneath.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	chmod(".", 0755);
	ck_assert_int_eq(mkdir("root", 0755), 0);
	ck_assert_int_eq(mkdir("root/d", 0755), 0);
	make_text("secret", "outside of the root");
	make_text("root/d/f", "0123456789");
	ck_assert_int_eq(chmod("root/d/f", 0644), 0);
	ck_assert_int_eq(mkfifo("root/fifo", 0644), 0);
	make_socket("root/socket");
	ck_assert_int_eq(symlink("d/f", "root/link"), 0);
	ck_assert_int_eq(symlink("../secret", "root/out"), 0);
	ck_assert_int_eq(symlink("/etc/passwd", "root/absolute"), 0);
	ck_assert_int_eq(symlink("loop", "root/loop"), 0);
	ck_assert_int_eq(symlink("nowhere", "root/dangling"), 0);
	root = open("root", O_PATH | O_DIRECTORY);
}

static void teardown(void)
{
	close(root);
	ck_assert_int_eq(chdir(home), 0);
	remove_directory(dir);
}

/* --- the lookup --- */

struct answer {
	int error;
	struct statx st;
	bool readable;
};

static struct answer look_with(const char *path, enum file_symlinks symlinks)
{
	struct answer answer = { 0 };

	answer.error = beneath_look_cached(root, path, symlinks, false, &answer.st, NULL);
	if (answer.error == -EAGAIN)
		answer.error = beneath_look_cached(root, path, symlinks, true, &answer.st, NULL);
	return answer;
}

static int error_of(const char *path)
{
	return look_with(path, FILE_SYMLINKS_BENEATH).error;
}

/* Returns 1 or 0 for a file that can or cannot be read, or -errno. */
static int readable(const char *path)
{
	struct statx st;
	bool yes = false;
	int error = beneath_look_cached(root, path, FILE_SYMLINKS_BENEATH, false, &st, &yes);

	return error < 0 ? error : yes;
}

START_TEST(a_file_is_found)
{
	struct answer answer = look_with("d/f", FILE_SYMLINKS_BENEATH);
	struct file_version found, expected;

	ck_assert_int_eq(answer.error, 0);
	ck_assert_uint_eq(answer.st.stx_size, 10);
	file_version_set(&found, &answer.st);
	ck_assert_int_eq(beneath_get_version(root, "d/f", FILE_SYMLINKS_BENEATH, &expected), 0);
	ck_assert(file_version_equal(&found, &expected));
}
END_TEST

START_TEST(other_objects_are_not_files)
{
	ck_assert_int_eq(error_of("fifo"), -ENOENT);
	ck_assert_int_eq(error_of("socket"), -ENOENT);
	ck_assert_int_eq(error_of("d"), -EISDIR);
	ck_assert_int_eq(error_of(""), -EISDIR);
	ck_assert_int_eq(error_of("d/f/"), -ENOTDIR);
	if (geteuid() == 0 && mknod("root/device", S_IFCHR | 0644, makedev(1, 3)) == 0)
		ck_assert_int_eq(error_of("device"), -ENOENT);
}
END_TEST

START_TEST(a_directory_is_stated)
{
	struct answer answer = look_with("d", FILE_SYMLINKS_BENEATH);
	struct stat st;

	ck_assert_int_eq(answer.error, -EISDIR);
	ck_assert_int_eq(stat("root/d", &st), 0);
	ck_assert_uint_eq(answer.st.stx_ino, st.st_ino);
}
END_TEST

/*
 * The kernel does not follow a link in this mode while it would have to update the atime of the link, that is until the
 * atime is later than the ctime.
 */
static int error_of_link(const char *path)
{
	struct file_version version;
	int error = error_of(path);

	for (int tries = 0; tries < 1000 && error == -EAGAIN; tries++) {
		beneath_get_version(root, path, FILE_SYMLINKS_BENEATH, &version);
		usleep(1000);
		error = error_of(path);
	}
	return error;
}

START_TEST(symbolic_links)
{
	/* XFS and overlayfs never follow links in this mode. */
	const uint32_t filesystem = filesystem_of(root);
	const bool follows = filesystem != XFS_SUPER_MAGIC && filesystem != OVERLAYFS_SUPER_MAGIC;

	ck_assert_int_eq(error_of_link("link"), follows ? 0 : -EAGAIN);
	ck_assert_int_eq(look_with("link", FILE_SYMLINKS_NONE).error, -ELOOP);
	ck_assert(error_of_link("loop") == -ELOOP || error_of("loop") == -EAGAIN);
}
END_TEST

/*
 * Mounts a tmpfs in a mount namespace of its own, in which the root is opened again. Returns false if the process may
 * not do so.
 */
static bool mount_tmpfs(const char *path)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", path, "tmpfs", 0, NULL) != 0)
		return false;
	close(root);
	root = open("root", O_PATH | O_DIRECTORY);
	return true;
}

START_TEST(mounts_beneath_the_root)
{
	if (geteuid() != 0 || !mount_tmpfs("root/d"))
		return;
	make_text("root/d/g", "0123456789");
	ck_assert_int_eq(mkdir("root/d/e", 0755), 0);
	make_text("root/d/e/h", "");
	ck_assert_int_eq(error_of("d/g"), 0);
	ck_assert_int_eq(error_of("d/e/h"), 0);
	ck_assert_int_eq(error_of("d/e"), -EISDIR);
	ck_assert_int_eq(error_of("d/e/never"), -EAGAIN);
	/* The last name is a mount. */
	ck_assert_int_eq(error_of("d"), -EAGAIN);
	ck_assert_int_eq(mount("secret", "root/d/g", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(error_of("d/g"), -EAGAIN);
	ck_assert_int_eq(umount("root/d/g"), 0);
	/* A symbolic link to another mount, and one out of the root. */
	ck_assert_int_eq(symlink("../dangling", "root/d/link"), 0);
	ck_assert_int_eq(symlink("../../secret", "root/d/out"), 0);
	ck_assert_int_eq(error_of("d/link"), -EAGAIN);
	ck_assert_int_eq(error_of("d/out"), -EAGAIN);
	ck_assert_int_eq(umount("root/d"), 0);
}
END_TEST

/* -EAGAIN, because a link could also lead to another mount. */
START_TEST(nothing_outside_of_the_root)
{
	ck_assert_int_eq(error_of("out"), -EAGAIN);
	ck_assert_int_eq(error_of("absolute"), -EAGAIN);
	ck_assert_int_eq(error_of("../secret"), -EAGAIN);
	ck_assert_int_eq(error_of("/etc/passwd"), -EAGAIN);
	ck_assert_int_eq(error_of("d/../d/f"), 0);
}
END_TEST

static int error_after_lookup(const char *path)
{
	struct file_version version;

	ck_assert_int_eq(beneath_get_version(root, path, FILE_SYMLINKS_BENEATH, &version), -ENOENT);
	return error_of(path);
}

/* The kernel remembers that a name does not exist, except on tmpfs. */
START_TEST(a_missing_name)
{
	const int missing = filesystem_is_memory(filesystem_of(root)) ? -EAGAIN : -ENOENT;

	ck_assert_int_eq(error_after_lookup("d/absent"), missing);
	make_text("root/d/absent", "");
	ck_assert_int_eq(error_of("d/absent"), 0);
	ck_assert_int_eq(unlink("root/d/absent"), 0);
	ck_assert_int_ne(error_of("d/absent"), 0);
	ck_assert_int_eq(error_after_lookup("d/absent"), missing);
	ck_assert_int_eq(rename("root/d/f", "root/d/moved"), 0);
	ck_assert_int_eq(error_of("d/moved"), 0);
	ck_assert_int_eq(error_after_lookup("d/f"), missing);
}
END_TEST

/* A name that the kernel has never seen is not looked up on the disk. */
START_TEST(an_unknown_name)
{
	char name[300] = "";

	memset(name, 'n', sizeof(name) - 1);
	ck_assert_int_eq(error_of("d/never"), -EAGAIN);
	ck_assert_int_eq(error_of("d/f/g"), -ENOTDIR);
	ck_assert_int_eq(error_of(name), -EAGAIN);
}
END_TEST

START_TEST(no_descriptor_is_left)
{
	int before = dup(0), after;

	close(before);
	for (int i = 0; i < 3; i++) {
		error_of("d/f");
		error_of("d");
		error_of("fifo");
		error_of("out");
	}
	after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

/* --- permission --- */

/*
 * Checks in a child process of another user. The first lookup may load the access control lists of the directories,
 * which the owner does not need.
 */
#define AS_NOBODY(checks)                                                                               \
	do {                                                                                            \
		pid_t child = fork();                                                                   \
		int status;                                                                             \
                                                                                                        \
		if (child == 0) {                                                                       \
			if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)                                 \
				_exit(99);                                                              \
			beneath_is_misspelled(root, "d/f", FILE_SYMLINKS_BENEATH);                      \
			_exit((checks) ? 0 : 1);                                                        \
		}                                                                                       \
		ck_assert_int_eq(waitpid(child, &status, 0), child);                                    \
		ck_assert_msg(status == 0, "not so for another user: %s (status %d)", #checks, status); \
	} while (0)

START_TEST(permission_of_the_owner)
{
	ck_assert_int_eq(readable("d/f"), 1);
	ck_assert_int_eq(chmod("root/d/f", 0), 0);
	ck_assert_int_eq(readable("d/f"), geteuid() == 0); /* CAP_DAC_OVERRIDE */
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown("root/d/f", NOBODY, 0), 0);
	AS_NOBODY(readable("d/f") == 0);
	ck_assert_int_eq(chmod("root/d/f", 0400), 0);
	AS_NOBODY(readable("d/f") == 1);
	ck_assert_int_eq(chmod("root/d/f", 0044), 0);
	AS_NOBODY(readable("d/f") == 0);
}
END_TEST

/* An access control list could deny what the mode allows. */
START_TEST(permission_of_others)
{
	static const mode_t certain[] = { 0000, 0400, 0600, 0711 }, uncertain[] = { 0644, 0640, 0604, 0444 };

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < sizeof(certain) / sizeof(certain[0]); i++) {
		ck_assert_int_eq(chmod("root/d/f", certain[i]), 0);
		AS_NOBODY(readable("d/f") == 0 && error_of("d/f") == 0);
	}
	for (size_t i = 0; i < sizeof(uncertain) / sizeof(uncertain[0]); i++) {
		ck_assert_int_eq(chmod("root/d/f", uncertain[i]), 0);
		AS_NOBODY(readable("d/f") == -EAGAIN && error_of("d/f") == 0);
	}
}
END_TEST

START_TEST(a_directory_that_cannot_be_searched)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod("root/d", 0700), 0);
	/* The kernel confirms a denied search only in the mode that may wait. */
	AS_NOBODY(error_of("d/f") == -EAGAIN || error_of("d/f") == -EACCES);
	AS_NOBODY(error_of("d/absent") == -EAGAIN || error_of("d/absent") == -EACCES);
}
END_TEST

/* --- kernels --- */

static const int refusals[] = { EINVAL, ENOSYS, EPERM };

START_TEST(an_older_kernel_is_asked_once)
{
	cached_error = refusals[_i];
	ck_assert_int_eq(error_of("d/f"), -EAGAIN);
	ck_assert_uint_eq(cached_calls, 1);
	ck_assert_int_eq(error_of("d/f"), -EAGAIN);
	ck_assert_int_eq(error_of("absent"), -EAGAIN);
	ck_assert_uint_eq(cached_calls, 1);
}
END_TEST

/* Only the first call decides: a filesystem may reject a name with EINVAL. */
START_TEST(an_invalid_name_changes_nothing)
{
	static const int errors[] = { EINVAL, EPERM, EMFILE, ENOMEM, EINTR };

	ck_assert_int_eq(error_of("d/f"), 0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		cached_error = errors[i];
		ck_assert_int_eq(error_of("d/f"), -EAGAIN);
		cached_error = 0;
		ck_assert_int_eq(error_of("d/f"), 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beneath");
	TCase *t = tcase_create("beneath");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, an_older_kernel_is_asked_once, 0, sizeof(refusals) / sizeof(refusals[0]));
	suite_add_tcase(s, t);
	if (!kernel_has_cached())
		return s;
	tcase_add_test(t, a_file_is_found);
	tcase_add_test(t, other_objects_are_not_files);
	tcase_add_test(t, a_directory_is_stated);
	tcase_add_test(t, symbolic_links);
	tcase_add_test(t, mounts_beneath_the_root);
	tcase_add_test(t, nothing_outside_of_the_root);
	tcase_add_test(t, a_missing_name);
	tcase_add_test(t, an_unknown_name);
	tcase_add_test(t, no_descriptor_is_left);
	tcase_add_test(t, permission_of_the_owner);
	tcase_add_test(t, permission_of_others);
	tcase_add_test(t, a_directory_that_cannot_be_searched);
	tcase_add_test(t, an_invalid_name_changes_nothing);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
