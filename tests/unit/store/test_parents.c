/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests with real directories: when a view is valid, and which siblings it shows. */
#include "store/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/parents_table.h"
#include "store/spelling.h"

#define SUITE_FORKS
#include "../suite.h"

#define MAX_DIRECTORIES 1024
#define FRESH_MS 1001	/* After this time, a view is checked again. */
#define SETTLED_MS 3001 /* After this time, a directory that has changed may be read. */
#define UNUSABLE_MS 10001
#define ZST (1u << PARENTS_ZST)
#define BR (1u << PARENTS_BR)
#define GZ (1u << PARENTS_GZ)
#define SHA256 (1u << PARENTS_SHA256)
#define ETAG (1u << PARENTS_ETAG)

static char dir[PATH_MAX], home[PATH_MAX];
static int root = -1;
static struct parents *parents;
static enum file_symlinks symlinks;
static uint64_t root_number;

/* --- allocations, openat2 and getdents64 that a test can intercept --- */

static atomic_int allocations_left = -1; /* The following allocations fail. -1: none. */
static bool no_memory_for_names;
static bool no_resolve_cached;
static atomic_uint opens, reads;
static void (*on_read)(void);
static ino_t folding_inode; /* The directory that has the casefold flag. */
static bool all_remote;	    /* All filesystems have a server. */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
ssize_t __real_getdents64(int fd, void *buffer, size_t size);
ssize_t __wrap_getdents64(int fd, void *buffer, size_t size);
long __real_syscall(long number, int fd, const char *path, struct open_how *how, size_t size);
long __wrap_syscall(long number, int fd, const char *path, struct open_how *how, size_t size);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
bool __real_filesystem_fd_is_local(int fd, uint32_t filesystem);
bool __wrap_filesystem_fd_is_local(int fd, uint32_t filesystem);

static bool fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return no_memory_for_names ? NULL : __real_reallocarray(old, count, size);
}

ssize_t __wrap_getdents64(int fd, void *buffer, size_t size)
{
	ssize_t got = __real_getdents64(fd, buffer, size);

	reads++;
	if (on_read != NULL)
		on_read();
	return got;
}

/* parents.c and beneath.c call syscall() for openat2 only. */
long __wrap_syscall(long number, int fd, const char *path, struct open_how *how, size_t size)
{
	ck_assert_int_eq(number, SYS_openat2);
	opens++;
	if (no_resolve_cached && (how->resolve & RESOLVE_CACHED) != 0) {
		errno = EINVAL;
		return -1;
	}
	return __real_syscall(number, fd, path, how, size);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	int result = __real_ioctl(fd, request, argument);
	struct stat st;

	if (result == 0 && request == FS_IOC_GETFLAGS && fstat(fd, &st) == 0 && st.st_ino == folding_inode)
		*(int *)argument |= FS_CASEFOLD_FL;
	return result;
}

bool __wrap_filesystem_fd_is_local(int fd, uint32_t filesystem)
{
	return !all_remote && __real_filesystem_fd_is_local(fd, filesystem);
}

/* --- the tree --- */

static void make(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0644);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	close(fd);
}

