/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests with real files: opening beneath a root, detecting changes, alignment, sidecar tags and extent maps. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../suite.h"
#include "base/align.h"
#include "store/fiemap.h"
#include "store/file.h"
#include "store/file_check.h"
#include "store/file_open.h"

#define FILE_BYTES 10007
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Each test works in a directory of its own, which is its working directory and contains "root/", opened as root. */
static char dir[PATH_MAX], home[PATH_MAX];
static int root = -1;
static struct devices *devices;
static struct descriptors *descriptors;

static void enter(const char *parent)
{
	ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
	ck_assert_int_eq(chdir(parent), 0);
	strcpy(dir, "test_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	ck_assert_int_eq(mkdir("root", 0755), 0);
	root = open("root", O_PATH | O_DIRECTORY);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(devices_new(&devices, &(struct devices_options){ .depth = 1, .depth_bytes = 1 }), 0);
	ck_assert_int_eq(descriptors_new(&descriptors, 4), 0);
}

static void enter_disk(void)
{
	const char *parent = getenv("TMPDIR");
	enter(parent ? parent : ".");
}

static void enter_memory(void)
{
	enter("/dev/shm");
}

static void leave(void)
{
	close(root);
	descriptors_free(descriptors);
	devices_free(devices);
	ck_assert_int_eq(chdir(home), 0);
	remove_directory(dir);
}

static unsigned char byte_at(uint64_t offset)
{
	return (unsigned char)(offset * 31 + (offset >> 8));
}

static void make_file(const char *path, size_t length)
{
	FILE *f = fopen(path, "w");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));

	for (size_t i = 0; i < length; i++)
		fputc(byte_at(i), f);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_text(const char *path, const void *text, size_t length)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);

	ck_assert_uint_eq(fwrite(text, 1, length, f), length);
	ck_assert_int_eq(fclose(f), 0);
}

static void set_mtime(const char *path, int64_t seconds, long ns)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds, .tv_nsec = ns } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int open_path(const char *path, enum file_symlinks symlinks, struct file **file)
{
	const struct file_root_options options = {
		.fd = root, .symlinks = symlinks, .devices = devices, .descriptors = descriptors
	};
	struct file_root *tree;
	int error = file_root_new(&tree, &options);

	if (error == 0) {
		error = file_open(tree, path, file);
		file_root_unref(tree);
	}
	return error;
}

/* Returns the descriptor of an open file, which is valid as long as the file. */
static struct descriptor *descriptor_of(struct file *file)
{
	struct descriptor *descriptor = file_descriptor(file);

	ck_assert_ptr_nonnull(descriptor);
	descriptors_unref(descriptor);
	return descriptor;
}

static struct file *open_file(const char *path)
{
	struct file *file = NULL;

	ck_assert_int_eq(open_path(path, FILE_SYMLINKS_BENEATH, &file), 0);
	ck_assert_ptr_nonnull(file);
	return file;
}

static bool on_ext4(void)
{
	struct statfs fs;

	ck_assert_int_eq(fstatfs(root, &fs), 0);
	return fs.f_type == EXT4_SUPER_MAGIC;
}

static void make_tree(void)
{
	char inside[PATH_MAX + 16];
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "root/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	snprintf(inside, sizeof(inside), "%s/root/file", dir);
	make_file("outside", 10);
	make_file("root/file", FILE_BYTES);
	ck_assert_int_eq(mkdir("root/sub", 0755) | mkfifo("root/fifo", 0644), 0);
	make_file("root/sub/inner", 1);
	ck_assert_int_eq(symlink("file", "root/in") | symlink("../file", "root/sub/up"), 0);
	ck_assert_int_eq(symlink("/etc/passwd", "root/absolute") | symlink(inside, "root/absolute_in"), 0);
	ck_assert_int_eq(symlink("../outside", "root/out") | symlink("sub/../../outside", "root/detour"), 0);
	ck_assert_int_eq(symlink("loop", "root/loop") | symlink("nowhere", "root/broken") | symlink("sub", "root/dir"),
			 0);
	ck_assert_int_eq(symlink("fifo", "root/to_fifo") | symlink("out", "root/twice_out"), 0);
}

