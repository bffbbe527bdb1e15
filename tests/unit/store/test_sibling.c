/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests with real files: which variants and which digests beside a file count. */
#include "store/sibling.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ZST (1u << SIBLING_ZST)
#define BR (1u << SIBLING_BR)
#define GZ (1u << SIBLING_GZ)
#define LONG_AGO 1700000000

#define HEX "00112233445566778899aabbccddeeff0123456789abcdefFEDCBA9876543210"
#define HEX_63 "00112233445566778899aabbccddeeff0123456789abcdefFEDCBA987654321"
static const uint8_t digest[32] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
				    0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
				    0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };

static char dir[PATH_MAX], home[PATH_MAX];
static int root = -1;

static void make_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_bytes(const char *path, const void *bytes, size_t length)
{
	FILE *f = fopen(path, "w");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
	ck_assert_int_eq(fclose(f), 0);
}

#define SIZE_OF_F 16

/* The first and the last bytes of the compressed form of f, or of a file of another size. */
static void make_gz_of(const char *path, uint8_t size)
{
	const uint8_t bytes[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 4, 0, 1, 2, 3, 4, size, 0, 0, 0 };

	make_bytes(path, bytes, sizeof(bytes));
}

static void make_gz(const char *path)
{
	make_gz_of(path, SIZE_OF_F);
}

static void make_zst_of(const char *path, uint8_t size)
{
	const uint8_t bytes[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, size, 1, 0, 0 };

	make_bytes(path, bytes, sizeof(bytes));
}