static void make_directory(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void setup(void)
{
	const char *parent = getenv("TMPDIR");

	ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
	ck_assert_int_eq(chdir(parent ? parent : "."), 0);
	strcpy(dir, "test_parents.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	make_directory("root");
	make_directory("root/a");
	make_directory("root/a/b");
	make("root/a/b/f");
	root = open("root", O_PATH | O_DIRECTORY);
	ck_assert_int_eq(parents_new(&parents, MAX_DIRECTORIES), 0);
}

static void teardown(void)
{
	parents_free(parents);
	close(root);
	ck_assert_int_eq(chdir(home), 0);
	remove_directory(dir);
}

static struct parents_place place_of(const char *path)
{
	return (struct parents_place){ .root_fd = root, .path = path, .symlinks = symlinks, .root = root_number };
}

static struct parents_view view;

static int find(const char *path)
{
	struct parents_place place = place_of(path);

	return parents_find(parents, &place, clock_now_ns(), &view);
}

static void learn(const char *path)
{
	struct parents_place place = place_of(path);

	parents_learn(parents, &place);
}

/* Finds the directory, and learns it first if necessary. */
static void know(const char *path)
{
	int error = find(path);

	if (error == -EAGAIN) {
		learn(path);
		error = find(path);
	}
	ck_assert_msg(error == 0, "%s: %s", path, strerror(-error));
}

/* Moves the clock until directories that have changed may be read, and reads the directory of the path. */
static void settle(const char *path)
{
	clock_advance_ms(SETTLED_MS);
	know(path);
	ck_assert_msg(view.settled, "%s is not settled", path);
}

/* Returns true if directories of this filesystem could get the casefold flag, so that a change must be noticed. */
static bool is_without_constant_names(void)
{
	bool constant = false;
	int fd = open("root", O_RDONLY | O_DIRECTORY);
	bool by_bytes = spelling_is_by_bytes(fd, &constant);

	close(fd);
	return by_bytes && !constant;
}

START_TEST(a_directory_is_learned_once)
{
	struct stat st;

	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	learn("a/b/f");
	ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert_int_eq(stat("root/a/b", &st), 0);
	ck_assert_uint_eq(view.device, st.st_dev);
	ck_assert_int_eq(find("a/b/another"), 0);
	ck_assert_int_eq(find("a/b"), 0);
	ck_assert_int_eq(find("a"), 0);
	ck_assert_int_eq(find("f"), 0);
	root_number++; /* Another root has entries of its own. */
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	root_number--;
	symlinks = FILE_SYMLINKS_NONE;
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	symlinks = FILE_SYMLINKS_BENEATH;
}
END_TEST

/* Within a second no syscall is made, and afterwards one for each directory of the path. */
START_TEST(a_directory_is_checked_once_a_second)
{
	settle("a/f");
	know("a/b/f");
	opens = reads = 0;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert_uint_eq(opens, 0);
	clock_advance_ms(FRESH_MS);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert_uint_eq(opens, 3);
	ck_assert_int_eq(find("a/f"), 0);
	ck_assert_uint_eq(opens, 3);
	ck_assert_uint_eq(reads, 0);
	ck_assert(view.settled == false || view.beside == 0);
}
END_TEST

static const struct {
	const char *name;
	unsigned bit;
} suffixes[] = { { "root/a/b/f.zst", ZST },
		 { "root/a/b/f.br", BR },
		 { "root/a/b/f.gz", GZ },
		 { "root/a/b/f.sha256", SHA256 },
		 { "root/a/b/f.etag", ETAG } };

START_TEST(each_sibling_appears_and_vanishes)
{
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, 0);
	make(suffixes[_i].name);
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, suffixes[_i].bit);
	settle("a/b/g");
	ck_assert_uint_eq(view.beside, 0);
	ck_assert_int_eq(unlink(suffixes[_i].name), 0);
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, 0);
}
END_TEST

START_TEST(several_siblings_of_several_names)
{
	make("root/a/b/f.gz");
	make("root/a/b/f.sha256");
	make("root/a/b/f.gz.sha256");
	make("root/a/b/g.br");
	make("root/a/b/.gz");
	make("root/a/b/gz");
	make("root/a/b/f.xz");
	make_directory("root/a/b/h.zst"); /* sibling_find() finds out that this is no file. */
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, GZ | SHA256);
	know("a/b/f.gz");
	ck_assert_uint_eq(view.beside, SHA256);
	know("a/b/g");
	ck_assert_uint_eq(view.beside, BR);
	know("a/b/h");
	ck_assert_uint_eq(view.beside, ZST);
	know("a/b/f.gz.sha256");
	ck_assert_uint_eq(view.beside, 0);
	know("a/b/i");
	ck_assert(view.settled);
	ck_assert_uint_eq(view.beside, 0);
}
END_TEST

/* At most a second later the view is no longer settled, whatever times were set afterwards. */
START_TEST(a_change_is_noticed)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;
	int error;

	settle("a/b/f");
	ck_assert_int_eq(stat("root/a/b", &st), 0);
	make("root/a/b/f.gz");
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, "root/a/b", times, 0), 0);
	clock_advance_ms(FRESH_MS);
	error = find("a/b/f");
	ck_assert(error == -EAGAIN || (error == 0 && !view.settled));
	know("a/b/f");
	ck_assert(!view.settled || view.beside == GZ);
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, GZ);
}
END_TEST

static void change(void)
{
	static unsigned count;
	char path[64];

	snprintf(path, sizeof(path), "root/a/b/%u", count++);
	make(path);
}

START_TEST(a_change_during_the_scan)
{
	clock_advance_ms(SETTLED_MS);
	on_read = change;
	know("a/b/f");
	on_read = NULL;
	ck_assert_uint_gt(reads, 0);
	ck_assert(!view.settled);
	settle("a/b/f");
}
END_TEST