#define LONG_NAME                                                                                              \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *path;
	int beneath, none; /* The result with either rule for symbolic links. */
} names[] = {
	{ "file", 0, 0 },
	{ "sub/inner", 0, 0 },
	{ "./file", 0, 0 },
	{ "sub/../file", 0, 0 },
	{ "in", 0, -ELOOP },
	{ "sub/up", 0, -ELOOP },
	{ "dir/inner", 0, -ELOOP },
	{ "absolute", -EXDEV, -ELOOP },
	{ "absolute_in", -EXDEV, -ELOOP },
	{ "out", -EXDEV, -ELOOP },
	{ "twice_out", -EXDEV, -ELOOP },
	{ "detour", -EXDEV, -ELOOP },
	{ "../outside", -EXDEV, -EXDEV },
	{ "sub/../../outside", -EXDEV, -EXDEV },
	{ "..", -EXDEV, -EXDEV },
	{ "/file", -EXDEV, -EXDEV },
	{ "/etc/passwd", -EXDEV, -EXDEV },
	{ "loop", -ELOOP, -ELOOP },
	{ "broken", -ENOENT, -ELOOP },
	{ "nothing", -ENOENT, -ENOENT },
	{ "nothing/file", -ENOENT, -ENOENT },
	{ LONG_NAME, -ENAMETOOLONG, -ENAMETOOLONG },
	{ "", -EISDIR, -EISDIR },
	{ ".", -EISDIR, -EISDIR },
	{ "sub", -EISDIR, -EISDIR },
	{ "sub/", -EISDIR, -EISDIR },
	{ "dir", -EISDIR, -ELOOP },
	{ "file/", -ENOTDIR, -ENOTDIR },
	{ "file/x", -ENOTDIR, -ENOTDIR },
	{ "fifo", -ENOENT, -ENOENT },
	{ "to_fifo", -ENOENT, -ELOOP },
	{ "socket", -ENOENT, -ENOENT },
};

static void check_name(const char *path, enum file_symlinks symlinks, int expected)
{
	struct file_version version;
	struct file *file = NULL;
	int opened = open_path(path, symlinks, &file);
	int looked = beneath_get_version(root, path, symlinks, &version);

	ck_assert_msg(opened == expected, "open \"%s\": %s, not %s", path, strerror(-opened), strerror(-expected));
	ck_assert_msg(looked == expected, "look \"%s\": %s, not %s", path, strerror(-looked), strerror(-expected));
	ck_assert((file != NULL) == (expected == 0));
	ck_assert(!file || file_version_equal(&file->version, &version));
	file_unref(file);
}

START_TEST(resolves_names)
{
	make_tree();
	check_name(names[_i].path, FILE_SYMLINKS_BENEATH, names[_i].beneath);
	check_name(names[_i].path, FILE_SYMLINKS_NONE, names[_i].none);
}
END_TEST

START_TEST(devices_and_magic_links_are_not_opened)
{
	close(root);
	root = open("/dev", O_PATH | O_DIRECTORY);
	check_name("null", FILE_SYMLINKS_BENEATH, -ENOENT);
	close(root);
	root = open("/proc/self", O_PATH | O_DIRECTORY);
	check_name("exe", FILE_SYMLINKS_BENEATH, -ELOOP);
}
END_TEST

START_TEST(unreadable)
{
	struct file *file = NULL;
	struct file_version version;

	if (geteuid() != 0)
		return;
	make_file("root/secret", 5);
	ck_assert_int_eq(chmod("root/secret", 0600), 0);
	ck_assert_int_eq(mkdir("root/closed", 0700), 0);
	make_file("root/closed/file", 5);
	ck_assert_int_eq(seteuid(65534), 0);
	int opened = open_path("secret", FILE_SYMLINKS_BENEATH, &file);
	int looked = beneath_get_version(root, "secret", FILE_SYMLINKS_BENEATH, &version);
	int inside = open_path("closed/file", FILE_SYMLINKS_BENEATH, &file);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(opened, -EACCES);
	ck_assert_int_eq(looked, 0);
	ck_assert_int_eq(inside, -EACCES);
}
END_TEST

struct swapper {
	atomic_bool stop;
	pthread_t thread;
};

static void *swap_names(void *context)
{
	struct swapper *swapper = context;

	while (!atomic_load(&swapper->stop))
		renameat2(AT_FDCWD, "root/file", AT_FDCWD, "root/fifo", RENAME_EXCHANGE);
	return NULL;
}