static void set_mtime(const char *path, int64_t seconds, long ns)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds, .tv_nsec = ns } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The working directory contains "root/" with the file "f", which was last written long ago. */
static void setup(void)
{
	const char *parent = getenv("TMPDIR");

	ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
	ck_assert_int_eq(chdir(parent ? parent : "."), 0);
	strcpy(dir, "test_sibling.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
	ck_assert_int_eq(mkdir("root", 0755), 0);
	root = open("root", O_PATH | O_DIRECTORY);
	make_text("root/f", "what it is about");
	set_mtime("root/f", LONG_AGO, 500);
}

static void teardown(void)
{
	close(root);
	ck_assert_int_eq(chdir(home), 0);
	remove_directory(dir);
}

static struct file_siblings look_with(const char *path, enum file_symlinks symlinks, const struct file_siblings *known)
{
	struct file_siblings found;
	struct file_version version;

	ck_assert_int_eq(beneath_get_version(root, path, symlinks, &version), 0);
	sibling_find(root, path, symlinks, &version, known, NULL, &found);
	return found;
}

static struct file_siblings look_at(const char *path)
{
	static const struct file_siblings nothing;

	return look_with(path, FILE_SYMLINKS_BENEATH, &nothing);
}

START_TEST(a_file_without_siblings)
{
	static const struct file_siblings nothing;
	struct file_siblings found = look_at("f");

	ck_assert(sibling_equal(&found, &nothing));
}
END_TEST

START_TEST(each_variant_is_found)
{
	make_gz("root/f.gz");
	ck_assert_uint_eq(look_at("f").variants, GZ);
	make_text("root/f.br", "");
	ck_assert_uint_eq(look_at("f").variants, GZ | BR);
	make_zst_of("root/f.zst", SIZE_OF_F);
	ck_assert_uint_eq(look_at("f").variants, GZ | BR | ZST);
	ck_assert_int_eq(unlink("root/f.br"), 0);
	ck_assert_uint_eq(look_at("f").variants, GZ | ZST);
	make_text("root/f.xz", "");
	ck_assert_uint_eq(look_at("f").variants, GZ | ZST);
	ck_assert_str_eq(sibling_suffix(SIBLING_ZST), ".zst");
	ck_assert_str_eq(sibling_suffix(SIBLING_BR), ".br");
	ck_assert_str_eq(sibling_suffix(SIBLING_GZ), ".gz");
}
END_TEST

static const struct {
	int64_t seconds, ns; /* Mtime of the file. */
	int64_t sibling_seconds, sibling_ns;
	bool fresh;
} times[] = {
	{ LONG_AGO, 500, LONG_AGO, 500, true },
	{ LONG_AGO, 500, LONG_AGO, 501, true },
	{ LONG_AGO, 500, LONG_AGO + 1, 0, true },
	{ LONG_AGO, 500, LONG_AGO, 499, false },
	{ LONG_AGO, 500, LONG_AGO, 0, true }, /* A copy of the whole seconds of the time. */
	{ LONG_AGO, 500, LONG_AGO, 1, false },
	{ LONG_AGO, 500, LONG_AGO - 1, 999999999, false },
	{ LONG_AGO, 0, LONG_AGO - 1, 0, false },
	{ LONG_AGO, 0, LONG_AGO, 0, true },
	{ 0, 0, 0, 0, true },
	{ -2, 500, -2, 0, true },
	{ -2, 500, -3, 0, false },
};

START_TEST(older_siblings_are_ignored)
{
	make_gz("root/f.gz");
	make_text("root/f.sha256", HEX);
	set_mtime("root/f", times[_i].seconds, times[_i].ns);
	set_mtime("root/f.gz", times[_i].sibling_seconds, times[_i].sibling_ns);
	set_mtime("root/f.sha256", times[_i].sibling_seconds, times[_i].sibling_ns);
	ck_assert_uint_eq(look_at("f").variants, times[_i].fresh ? GZ : 0);
	ck_assert_int_eq(look_at("f").has_digest, times[_i].fresh);
}
END_TEST

START_TEST(a_variant_has_no_variants)
{
	make_gz("root/f.gz");
	make_text("root/f.gz.gz", "");
	make_text("root/f.gz.br", "");
	make_text("root/f.gz.sha256", HEX);
	make_text("root/f.gz.sha256.sha256", HEX);
	make_text("root/.gz", "");
	make_text("root/.gz.gz", "");
	ck_assert_uint_eq(look_at("f.gz").variants, 0);
	ck_assert(look_at("f.gz").has_digest);
	ck_assert(!look_at("f.gz.sha256").has_digest);
	ck_assert_uint_eq(look_at("f").variants, GZ);
	ck_assert(!look_at("f").has_digest);
}
END_TEST

/* Directories, FIFOs, links: the rules of all other files apply. */
START_TEST(only_files_below_the_root_count)
{
	static const struct file_siblings nothing;

	make_text("outside.zst", HEX);
	make_gz("root/inside");
	make_text("root/digest", HEX);
	ck_assert_int_eq(mkdir("root/f.gz", 0755) | mkfifo("root/f.br", 0644), 0);
	ck_assert_int_eq(symlink("../outside.zst", "root/f.zst") | symlink("../outside.zst", "root/f.sha256"), 0);
	ck_assert_uint_eq(look_at("f").variants, 0);
	ck_assert(!look_at("f").has_digest);
	ck_assert_int_eq(rmdir("root/f.gz") | unlink("root/f.sha256"), 0);
	ck_assert_int_eq(symlink("inside", "root/f.gz") | symlink("digest", "root/f.sha256"), 0);
	ck_assert_uint_eq(look_at("f").variants, GZ);
	ck_assert(look_at("f").has_digest);
	struct file_siblings found = look_with("f", FILE_SYMLINKS_NONE, &nothing);
	ck_assert_uint_eq(found.variants, 0);
	ck_assert(!found.has_digest);
}
END_TEST

START_TEST(unreadable_siblings_do_not_count)
{
	static const struct file_siblings nothing;
	struct file_siblings found;
	struct file_version version;

	if (geteuid() != 0)
		return;
	make_gz("root/f.gz");
	make_text("root/f.sha256", HEX);
	ck_assert_int_eq(chmod("root/f.gz", 0600) | chmod("root/f.sha256", 0600) | chmod(".", 0755), 0);
	ck_assert_int_eq(beneath_get_version(root, "f", FILE_SYMLINKS_BENEATH, &version), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	sibling_find(root, "f", FILE_SYMLINKS_BENEATH, &version, &nothing, NULL, &found);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(found.faults[SIBLING_GZ], ENCODING_UNREADABLE);
	ck_assert(!found.has_digest && found.variants == 0);
}
END_TEST

START_TEST(long_names)
{
	char path[NAME_MAX + 16] = "root/";

	/* There is room for ".gz", but not for ".zst" and ".sha256". */
	memset(path + 5, 'n', NAME_MAX - 3);
	make_text(path, "what it is about");
	strcat(path, ".gz");
	make_gz(path);
	path[strlen(path) - 3] = '\0';
	ck_assert_uint_eq(look_at(path + 5).variants, GZ);
}
END_TEST

static const struct {
	const char *text;
	bool good;
} digests[] = {
	{ HEX, true },
	{ HEX "\n", true },
	{ HEX "\r\n", true },
	{ HEX "  f\n", true },
	{ HEX " *f\n", true },
	{ HEX "  a b = c\n", true },
	{ HEX "\tf\n", true },
	{ "\\" HEX "  a\\nb\n", true },
	{ " " HEX "\n", true },
	{ HEX "\nand whatever follows\n", true },
	{ "SHA256 (f) = " HEX "\n", true },
	{ "SHA256 (a = b) = " HEX "\n", true },
	{ "SHA256(f)= " HEX "\n", true },
	{ "SHA2-256(f)= " HEX "\n", true },
	{ "", false },
	{ "\n" HEX "\n", false },
	{ HEX_63, false },
	{ HEX_63 "g", false },
	{ HEX "0", false },
	{ HEX "  ", true },
	{ HEX "-f", false },
	{ "SHA512 (f) = " HEX, false },
	{ "SHA256 (f) = " HEX_63, false },
	{ "SHA256 (f) = " HEX "  g", true },
	{ "SHA256 (f) " HEX, false },
	{ "MD5 (f) = 00112233445566778899aabbccddeeff", false },
	{ "no digest at all", false },
};

START_TEST(digests_as_tools_write_them)
{
	make_text("root/f.sha256", digests[_i].text);
	struct file_siblings found = look_at("f");
	ck_assert_int_eq(found.has_digest, digests[_i].good);
	if (digests[_i].good)
		ck_assert_mem_eq(found.digest, digest, sizeof(digest));
}
END_TEST

START_TEST(only_the_first_line_of_a_digest_is_read)
{
	FILE *f = fopen("root/f.sha256", "w");

	for (int i = 0; i < 1000; i++)
		fprintf(f, "%s  file %d\n", i == 0 ? HEX : "not a digest", i);
	fclose(f);
	ck_assert(look_at("f").has_digest);
}
END_TEST

START_TEST(a_digest_is_read_again_when_it_changes)
{
	make_text("root/f.sha256", HEX "\n");
	set_mtime("root/f.sha256", LONG_AGO + 10, 0);
	struct file_siblings first = look_at("f"), same = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert(first.has_digest && first.digest_settled);
	ck_assert(sibling_equal(&first, &same));

	first.digest[5] ^= 1; /* Shows that it is not read. */
	same = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_mem_eq(same.digest, first.digest, 32);

	make_text("root/f.sha256", HEX_63 "1\n");
	set_mtime("root/f.sha256", LONG_AGO + 10, 0); /* Only its ctime shows the change. */
	struct file_siblings second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_int_eq(second.digest[31], 0x11);
	ck_assert(!sibling_equal(&first, &second));

	make_text("root/f.sha256", "nothing\n");
	second = look_with("f", FILE_SYMLINKS_BENEATH, &second);
	ck_assert(!second.has_digest);
	ck_assert_int_eq(unlink("root/f.sha256"), 0);
	second = look_with("f", FILE_SYMLINKS_BENEATH, &second);
	ck_assert(!second.has_digest);
}
END_TEST

/* Within one tick of the filesystem's clock it could be written again with the same version. */
START_TEST(a_young_digest_is_read_each_time)
{
	make_text("root/f.sha256", HEX "\n");
	set_mtime("root/f.sha256", time(NULL) + 1000, 0);
	struct file_siblings first = look_at("f");
	ck_assert(first.has_digest && !first.digest_settled);
	first.digest[5] ^= 1;
	struct file_siblings second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_mem_eq(second.digest, digest, sizeof(digest));
}
END_TEST

START_TEST(a_variant_must_match_the_file)
{
	make_gz_of("root/f.gz", SIZE_OF_F + 1);
	make_zst_of("root/f.zst", SIZE_OF_F - 1);
	make_text("root/f.br", "anything");
	struct file_siblings found = look_at("f");
	ck_assert_uint_eq(found.variants, BR);
	ck_assert_int_eq(found.faults[SIBLING_GZ], ENCODING_OTHER_SIZE);
	ck_assert_int_eq(found.faults[SIBLING_ZST], ENCODING_OTHER_CONTENT_SIZE);
	ck_assert_int_eq(found.faults[SIBLING_BR], ENCODING_FINE);
	set_mtime("root/f.br", LONG_AGO - 5, 0);
	make_text("root/f.gz", "no gzip");
	make_zst_of("root/f.zst", SIZE_OF_F);
	found = look_at("f");
	ck_assert_uint_eq(found.variants, ZST);
	ck_assert_int_eq(found.faults[SIBLING_GZ], ENCODING_NOT_GZIP);
	ck_assert_int_eq(found.faults[SIBLING_BR], ENCODING_OLDER);
	make_text("root/f", "");
	ck_assert_int_eq(unlink("root/f.gz"), 0);
	make_zst_of("root/f.zst", 0);
	found = look_at("f");
	ck_assert_uint_eq(found.variants, 0);
	ck_assert_int_eq(found.faults[SIBLING_ZST], ENCODING_OF_NOTHING);
}
END_TEST

START_TEST(a_check_is_remembered_for_each_version)
{
	struct file_version version;

	make_gz("root/f.gz");
	set_mtime("root/f.gz", LONG_AGO + 10, 0);
	struct file_siblings first = look_at("f");
	ck_assert_uint_eq(first.variants, GZ);
	first.faults[SIBLING_GZ] = ENCODING_BGZIP; /* Shows that it is not read. */
	struct file_siblings second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_int_eq(second.faults[SIBLING_GZ], ENCODING_BGZIP);
	ck_assert_uint_eq(second.variants, 0);
	ck_assert(!sibling_equal(&first, &second)); /* Variants. */

	ck_assert_int_eq(beneath_get_version(root, "f.gz", FILE_SYMLINKS_BENEATH, &version), 0);
	ck_assert(sibling_is_checked(&first, SIBLING_GZ, &version, SIZE_OF_F));
	ck_assert(!sibling_is_checked(&first, SIBLING_GZ, &version, SIZE_OF_F + 1));
	version.ctime_ns++; /* A chmod, which does not change the version of an open file. */
	ck_assert(sibling_is_checked(&first, SIBLING_GZ, &version, SIZE_OF_F));
	version.mtime_ns++;
	ck_assert(!sibling_is_checked(&first, SIBLING_GZ, &version, SIZE_OF_F));

	make_gz_of("root/f.gz", 7); /* Only its ctime shows the change. */
	set_mtime("root/f.gz", LONG_AGO + 10, 0);
	second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_int_eq(second.faults[SIBLING_GZ], ENCODING_OTHER_SIZE);

	/* The file has another size, and the result is for that size. */
	make_gz("root/f.gz");
	set_mtime("root/f.gz", LONG_AGO + 10, 0);
	first = look_at("f");
	make_text("root/f", "more");
	set_mtime("root/f", LONG_AGO, 0);
	second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_int_eq(second.faults[SIBLING_GZ], ENCODING_OTHER_SIZE);
}
END_TEST

START_TEST(a_young_variant_is_read_each_time)
{
	make_gz("root/f.gz");
	set_mtime("root/f.gz", time(NULL) + 1000, 0);
	struct file_siblings first = look_at("f");
	ck_assert_uint_eq(first.variants, GZ);
	first.faults[SIBLING_GZ] = ENCODING_BGZIP;
	struct file_siblings second = look_with("f", FILE_SYMLINKS_BENEATH, &first);
	ck_assert_int_eq(second.faults[SIBLING_GZ], ENCODING_FINE);
}
END_TEST

static const struct parents_view unsettled = { .settled = false };

/* Calls sibling_find_cached(). If it finds a result, the result must be that of sibling_find(). */
static int find_cached(const char *path, const struct parents_view *view, const struct file_siblings *known)
{
	struct file_siblings found, expected;
	struct file_version version;
	int error;

	ck_assert_int_eq(beneath_get_version(root, path, FILE_SYMLINKS_BENEATH, &version), 0);
	expected = look_with(path, FILE_SYMLINKS_BENEATH, known); /* The kernel now has the names in memory. */
	error = sibling_find_cached(root, path, FILE_SYMLINKS_BENEATH, &version, known, view, &found);
	if (error == 0)
		ck_assert(sibling_equal(&found, &expected));
	else
		ck_assert_int_eq(error, -EAGAIN);
	return error;
}

START_TEST(without_siblings_nothing_must_be_read)
{
	static const struct file_siblings nothing;
	const struct parents_view none = { .settled = true };

	ck_assert_int_eq(find_cached("f", &none, &nothing), 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &nothing), 0);
	ck_assert_int_eq(mkdir("root/f.gz", 0755) | mkfifo("root/f.br", 0644), 0);
	ck_assert_int_eq(symlink("none", "root/f.sha256"), 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &nothing), 0);
}
END_TEST