/* A young directory could change again without a change of its times. */
START_TEST(a_young_directory_is_not_read)
{
	struct stat st;

	change();
	learn("a/b/f");
	ck_assert_int_eq(stat("root/a/b", &st), 0);
	if (clock_wall_ns() - st.st_ctim.tv_sec * (int64_t)CLOCK_NS_PER_S - st.st_ctim.tv_nsec >
	    (int64_t)CLOCK_NS_PER_S)
		return; /* This process was suspended, or all tests share a clock. */
	ck_assert_uint_eq(reads, 0);
	ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert(!view.settled);
}
END_TEST

/* A large directory is read after several lookups. One caller then has it read. Others get a view meanwhile. */
START_TEST(one_caller_reads_the_directory)
{
	unsigned lookups = 0;

	for (int i = 0; i < 1000; i++)
		change();
	make("root/a/b/f.gz");
	clock_advance_ms(SETTLED_MS);
	learn("a/b/f");
	ck_assert_uint_eq(reads, 0);
	while (find("a/b/f") == 0 && lookups < 1000) {
		ck_assert(!view.settled);
		lookups++;
	}
	ck_assert_uint_ge(lookups, 1);
	ck_assert_uint_lt(lookups, 1000);
	ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert(!view.settled);
	learn("a/b/f");
	ck_assert_int_eq(find("a/b/f"), 0);
	ck_assert(view.settled);
	ck_assert_uint_eq(view.beside, GZ);
}
END_TEST

/* Reading it is limited to a share of the time. */
START_TEST(a_busy_directory_is_read_seldom)
{
	clock_advance_ms(SETTLED_MS);
	on_read = change;
	for (int i = 0; i < 20; i++) {
		clock_advance_ms(10 * SETTLED_MS);
		learn("a/b/f");
		ck_assert_int_eq(find("a/b/f"), 0);
	}
	ck_assert_uint_gt(reads, 0);
	on_read = NULL;
	reads = 0;
	for (int i = 0; i < 200; i++) {
		change();
		learn("a/b/f");
	}
	ck_assert_uint_le(reads, 4);
}
END_TEST

START_TEST(a_renamed_directory)
{
	make("root/a/b/f.gz");
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, GZ);
	make_directory("root/a/c");
	make("root/a/c/f");
	ck_assert_int_eq(rename("root/a/b", "root/a/d") | rename("root/a/c", "root/a/b"), 0);
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, 0);
	settle("a/d/f");
	ck_assert_uint_eq(view.beside, GZ);
}
END_TEST

/* The directory of the file is the same, but one above it is another one. */
START_TEST(a_directory_beneath_another_one)
{
	settle("a/b/f");
	make_directory("root/c");
	ck_assert_int_eq(rename("root/a", "root/old") | rename("root/c", "root/a"), 0);
	ck_assert_int_eq(rename("root/old/b", "root/a/b"), 0);
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	know("a/b/f");
}
END_TEST

START_TEST(a_switched_symlink)
{
	make_directory("root/c");
	make("root/c/f");
	make("root/c/f.br");
	ck_assert_int_eq(symlink("a/b", "root/link"), 0);
	settle("link/f");
	ck_assert_uint_eq(view.beside, 0);
	ck_assert_int_eq(symlink("c", "root/other") | rename("root/other", "root/link"), 0);
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("link/f"), -EAGAIN);
	settle("link/f");
	ck_assert_uint_eq(view.beside, BR);
	symlinks = FILE_SYMLINKS_NONE;
	learn("link/f");
	ck_assert_int_eq(find("link/f"), -EAGAIN);
	symlinks = FILE_SYMLINKS_BENEATH;
}
END_TEST

/* Looks up a path whose directory does not exist. tmpfs does not remember missing names. */
static void find_missing(const char *path)
{
	struct statfs fs;
	int error = find(path);

	ck_assert_int_eq(statfs("root", &fs), 0);
	ck_assert(error == -ENOENT || (error == -EAGAIN && fs.f_type == TMPFS_MAGIC));
}