/* A file and a FIFO are exchanged all the time. The open always returns the file and never blocks. */
START_TEST(races_with_renames)
{
	struct swapper swapper = { 0 };
	unsigned opened = 0, other = 0;

	make_file("root/file", 100);
	ck_assert_int_eq(mkfifo("root/fifo", 0644), 0);
	pthread_create(&swapper.thread, NULL, swap_names, &swapper);
	for (int i = 0; i < 1000 || ((opened == 0 || other == 0) && i < 1000000); i++) {
		struct file *file = NULL;
		int error = open_path("file", FILE_SYMLINKS_BENEATH, &file);

		ck_assert(error == 0 || error == -ENOENT || error == -EAGAIN);
		ck_assert(error != 0 || file->version.size == 100);
		opened += error == 0;
		other += error != 0;
		file_unref(file);
	}
	atomic_store(&swapper.stop, true);
	pthread_join(swapper.thread, NULL);
	ck_assert_uint_gt(opened, 0);
	ck_assert_uint_gt(other, 0);
}
END_TEST

/*
 * The directory of a known file is exchanged with another one all the time. The open finds the version, or another one.
 * The files themselves are not renamed, because that changes their ctime, so that the version would never return.
 */
START_TEST(opens_a_version_while_files_are_exchanged)
{
	struct swapper swapper = { 0 };
	unsigned opened = 0, other = 0;
	struct file *file;

	ck_assert_int_eq(mkdir("root/file", 0755), 0);
	ck_assert_int_eq(mkdir("root/fifo", 0755), 0);
	make_file("root/file/f", 100);
	make_file("root/fifo/f", 200);
	file = open_file("file/f");
	pthread_create(&swapper.thread, NULL, swap_names, &swapper);
	for (int i = 0; i < 3000 || ((opened == 0 || other == 0) && i < 100000); i++) {
		struct descriptor *descriptor = NULL;
		int error;

		descriptors_may_retry(descriptors, -EMFILE, 0);
		atomic_store(&file->changed, false);
		error = file_open_descriptor(file, &descriptor);
		ck_assert_msg(error == 0 || error == -ESTALE, "%d", error);
		opened += error == 0;
		other += error != 0;
		descriptors_unref(descriptor);
	}
	atomic_store(&swapper.stop, true);
	pthread_join(swapper.thread, NULL);
	ck_assert_uint_gt(opened, 0);
	ck_assert_uint_gt(other, 0);
	file_unref(file);
}
END_TEST