/* Makes all siblings, at a time that is not young. */
static void make_siblings(void)
{
	make_gz("root/f.gz");
	make_zst_of("root/f.zst", SIZE_OF_F);
	make_text("root/f.br", "anything");
	make_text("root/f.sha256", HEX);
	set_mtime("root/f.gz", LONG_AGO + 10, 0);
	set_mtime("root/f.zst", LONG_AGO + 10, 0);
	set_mtime("root/f.br", LONG_AGO + 10, 0);
	set_mtime("root/f.sha256", LONG_AGO + 10, 0);
}

START_TEST(siblings_that_have_not_changed_are_kept)
{
	static const struct file_siblings nothing;
	struct file_siblings known;

	make_siblings();
	ck_assert_int_eq(find_cached("f", &unsettled, &nothing), -EAGAIN);
	known = look_at("f");
	ck_assert_uint_eq(known.variants, ZST | BR | GZ);
	ck_assert(known.has_digest);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0);
	ck_assert_int_eq(find_cached("f.gz", &unsettled, &nothing), 0);

	set_mtime("root/f.br", LONG_AGO - 10, 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0); /* An older sibling is not read. */
	set_mtime("root/f.sha256", LONG_AGO - 10, 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0);
	ck_assert_int_eq(unlink("root/f.zst"), 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0);
}
END_TEST