START_TEST(missing_directories)
{
	ck_assert_int_eq(find("none/f"), -EAGAIN); /* The root is not known. */
	learn("none/f");
	/* The kernel does not know that the name is missing, unless a lookup has found that. */
	ck_assert_int_lt(access("root/none", F_OK), 0);
	find_missing("none/f");
	find_missing("none/of/these/directories/exists");
	find_missing("none/1/2/3/4/5/6/7/8/9/10/11/12/13/14/f");
	ck_assert_int_eq(find("none/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/f"), -EAGAIN);
	ck_assert_int_eq(find("a/none/f"), -EAGAIN); /* "a" is not known. */
	know("a/f");
	ck_assert_int_lt(access("root/a/none", F_OK), 0);
	find_missing("a/none/f");
	make_directory("root/none");
	ck_assert_int_eq(find("none/f"), -EAGAIN);
	know("none/f");
	ck_assert_int_eq(rmdir("root/none"), 0);
	ck_assert_int_eq(find("none/f"), 0); /* The result of this second. */
	clock_advance_ms(FRESH_MS);
	ck_assert_int_lt(access("root/none", F_OK), 0);
	know("f");
	learn("none/f");
	find_missing("none/f");
}
END_TEST

/* Its target could be on a filesystem whose cached names are old. */
START_TEST(a_symlink_to_nothing)
{
	know("f");
	ck_assert_int_eq(symlink("none", "root/link"), 0);
	ck_assert_int_lt(access("root/link", F_OK), 0);
	ck_assert_int_eq(find("link/f"), -EAGAIN);
	learn("link/f");
	ck_assert_int_eq(find("link/f"), -EAGAIN);
}
END_TEST

START_TEST(a_file_is_not_a_directory)
{
	know("a/b/f");
	ck_assert_int_eq(find("a/b/f/g"), -EAGAIN);
	learn("a/b/f/g");
	ck_assert_int_eq(find("a/b/f/g"), -EAGAIN);
}
END_TEST

START_TEST(an_unreadable_directory_is_remembered)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(".", 0755) | chmod("root/a", 0711), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	learn("a/b/f");
	opens = 0;
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(find("a/f"), -EAGAIN);
		learn("a/f");
	}
	ck_assert_uint_eq(opens, 0);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	ck_assert_int_eq(chmod("root/a", 0755), -1);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod("root/a", 0755), 0);
	clock_advance_ms(UNUSABLE_MS);
	know("a/b/f");
}
END_TEST

/* On a filesystem of another kind nothing is known. */
START_TEST(a_filesystem_that_is_not_local)
{
	if (access("/proc/self/status", F_OK) != 0)
		return;
	close(root);
	root = open("/proc", O_PATH | O_DIRECTORY);
	learn("sys/kernel/f");
	ck_assert_int_eq(find("sys/kernel/f"), -EAGAIN);
	ck_assert_int_eq(find("version"), -EAGAIN);
}
END_TEST

/* --- directories on a filesystem with a server --- */

static int find_remote(const char *path, uint64_t max_age_ms)
{
	struct parents_place place = place_of(path);

	return parents_find_remote(parents, &place, max_age_ms * CLOCK_NS_PER_MS, &view);
}

/* Looks the directory up as jobs do, until its names are known. */
static void settle_remote(const char *path)
{
	for (int i = 0; i < 4; i++) {
		if (find_remote(path, 0) == 0 && view.settled)
			return;
		learn(path);
		clock_advance_ms(FRESH_MS);
	}
	ck_abort_msg("%s is not settled", path);
}

START_TEST(names_of_a_remote_directory)
{
	all_remote = true;
	make("root/a/b/f.gz");
	settle_remote("a/b/f");
	ck_assert_uint_eq(view.beside, GZ);
	ck_assert_int_eq(find_remote("a/b/g", 0), 0);
	ck_assert(view.settled);
	ck_assert_uint_eq(view.beside, 0);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN); /* Never on a reactor. */
	ck_assert_int_eq(find_remote("a/none/f", 0), -EAGAIN);
	all_remote = false;
}
END_TEST

/* The server is asked once in max_age_ns, whatever the number of files. */
START_TEST(a_remote_directory_is_checked_once)
{
	all_remote = true;
	settle_remote("a/b/f");
	ck_assert_int_eq(find_remote("a/b/f", 0), 0);
	opens = reads = 0;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(find_remote(i % 2 == 0 ? "a/b/f" : "a/b/g", 3600000), 0);
		ck_assert(view.settled);
		learn("a/b/f");
	}
	ck_assert_uint_eq(opens, 0);
	clock_advance_ms(1500);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(find_remote("a/b/f", 1000), 0);
	ck_assert_uint_eq(opens, 1);
	ck_assert_uint_eq(reads, 0);
	all_remote = false;
}
END_TEST