START_TEST(knows_its_version)
{
	struct stat st;

	make_file("root/file", FILE_BYTES);
	set_mtime("root/file", 1700000000, 123456789);
	ck_assert_int_eq(stat("root/file", &st), 0);
	struct file *file = open_file("file");
	ck_assert_uint_eq(file->version.device, st.st_dev);
	ck_assert_uint_eq(file->version.inode, st.st_ino);
	ck_assert_uint_eq(file->version.size, FILE_BYTES);
	ck_assert_int_eq(file->version.mtime_ns, INT64_C(1700000000123456789));
	ck_assert_int_eq(file->version.ctime_ns, (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec);
	ck_assert_str_eq(file_tag(file), "");
	ck_assert_int_eq(fcntl(descriptor_of(file)->fd, F_GETFD), FD_CLOEXEC);
	file_unref(file);
}
END_TEST

/* tmpfs stores times that ext4 does not. */
static const struct {
	int64_t seconds, ns, mtime_ns;
	bool undated;
} times[] = {
	{ 0, 0, 0, true },
	{ 0, 999999999, 999999999, true },
	{ 1, 999999999, 1999999999, true },
	{ 2, 0, 2000000000, false },
	{ -1, 999999999, -1, false },
	{ -5, 250000000, INT64_C(-4750000000), false },
	{ INT64_C(9223372036), 854775807, INT64_MAX, false },
	{ INT64_C(9223372036), 854775808, INT64_MAX, false },
	{ INT64_C(1) << 40, 5, INT64_MAX, false },
	{ -(INT64_C(1) << 40), 5, INT64_MIN, false },
};

START_TEST(stores_all_times)
{
	make_file("root/file", 1);
	set_mtime("root/file", times[_i].seconds, (long)times[_i].ns);
	struct file *file = open_file("file");
	ck_assert_int_eq(file->version.mtime_ns, times[_i].mtime_ns);
	ck_assert(file_version_is_undated(&file->version) == times[_i].undated);
	ck_assert_int_eq(file_check(file), 0);
	file_unref(file);
}
END_TEST

START_TEST(versions_differ_in_every_field)
{
	const struct file_version a = { 1, 2, 3, 4, 5 };
	struct file_version b = a;

	ck_assert(file_version_equal(&a, &b));
	ck_assert(!file_version_equal(&a, &(struct file_version){ 9, 2, 3, 4, 5 }));
	ck_assert(!file_version_equal(&a, &(struct file_version){ 1, 9, 3, 4, 5 }));
	ck_assert(!file_version_equal(&a, &(struct file_version){ 1, 2, 9, 4, 5 }));
	ck_assert(!file_version_equal(&a, &(struct file_version){ 1, 2, 3, 9, 5 }));
	ck_assert(!file_version_equal(&a, &(struct file_version){ 1, 2, 3, 4, 9 }));
}
END_TEST

/* A test of access that was granted does not hide a change since it began, also after 255 changes. */
START_TEST(knows_access)
{
	struct file *file;
	unsigned char first, second;

	make_file("root/file", 1);
	file = open_file("file");
	for (unsigned i = 0; i < 300; i++) {
		ck_assert(!file_access_is_unknown(file));
		file_access_set_known(file, file_access_begin(file));
		ck_assert(!file_access_is_unknown(file));
		file_access_set_unknown(file);
		first = file_access_begin(file);
		ck_assert(file_access_is_unknown(file)); /* Until the test ends. */
		file_access_set_unknown(file);
		second = file_access_begin(file);
		file_access_set_known(file, first);
		ck_assert(file_access_is_unknown(file));
		file_access_set_known(file, second);
	}
	file_unref(file);
}
END_TEST

START_TEST(counts_references)
{
	make_file("root/file", 1);
	struct file *file = open_file("file");
	int fd = descriptor_of(file)->fd;
	ck_assert_ptr_eq(file_ref(file), file);
	file_unref(file);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	file_unref(file);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	file_unref(NULL);
}
END_TEST

static void check_bytes(const unsigned char *bytes, size_t length, uint64_t offset)
{
	for (size_t i = 0; i < length; i++)
		ck_assert_uint_eq(bytes[i], byte_at(offset + i));
}

START_TEST(reads_directly_where_it_can)
{
	unsigned char *buffer = aligned_alloc(4096, 16384);

	make_file("root/file", FILE_BYTES);
	struct file *file = open_file("file");
	ck_assert(!on_ext4() || descriptor_of(file)->direct);
	ck_assert(!descriptor_of(file)->direct == !(fcntl(descriptor_of(file)->fd, F_GETFL) & O_DIRECT));
	ck_assert(align_is_power(file->offset_alignment) && file->offset_alignment <= FILE_ALIGNMENT_MAX);
	ck_assert(align_is_power(file->memory_alignment) && file->memory_alignment <= FILE_ALIGNMENT_MAX);
	ck_assert(!descriptor_of(file)->direct || file->offset_alignment >= 512);
	ck_assert_int_eq(descriptors_pread(descriptor_of(file), buffer, 16384, 0), FILE_BYTES);
	check_bytes(buffer, FILE_BYTES, 0);
	ck_assert_int_eq(descriptors_pread(descriptor_of(file), buffer, 4096, 4096), 4096);
	check_bytes(buffer, 4096, 4096);
	ck_assert_int_eq(descriptors_pread(descriptor_of(file), buffer, 4096, 12288), 0);
	file_unref(file);
	free(buffer);
}
END_TEST

/* On tmpfs O_DIRECT would copy inside io_submit. */
START_TEST(does_not_read_memory_directly)
{
	unsigned char buffer[100];

	make_file("root/file", FILE_BYTES);
	struct file *file = open_file("file");
	ck_assert(!descriptor_of(file)->direct);
	ck_assert_uint_eq(file->offset_alignment, 1);
	ck_assert_uint_eq(file->memory_alignment, 1);
	ck_assert_uint_eq(descriptor_of(file)->mapped_bytes, UINT64_MAX);
	ck_assert_int_eq(fcntl(descriptor_of(file)->fd, F_GETFL) & O_DIRECT, 0);
	ck_assert_int_eq(descriptors_pread(descriptor_of(file), buffer, 99, FILE_BYTES - 99), 99);
	check_bytes(buffer, 99, FILE_BYTES - 99);
	ck_assert_int_eq(descriptors_pread(descriptor_of(file), buffer + 1, 99, FILE_BYTES - 7), 7);
	check_bytes(buffer + 1, 7, FILE_BYTES - 7);
	ck_assert_int_lt(descriptors_pread(descriptor_of(file), buffer, 1, UINT64_MAX - 5), 0);
	uint64_t known = 0;
	ck_assert_int_eq(fiemap_load(descriptor_of(file)->fd, file->version.size, 0, 100, &known), 0);
	ck_assert_uint_eq(known, UINT64_MAX);
	file_unref(file);
}
END_TEST

static struct file *opened;

static void nothing(void)
{
}

static void read_it(void)
{
	char byte;
	int fd = open("root/file", O_RDONLY);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	close(fd);
}

static void append(void)
{
	int fd = open("root/file", O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void promise(void)
{
	atomic_store(&opened->append_only, true);
}

static void append_much(void)
{
	promise();
	append();
}

static void grow_and_cut(void)
{
	append_much();
	ck_assert_int_eq(file_check(opened), 0);
	ck_assert_int_eq(truncate("root/file", FILE_BYTES - 1), 0);
}

static void cut(void)
{
	ck_assert_int_eq(truncate("root/file", 5000), 0);
}

static void rewrite_path(const char *path)
{
	int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, 77), 1);
	close(fd);
}

static void rewrite_path_and_reset(const char *path)
{
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	rewrite_path(path);
	set_mtime(path, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void rewrite(void)
{
	rewrite_path("root/file");
}

static void rewrite_and_reset(void)
{
	rewrite_path_and_reset("root/file");
}

static void rewrite_other_and_reset(void)
{
	rewrite_path_and_reset("root/other");
}

static void check_changed(void)
{
	ck_assert_int_eq(file_check(opened), -ESTALE);
}

static void cut_one(void)
{
	ck_assert_int_eq(truncate("root/file", FILE_BYTES), 0);
}

static void replace(void)
{
	make_file("root/new", 300);
	ck_assert_int_eq(rename("root/new", "root/file"), 0);
}

static void remove_it(void)
{
	ck_assert_int_eq(unlink("root/file"), 0);
}

static void change_mode(void)
{
	ck_assert_int_eq(chmod("root/file", 0600), 0);
}

static void add_name(void)
{
	ck_assert_int_eq(link("root/file", "root/other"), 0);
}

static void remove_name(void)
{
	ck_assert_int_eq(unlink("root/other"), 0);
}

static void change_owner(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(chown("root/file", 1, 1), 0);
}

static void change_name(void)
{
	ck_assert_int_eq(rename("root/file", "root/other"), 0);
}

static void check_it(void)
{
	ck_assert_int_eq(file_check(opened), 0);
	usleep(20000);
}

/* Changes in order; the file is checked between those that check_it() separates. */
static const struct {
	void (*changes[7])(void);
	int expected;
	bool same; /* By its path it is the same version, too, except for the ctime. */
} changes[] = {
	{ { nothing }, 0, true },
	{ { read_it }, 0, true },
	{ { replace }, 0, false },
	{ { remove_it }, 0, false },
	{ { add_name }, 0, true },
	{ { add_name, check_it, remove_name }, 0, true },
	{ { add_name, check_it, replace }, 0, false },
	{ { change_mode }, 0, true },
	{ { change_owner }, 0, true },
	{ { change_mode, check_it, change_owner, check_it, add_name, check_it, remove_it }, 0, false },
	{ { append }, -ESTALE, false },
	{ { cut }, -ESTALE, false },
	{ { rewrite }, -ESTALE, false },
	{ { rewrite, change_mode }, -ESTALE, false },
	{ { rewrite_and_reset }, -ESTALE, false },
	{ { change_mode, check_it, rewrite_and_reset }, -ESTALE, false },
	{ { remove_it, check_it, nothing }, 0, false },
	{ { add_name, check_it, remove_it, check_it, rewrite_other_and_reset }, -ESTALE, false },
	{ { rewrite, remove_it }, -ESTALE, false },
	{ { change_name }, -ESTALE, false }, /* Its ctime moves alone. */
	{ { append, check_changed, cut_one }, -ESTALE, false },
	{ { append_much }, 0, false }, /* Readers continue; by its path it is a new version. */
	{ { append_much, check_it, append, change_mode }, 0, false },
	{ { grow_and_cut }, -ESTALE, false },
	{ { promise, rewrite }, 0, false }, /* The state in the middle of an append. */
	{ { promise, change_mode }, 0, true },
};

START_TEST(notices_changes)
{
	struct file_state state;

	make_file("root/file", FILE_BYTES);
	opened = open_file("file");
	ck_assert_int_eq(file_check(opened), 0);
	usleep(20000); /* One tick of a coarse filesystem clock. */
	for (unsigned i = 0; i < 7 && changes[_i].changes[i] != NULL; i++)
		changes[_i].changes[i]();
	/* By its path a replaced file is another version, although its readers may continue. */
	int error = file_check_path(opened, &state);
	ck_assert_msg((error == 0) == changes[_i].same, "case %d by its path: %d", _i, error);
	ck_assert_msg(file_check(opened) == changes[_i].expected, "case %d: %d", _i, file_check(opened));
	ck_assert_int_eq(opened->changed, changes[_i].expected != 0);
	file_unref(opened);
}
END_TEST

#define TAG_40 "0123456789012345678901234567890123456789"

static const struct {
	const char *text, *tag;
	int64_t mtime, sidecar_mtime;
} sidecars[] = {
	{ "abc", "abc", 0, 0 },
	{ "abc\n", "abc", 1, 1 },
	{ "abc\r\n", "abc", 0, 5 },
	{ " \t abc \n\n", "abc", 0, 5 },
	{ "\"abc\"\n", "abc", 0, 5 },
	{ "\"W/abc\"\n", "W/abc", 0, 5 },
	{ "a/W\xff\x80!#~", "a/W\xff\x80!#~", 0, 5 },
	{ "x", "x", 0, 5 },
	{ TAG_40 TAG_40 TAG_40, TAG_40 TAG_40 TAG_40, 0, 5 },
	{ TAG_40 TAG_40 TAG_40 "x", "", 0, 5 },
	{ TAG_40 TAG_40 TAG_40 TAG_40 TAG_40 TAG_40 TAG_40, "", 0, 5 },
	{ "", "", 0, 5 },
	{ "\n", "", 0, 5 },
	{ "\"\"", "", 0, 5 },
	{ "\"", "", 0, 5 },
	{ "\"abc", "", 0, 5 },
	{ "abc\"", "", 0, 5 },
	{ "a\"b", "", 0, 5 },
	{ "W/abc", "", 0, 5 },
	{ "W/\"abc\"", "", 0, 5 },
	{ "a b", "", 0, 5 },
	{ "a\nb\n", "", 0, 5 },
	{ "a\x7f", "", 0, 5 },
	{ "a\x01", "", 0, 5 },
	{ "abc", "", 1, 0 }, /* Older than the file. */
	{ "abc", "", 2, 5 }, /* As old as the file: valid. */
	{ "abc", "", -1, 5 },
	{ "abc", "", 1700000000, 1700000001 },
};

START_TEST(tags_from_sidecars)
{
	make_file("root/file", 10);
	make_text("root/file.etag", sidecars[_i].text, strlen(sidecars[_i].text));
	set_mtime("root/file", sidecars[_i].mtime, 0);
	set_mtime("root/file.etag", sidecars[_i].sidecar_mtime, 0);
	struct file *file = open_file("file");
	ck_assert_str_eq(file_tag(file), sidecars[_i].tag);
	file_unref(file);
}
END_TEST

/* NULs in it, a directory, a FIFO, links: the rules of all other files apply. */
START_TEST(odd_sidecars)
{
	make_file("root/file", 10);
	set_mtime("root/file", 0, 0);
	for (int i = 0; i < 6; i++) {
		remove("root/file.etag");
		switch (i) {
		case 0:
			make_text("root/file.etag", "a\0b", 3);
			break;
		case 1:
			mkdir("root/file.etag", 0755);
			break;
		case 2:
			mkfifo("root/file.etag", 0644);
			break;
		case 3:
			make_text("outside.etag", "abc", 3);
			ck_assert_int_eq(symlink("../outside.etag", "root/file.etag"), 0);
			break;
		case 4:
			make_text("root/tag", "abc", 3);
			ck_assert_int_eq(symlink("tag", "root/file.etag"), 0);
			break;
		default:
			break;
		}
		struct file *file = open_file("file");
		ck_assert_msg(strcmp(file_tag(file), i == 4 ? "abc" : "") == 0, "case %d: \"%s\"", i, file_tag(file));
		file_unref(file);
		if (i == 4) {
			ck_assert_int_eq(open_path("file", FILE_SYMLINKS_NONE, &file), 0);
			ck_assert_str_eq(file_tag(file), "");
			file_unref(file);
		}
	}
}
END_TEST

#define CHUNKS 1200
#define CHUNK_BYTES 8192

/* Every other chunk is a hole, so that there are CHUNKS extents. */
static void make_fragmented(const char *path)
{
	static const char chunk[CHUNK_BYTES] = { 1 };
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	for (int i = 0; i < CHUNKS; i++)
		ck_assert_int_eq(pwrite(fd, chunk, sizeof(chunk), (off_t)i * 2 * CHUNK_BYTES), CHUNK_BYTES);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
}

START_TEST(maps_extents_in_steps)
{
	const uint64_t step_end = (uint64_t)(FIEMAP_STEP - 1) * 2 * CHUNK_BYTES + CHUNK_BYTES;
	uint64_t known = 0, steps = 0;

	if (!on_ext4())
		return;
	make_fragmented("root/file");
	struct file *file = open_file("file");
	ck_assert_uint_eq(descriptor_of(file)->mapped_bytes, step_end);
	for (uint64_t offset = 0; known != UINT64_MAX; offset = known, steps++) {
		ck_assert_int_eq(fiemap_load(descriptor_of(file)->fd, file->version.size, offset, UINT64_MAX, &known),
				 0);
		ck_assert_uint_gt(known, offset);
	}
	ck_assert_uint_eq(steps, 3);
	ck_assert_int_eq(fiemap_load(descriptor_of(file)->fd, file->version.size, 4096, 100000, &known), 0);
	ck_assert_uint_eq(known, 104096);
	/* Inside a hole. */
	ck_assert_int_eq(fiemap_load(descriptor_of(file)->fd, file->version.size, CHUNK_BYTES, 100, &known), 0);
	ck_assert_uint_eq(known, CHUNK_BYTES + 100);
	ck_assert_int_eq(
		fiemap_load(descriptor_of(file)->fd, file->version.size, file->version.size - 100, 100, &known), 0);
	ck_assert_uint_eq(known, UINT64_MAX);
	ck_assert_int_eq(
		fiemap_load(descriptor_of(file)->fd, file->version.size, file->version.size + 100, 100, &known), 0);
	ck_assert_uint_eq(known, UINT64_MAX);
	file_unref(file);
}
END_TEST

START_TEST(maps_small_and_empty_files_at_once)
{
	make_file("root/file", FILE_BYTES);
	make_file("root/empty", 0);
	ck_assert_int_eq(close(open("root/hole", O_WRONLY | O_CREAT, 0644)) | truncate("root/hole", 1 << 20), 0);
	static const char *const paths[] = { "file", "empty", "hole" };
	for (int i = 0; i < COUNT(paths); i++) {
		struct file *file = open_file(paths[i]);
		ck_assert_uint_eq(descriptor_of(file)->mapped_bytes, UINT64_MAX);
		file_unref(file);
	}
}
END_TEST

/*
 * If the attributes have changed, births tell a change of metadata from a new file with the inode number of a deleted
 * one. Without births, an open descriptor does.
 */
static const struct {
	int64_t before_ns, now_ns;
	bool open;
	int expected;
} births[] = {
	{ 5, 5, false, 0 }, { 5, 6, false, -ESTALE }, { 5, 6, true, -ESTALE },
	{ 0, 0, true, 0 },  { 0, 0, false, -ESTALE }, { 5, 0, false, -ESTALE },
};

START_TEST(tells_files_with_one_inode_number_apart)
{
	struct file_state state;
	struct file *file;

	make_file("root/f", 1);
	file = open_file("f");
	ck_assert_int_eq(file_check_path(file, &state), 0);
	if (!births[_i].open)
		descriptors_may_retry(descriptors, -EMFILE, 0);
	file->metadata.born_ns = births[_i].before_ns;
	state.metadata.born_ns = births[_i].now_ns;
	state.metadata.mode ^= S_IWGRP;
	state.metadata.ctime_ns++;
	state.version.ctime_ns++;
	ck_assert_int_eq(file_check_state(file, &state, file_check_begin(file)), births[_i].expected);
	file_unref(file);
}
END_TEST

/* A known file with a lower alignment than the open file needs is not read directly. */
START_TEST(reads_unaligned_files_indirectly)
{
	struct descriptor *descriptor;
	struct file *file;

	make_file("root/f", FILE_BYTES);
	file = open_file("f");
	descriptors_may_retry(descriptors, -EMFILE, 0);
	if (file->offset_alignment > 1) {
		file->offset_alignment = 1;
		ck_assert_int_eq(file_open_descriptor(file, &descriptor), 0);
		ck_assert(!descriptor->direct);
		ck_assert_int_eq(fcntl(descriptor->fd, F_GETFL) & O_DIRECT, 0);
		descriptors_unref(descriptor);
	}
	file_unref(file);
}
END_TEST

/* The growth of an append-only file on a server is no change, whether the file is open or not. */
START_TEST(remote_files_may_grow)
{
	struct file_opened facts;
	struct file_root *from;
	struct file *file;

	make_file("root/f", FILE_BYTES);
	ck_assert_int_eq(file_root_new(&from, &(struct file_root_options){ .fd = root,
									   .devices = devices,
									   .descriptors = descriptors }),
			 0);
	ck_assert_int_eq(file_open_facts(from, "f", true, &facts), 0);
	descriptors_unref(facts.descriptor);
	facts.facts.remote = true;
	file = file_new(&facts.facts);
	ck_assert_ptr_nonnull(file);
	atomic_store(&file->append_only, true);
	make_file("root/f", 2 * FILE_BYTES);
	ck_assert_int_eq(file_check(file), 0);
	ck_assert_uint_gt(file->extra->verified_ns, facts.facts.verified_ns);
	make_file("root/f", FILE_BYTES - 1);
	ck_assert_int_eq(file_check(file), -ESTALE);
	file_unref(file);
	file_root_unref(from);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("file");
	TCase *disk = tcase_create("disk"), *memory = tcase_create("memory");

	tcase_add_checked_fixture(disk, enter_disk, leave);
	tcase_set_timeout(disk, 60);
	tcase_add_loop_test(disk, resolves_names, 0, COUNT(names));
	tcase_add_test(disk, devices_and_magic_links_are_not_opened);
	tcase_add_test(disk, unreadable);
	tcase_add_test(disk, races_with_renames);
	tcase_add_test(disk, opens_a_version_while_files_are_exchanged);
	tcase_add_test(disk, knows_its_version);
	tcase_add_test(disk, versions_differ_in_every_field);
	tcase_add_test(disk, knows_access);
	tcase_add_test(disk, counts_references);
	tcase_add_test(disk, reads_directly_where_it_can);
	tcase_add_loop_test(disk, notices_changes, 0, COUNT(changes));
	tcase_add_loop_test(disk, tags_from_sidecars, 0, COUNT(sidecars));
	tcase_add_test(disk, odd_sidecars);
	tcase_add_test(disk, maps_extents_in_steps);
	tcase_add_test(disk, maps_small_and_empty_files_at_once);
	tcase_add_loop_test(disk, tells_files_with_one_inode_number_apart, 0, COUNT(births));
	tcase_add_test(disk, reads_unaligned_files_indirectly);
	tcase_add_test(disk, remote_files_may_grow);
	tcase_add_checked_fixture(memory, enter_memory, leave);
	tcase_add_test(memory, does_not_read_memory_directly);
	tcase_add_loop_test(memory, stores_all_times, 0, COUNT(times));
	tcase_add_loop_test(memory, notices_changes, 0, COUNT(changes));
	suite_add_tcase(s, disk);
	suite_add_tcase(s, memory);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