static const char *const siblings[] = { "root/f.zst", "root/f.br", "root/f.gz", "root/f.sha256" };

START_TEST(a_sibling_that_has_changed_is_left_to_a_job)
{
	struct file_siblings known;

	make_siblings();
	known = look_at("f");
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0);
	set_mtime(siblings[_i], LONG_AGO + 11, 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), -EAGAIN);
	set_mtime(siblings[_i], LONG_AGO + 10, 0); /* Only its ctime shows the change. */
	ck_assert_int_eq(find_cached("f", &unsettled, &known), -EAGAIN);
	set_mtime(siblings[_i], time(NULL) + 1000, 0);
	known = look_at("f");
	ck_assert_int_eq(find_cached("f", &unsettled, &known), -EAGAIN); /* A young sibling. */
	set_mtime(siblings[_i], LONG_AGO + 20, 0);
	known = look_at("f");
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0);
	make_text("root/f", "Another content.");
	set_mtime("root/f", LONG_AGO, 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), 0); /* The size is the same. */
	make_text("root/f", "Another size");
	set_mtime("root/f", LONG_AGO, 0);
	ck_assert_int_eq(find_cached("f", &unsettled, &known), -EAGAIN);
}
END_TEST

/* A view that does not show a sibling proves that it is not searched for. */
START_TEST(names_that_are_known_to_be_missing_are_skipped)
{
	static const struct file_siblings nothing;
	const struct parents_view some = { .settled = true, .beside = 1u << PARENTS_GZ | 1u << PARENTS_ETAG };
	struct parents_view none = { .settled = true };
	struct file_siblings found, known;
	struct file_version version;

	make_siblings();
	known = look_at("f");
	ck_assert_int_eq(beneath_get_version(root, "f", FILE_SYMLINKS_BENEATH, &version), 0);
	sibling_find(root, "f", FILE_SYMLINKS_BENEATH, &version, &nothing, &none, &found);
	ck_assert(sibling_equal(&found, &nothing));
	sibling_find(root, "f", FILE_SYMLINKS_BENEATH, &version, &nothing, &some, &found);
	ck_assert_uint_eq(found.variants, GZ);
	ck_assert(!found.has_digest);
	ck_assert_int_eq(sibling_find_cached(root, "f", FILE_SYMLINKS_BENEATH, &version, &known, &none, &found), 0);
	ck_assert(sibling_equal(&found, &nothing));
	ck_assert_int_eq(sibling_find_cached(root, "f", FILE_SYMLINKS_BENEATH, &version, &known, &some, &found), 0);
	ck_assert_uint_eq(found.variants, GZ);
	ck_assert(!found.has_digest);
	none.beside = 1u << PARENTS_SHA256; /* The only sibling that is searched for. */
	ck_assert_int_eq(sibling_find_cached(root, "f", FILE_SYMLINKS_BENEATH, &version, &known, &none, &found), 0);
	ck_assert_uint_eq(found.variants, 0);
	ck_assert(found.has_digest);
}
END_TEST