/* Whatever times are set, and whatever the clock of the server. */
START_TEST(a_change_of_a_remote_directory_is_noticed)
{
	all_remote = true;
	for (int i = 0; i < 2; i++) {
		settle_remote("a/b/f");
		ck_assert_uint_eq(view.beside, i == 0 ? 0 : GZ);
		make(i == 0 ? "root/a/b/f.gz" : "root/a/b/f.br");
		ck_assert_int_eq(find_remote("a/b/f", 3600000), 0);
		ck_assert(view.settled);
		ck_assert(find_remote("a/b/f", 0) == -EAGAIN || !view.settled);
	}
	settle_remote("a/b/f");
	ck_assert_uint_eq(view.beside, GZ | BR);
	ck_assert_int_eq(rename("root/a/b", "root/a/c"), 0);
	make_directory("root/a/b");
	ck_assert_int_eq(find_remote("a/b/f", 0), -EAGAIN);
	settle_remote("a/b/f");
	ck_assert_uint_eq(view.beside, 0);
	all_remote = false;
}
END_TEST

/* A directory whose times do not change with its names is read again after a minute. */
START_TEST(names_of_a_remote_directory_have_a_maximum_age)
{
	all_remote = true;
	settle_remote("a/b/f");
	reads = 0;
	clock_advance_ms(56000);
	ck_assert_int_eq(find_remote("a/b/f", 1000), 0);
	learn("a/b/f");
	ck_assert_uint_eq(reads, 0);
	clock_advance_ms(5000);
	ck_assert_int_eq(find_remote("a/b/f", 1000), 0);
	ck_assert(view.settled); /* The known names are used until the directory has been read. */
	learn("a/b/f");
	ck_assert_uint_gt(reads, 0);
	reads = 0;
	ck_assert_int_eq(find_remote("a/b/f", 1000), 0);
	ck_assert(view.settled);
	learn("a/b/f");
	ck_assert_uint_eq(reads, 0);
	all_remote = false;
}
END_TEST

START_TEST(a_kernel_without_cached_lookups)
{
	no_resolve_cached = true;
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	opens = 0;
	learn("a/b/f");
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	ck_assert_int_eq(find("none/f"), -EAGAIN);
	ck_assert_uint_eq(opens, 0);
	no_resolve_cached = false;
}
END_TEST

/* --- mounts --- */

/* Gives this test its own mounts. Returns false if the kernel or a container refuses this. */
static bool may_mount(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	close(root);
	root = open("root", O_PATH | O_DIRECTORY);
	return true;
}

START_TEST(a_mount_covers_a_directory)
{
	struct parents_view before;

	if (!may_mount())
		return;
	settle("a/b/f");
	before = view;
	if (mount("tmpfs", "root/a/b", "tmpfs", 0, "mode=755") != 0)
		return;
	make("root/a/b/f");
	make("root/a/b/f.gz");
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	settle("a/b/f");
	ck_assert_uint_ne(view.device, before.device);
	ck_assert_uint_eq(view.beside, GZ);
	ck_assert_int_eq(umount2("root/a/b", MNT_DETACH), 0);
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	settle("a/b/f");
	ck_assert_uint_eq(view.device, before.device);
	ck_assert_uint_eq(view.beside, 0);
}
END_TEST

/* Sets the flag of a directory as FS_IOC_SETFLAGS does, which also sets the ctime. */
static void start_to_fold(const char *path)
{
	struct stat st;

	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	folding_inode = st.st_ino;
}

/* A directory that gets the flag is not usable, and neither are the directories in it. */
START_TEST(a_directory_that_starts_to_fold_case)
{
	if (!is_without_constant_names())
		return;
	make_directory("root/a/c");
	settle("a/c/f");
	start_to_fold("root/a/c");
	make_directory("root/a/c/d");
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/c/f"), -EAGAIN);
	ck_assert_int_eq(find("a/c/f"), -EAGAIN); /* Not only to have the directory read. */
	learn("a/c/f");
	ck_assert_int_eq(find("a/c/f"), -EAGAIN);
	learn("a/c/d/f");
	ck_assert_int_eq(find("a/c/d/f"), -EAGAIN);
	ck_assert_int_eq(find("a/c/D/f"), -EAGAIN);
	ck_assert_int_eq(find("a/c/none/f"), -EAGAIN);
	know("a/f");
	/* A directory that does not fold case replaces it. */
	ck_assert_int_eq(rename("root/a/c", "root/a/e"), 0);
	make_directory("root/a/c");
	clock_advance_ms(UNUSABLE_MS);
	know("a/c/f");
}
END_TEST

/* The directory of the file is the same as before, but a directory above it folds case. */
START_TEST(a_directory_below_one_that_folds_case)
{
	if (!is_without_constant_names())
		return;
	make_directory("root/fold");
	start_to_fold("root/fold");
	settle("a/b/f");
	ck_assert_int_eq(rename("root/a/b", "root/fold/b") | rename("root/a", "root/old"), 0);
	ck_assert_int_eq(rename("root/fold", "root/a"), 0);
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	learn("a/b/f");
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
}
END_TEST

/* While the ctime is young, the flag could have been set without another change of it. */
START_TEST(a_young_flag_is_read_each_second)
{
	struct stat st;

	if (!is_without_constant_names())
		return;
	ck_assert_int_eq(chmod("root/a/b", 0755), 0);
	learn("a/b/f");
	ck_assert_int_eq(stat("root/a/b", &st), 0);
	folding_inode = st.st_ino;
	clock_advance_ms(FRESH_MS);
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
	learn("a/b/f");
	ck_assert_int_eq(find("a/b/f"), -EAGAIN);
}
END_TEST

static void change_overlay(void)
{
	learn("o/b/f");
	if (find("o/b/f") == -EAGAIN)
		return; /* The layers of this machine are not local. */
	settle("o/b/f");
	ck_assert_uint_eq(view.beside, 0);
	make("root/o/b/f.gz");
	clock_advance_ms(FRESH_MS);
	ck_assert(find("o/b/f") == -EAGAIN || !view.settled);
	settle("o/b/f");
	ck_assert_uint_eq(view.beside, GZ);
	ck_assert_int_eq(unlink("root/o/b/f.gz"), 0);
	settle("o/b/f");
	ck_assert_uint_eq(view.beside, 0);
}

START_TEST(an_overlay_filesystem)
{
	char options[3 * PATH_MAX + 64];

	if (!may_mount())
		return;
	make_directory("upper");
	make_directory("work");
	snprintf(options, sizeof(options), "lowerdir=%s/root/a,upperdir=%s/upper,workdir=%s/work", dir, dir, dir);
	make_directory("root/o");
	if (mount("overlay", "root/o", "overlay", 0, options) != 0)
		return;
	change_overlay();
	ck_assert_int_eq(umount2("root/o", MNT_DETACH), 0);
}
END_TEST

/* --- bounds --- */

START_TEST(the_number_of_directories_is_bounded)
{
	uint64_t directories, hashes;
	struct parents_table *table;
	struct parents_known known;

	ck_assert_int_eq(parents_table_new(&table, 100), 0);
	for (uint64_t key = 1; key <= 10000; key++) {
		struct parents_names names = { .hashes = malloc(sizeof(uint64_t)), .count = 1, .room = 1 };

		names.hashes[0] = key << 8 | PARENTS_GZ;
		ck_assert(parents_table_claim(table, key << 32 | key, &known));
		ck_assert_int_eq(known.state, PARENTS_UNKNOWN);
		known.state = PARENTS_USABLE;
		known.settled = true;
		parents_table_store(table, key << 32 | key, &known, &names);
		/* One that is used stays. */
		ck_assert_int_eq(parents_table_find(table, UINT64_C(1) << 32 | 1, 0, NULL).state, PARENTS_USABLE);
	}
	parents_table_count(table, &directories, &hashes);
	ck_assert_uint_le(directories, 100);
	ck_assert_uint_ge(directories, 90);
	ck_assert_uint_eq(hashes, directories);
	parents_table_free(table);
}
END_TEST

/* Stores a usable directory with one name, and checks it with another stamp. */
static struct parents_known check_with(bool constant, struct parents_stamp stamp, bool *usable)
{
	struct parents_names names = { .hashes = malloc(sizeof(uint64_t)), .count = 1, .room = 1 };
	struct parents_table *table;
	struct parents_known known;

	names.hashes[0] = 8 | PARENTS_GZ;
	ck_assert_int_eq(parents_table_new(&table, 1), 0);
	ck_assert(parents_table_claim(table, 1, &known));
	known = (struct parents_known){
		.state = PARENTS_USABLE, .constant = constant, .confirmed = true, .settled = true
	};
	parents_table_store(table, 1, &known, &names);
	known = parents_table_find(table, 1, 0, NULL);
	ck_assert(known.settled && known.names_count == 1);
	*usable = parents_table_check(table, 1, &known, 5, &stamp);
	known = parents_table_find(table, 1, 0, NULL);
	parents_table_free(table);
	return known;
}