START_TEST(skips_variants)
{
	struct parents_view view = { 0 };
	struct file_version version = { 0 };
	static const struct file_siblings nothing;
	struct file_siblings found;

	make_text("root/f.br", "");
	make_text("root/f.sha256", HEX);
	sibling_skip_variants(&view);
	sibling_find(root, "f", FILE_SYMLINKS_BENEATH, &version, &nothing, &view, &found);
	ck_assert_uint_eq(found.variants, 0);
	ck_assert(found.has_digest);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sibling");
	TCase *t = tcase_create("sibling");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_file_without_siblings);
	tcase_add_test(t, each_variant_is_found);
	tcase_add_loop_test(t, older_siblings_are_ignored, 0, COUNT(times));
	tcase_add_test(t, a_variant_has_no_variants);
	tcase_add_test(t, only_files_below_the_root_count);
	tcase_add_test(t, unreadable_siblings_do_not_count);
	tcase_add_test(t, long_names);
	tcase_add_loop_test(t, digests_as_tools_write_them, 0, COUNT(digests));
	tcase_add_test(t, only_the_first_line_of_a_digest_is_read);
	tcase_add_test(t, a_digest_is_read_again_when_it_changes);
	tcase_add_test(t, a_young_digest_is_read_each_time);
	tcase_add_test(t, a_variant_must_match_the_file);
	tcase_add_test(t, a_check_is_remembered_for_each_version);
	tcase_add_test(t, a_young_variant_is_read_each_time);
	tcase_add_test(t, without_siblings_nothing_must_be_read);
	tcase_add_test(t, siblings_that_have_not_changed_are_kept);
	tcase_add_loop_test(t, a_sibling_that_has_changed_is_left_to_a_job, 0, COUNT(siblings));
	tcase_add_test(t, names_that_are_known_to_be_missing_are_skipped);
	tcase_add_test(t, skips_variants);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