static const struct {
	struct parents_stamp stamp;
	bool settled, usable, usable_if_constant;
} checks[] = {
	{ { .mount = 0 }, true, true, true },
	{ { .mount = 1 }, false, false, false },
	{ { .version.device = 1 }, false, false, false },
	{ { .version.inode = 1 }, false, false, false },
	{ { .version.mtime_ns = 1 }, false, true, true },
	{ { .version.ctime_ns = 1 }, false, false, true },
};

START_TEST(what_a_check_shows)
{
	struct parents_known known;
	bool usable;

	known = check_with(false, checks[_i].stamp, &usable);
	ck_assert_int_eq(usable, checks[_i].usable);
	ck_assert_int_eq(known.settled, checks[_i].settled);
	ck_assert_uint_eq(known.checked_ns, usable ? 5 : 0);
	known = check_with(true, checks[_i].stamp, &usable);
	ck_assert_int_eq(usable, checks[_i].usable_if_constant);
	ck_assert_int_eq(known.settled, checks[_i].settled);
}
END_TEST

START_TEST(a_claimed_directory_stays)
{
	struct parents_table *table;
	struct parents_known known, other;

	ck_assert_int_eq(parents_table_new(&table, 1), 0);
	ck_assert(parents_table_claim(table, 1, &known));
	ck_assert(!parents_table_claim(table, 1, &other));
	ck_assert(!parents_table_claim(table, 2, &other));
	parents_table_store(table, 1, &known, NULL);
	ck_assert(parents_table_claim(table, 2, &other));
	parents_table_store(table, 2, &other, NULL);
	parents_table_free(table);
}
END_TEST

static void store_names(struct parents_table *table, uint64_t key, size_t count)
{
	struct parents_names names = { .hashes = calloc(count, sizeof(uint64_t)), .count = count, .room = count };
	struct parents_known known;

	ck_assert(parents_table_claim(table, key, &known));
	known.state = PARENTS_USABLE;
	known.settled = true;
	parents_table_store(table, key, &known, &names);
}

/* Names of directories that are not in use make room. */
START_TEST(the_number_of_hashes_is_bounded)
{
	uint64_t directories, hashes;
	struct parents_table *table;

	ck_assert_int_eq(parents_table_new(&table, 64), 0);
	for (uint64_t key = 1; key <= 20; key++) {
		store_names(table, key, PARENTS_SCAN_HASHES_MAX / 4);
		ck_assert(parents_table_find(table, key, 0, NULL).settled);
		parents_table_count(table, &directories, &hashes);
		ck_assert_uint_le(hashes, PARENTS_SCAN_HASHES_MAX);
	}
	store_names(table, 21, PARENTS_SCAN_HASHES_MAX + 1);
	ck_assert_int_eq(parents_table_find(table, 21, 0, NULL).state, PARENTS_USABLE);
	ck_assert(!parents_table_find(table, 21, 0, NULL).settled);
	parents_table_free(table);
}
END_TEST

/* More directories than the table has room for: each lookup is right. */
START_TEST(evicted_directories_are_learned_again)
{
	char path[64];

	parents_free(parents);
	ck_assert_int_eq(parents_new(&parents, 8), 0);
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "root/%d", i);
		make_directory(path);
		snprintf(path, sizeof(path), "root/%d/f.gz", i);
		make(path);
	}
	clock_advance_ms(SETTLED_MS);
	for (int i = 0; i < 150; i++) {
		snprintf(path, sizeof(path), "%d/f", i % 50);
		know(path);
		ck_assert_uint_eq(view.beside, GZ);
	}
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct parents *result = NULL;
	int error = -ENOMEM;
	unsigned failures = 0;

	for (; error == -ENOMEM; failures++) {
		allocations_left = (int)failures;
		error = parents_new(&result, MAX_DIRECTORIES);
	}
	allocations_left = -1;
	ck_assert_int_eq(error, 0);
	ck_assert_uint_gt(failures, 3);
	parents_free(result);
	make("root/a/b/f.gz");
	clock_advance_ms(SETTLED_MS);
	no_memory_for_names = true;
	know("a/b/f");
	no_memory_for_names = false;
	ck_assert(!view.settled);
	clock_advance_ms(60000);
	settle("a/b/f");
	ck_assert_uint_eq(view.beside, GZ);
}
END_TEST

/* --- threads --- */

#define THREADS 4
#define ROUNDS 3000

static atomic_bool changing;

static void *look(void *context)
{
	unsigned seed = (unsigned)(uintptr_t)context;
	struct parents_view seen;
	char path[64];

	for (int i = 0; i < ROUNDS; i++) {
		struct parents_place place = place_of(path);
		int error;

		snprintf(path, sizeof(path), "%d/f", rand_r(&seed) % 20);
		error = parents_find(parents, &place, clock_now_ns(), &seen);
		ck_assert(error == 0 || error == -EAGAIN || error == -ENOENT);
		if (error == -EAGAIN)
			parents_learn(parents, &place);
		/* A name that is never removed. */
		if (error == 0 && seen.settled)
			ck_assert_uint_eq(seen.beside & GZ, GZ);
	}
	return NULL;
}

static void *change_and_age(void *context)
{
	char path[64];

	(void)context;
	for (int i = 0; changing; i++) {
		snprintf(path, sizeof(path), "root/%d/f.br", i % 20);
		if (unlink(path) != 0)
			make(path);
		clock_advance_ms(500);
		usleep(1000);
	}
	return NULL;
}

START_TEST(threads_find_learn_evict_and_change)
{
	pthread_t threads[THREADS], changer;
	char path[64];

	parents_free(parents);
	ck_assert_int_eq(parents_new(&parents, 12), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "root/%d", i);
		make_directory(path);
		snprintf(path, sizeof(path), "root/%d/f.gz", i);
		make(path);
	}
	changing = true;
	ck_assert_int_eq(pthread_create(&changer, NULL, change_and_age, NULL), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, look, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	changing = false;
	pthread_join(changer, NULL);
	settle("7/f");
	ck_assert_uint_eq(view.beside & GZ, GZ);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parents");
	TCase *tree = tcase_create("tree"), *table = tcase_create("table");

	tcase_add_checked_fixture(tree, setup, teardown);
	tcase_add_test(tree, a_directory_is_learned_once);
	tcase_add_test(tree, a_directory_is_checked_once_a_second);
	tcase_add_loop_test(tree, each_sibling_appears_and_vanishes, 0, sizeof(suffixes) / sizeof(suffixes[0]));
	tcase_add_test(tree, several_siblings_of_several_names);
	tcase_add_test(tree, a_change_is_noticed);
	tcase_add_test(tree, a_change_during_the_scan);
	tcase_add_test(tree, a_young_directory_is_not_read);
	tcase_add_test(tree, one_caller_reads_the_directory);
	tcase_add_test(tree, a_busy_directory_is_read_seldom);
	tcase_add_test(tree, a_renamed_directory);
	tcase_add_test(tree, a_directory_beneath_another_one);
	tcase_add_test(tree, a_switched_symlink);
	tcase_add_test(tree, missing_directories);
	tcase_add_test(tree, a_symlink_to_nothing);
	tcase_add_test(tree, a_file_is_not_a_directory);
	tcase_add_test(tree, an_unreadable_directory_is_remembered);
	tcase_add_test(tree, a_filesystem_that_is_not_local);
	tcase_add_test(tree, names_of_a_remote_directory);
	tcase_add_test(tree, a_remote_directory_is_checked_once);
	tcase_add_test(tree, a_change_of_a_remote_directory_is_noticed);
	tcase_add_test(tree, names_of_a_remote_directory_have_a_maximum_age);
	tcase_add_test(tree, a_kernel_without_cached_lookups);
	tcase_add_test(tree, a_mount_covers_a_directory);
	tcase_add_test(tree, a_directory_that_starts_to_fold_case);
	tcase_add_test(tree, a_directory_below_one_that_folds_case);
	tcase_add_test(tree, a_young_flag_is_read_each_second);
	tcase_add_test(tree, an_overlay_filesystem);
	tcase_add_test(tree, evicted_directories_are_learned_again);
	tcase_add_test(tree, every_allocation_may_fail);
	tcase_add_test(tree, threads_find_learn_evict_and_change);
	tcase_add_test(table, the_number_of_directories_is_bounded);
	tcase_add_test(table, a_claimed_directory_stays);
	tcase_add_loop_test(table, what_a_check_shows, 0, sizeof(checks) / sizeof(checks[0]));
	tcase_add_test(table, the_number_of_hashes_is_bounded);
	tcase_set_timeout(tree, 60);
	tcase_set_timeout(table, 60);
	suite_add_tcase(suite, tree);
	suite_add_tcase(suite, table);
	return suite_run(suite);
}
