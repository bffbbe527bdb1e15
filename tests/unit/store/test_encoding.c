/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests the checks of the first and the last bytes of compressed files. */
#include "store/encoding.h"

#include <string.h>

#include "../suite.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BYTES(text) (text), sizeof(text) - 1
#define FIXED "\x1f\x8b\x08"
#define REST "\0\0\0\0\0\x03"
#define PLAIN FIXED "\0" REST
#define DATA "\x4b\x4c\x4a\x06\0abcdefghijklmnopqrstuvwxyz"

static const struct {
	const char *head;
	size_t head_bytes;
	const char *tail; /* Four bytes. */
	uint64_t gzip_size, size;
	enum encoding_fault fault;
} gzips[] = {
	{ BYTES(PLAIN DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	{ BYTES(PLAIN DATA), "\x10\x27\0\0", 5000, 10001, ENCODING_OTHER_SIZE },
	{ BYTES(PLAIN DATA), "\0\0\0\0", 5000, 10000, ENCODING_OTHER_SIZE },
	/* Modulo 2^32. */
	{ BYTES(PLAIN DATA), "\x10\x27\0\0", 5000000, UINT64_C(0x100002710), ENCODING_FINE },
	{ BYTES(PLAIN DATA), "\x10\x27\0\0", 5000, UINT64_C(0x100002710), ENCODING_TOO_SHORT },
	{ BYTES(PLAIN DATA), "\0\0\0\0", 5000, UINT64_C(0x100000000), ENCODING_TOO_SHORT },
	{ BYTES(PLAIN DATA), "\xff\xff\xff\xff", 5000000, UINT64_C(0xffffffff), ENCODING_FINE },
	/* The original is empty. */
	{ BYTES(PLAIN "\x03\0\0\0\0\0\0\0\0\0"), "\0\0\0\0", 20, 0, ENCODING_OF_NOTHING },
	{ BYTES(""), "", 0, 0, ENCODING_OF_NOTHING },
	/* Not gzip. */
	{ BYTES(""), "", 0, 10000, ENCODING_NOT_GZIP },
	{ BYTES("\x1f\x8b\x08\0\0"), "\0\0\0\0", 5, 10000, ENCODING_NOT_GZIP },
	{ BYTES(PLAIN), "\x10\x27\0\0", 10, 10000, ENCODING_NOT_GZIP },
	{ BYTES("\x1f\x8b\x07\0" REST DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_NOT_GZIP },
	{ BYTES("\x1f\x9d\x08\0" REST DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_NOT_GZIP },
	{ BYTES(FIXED "\x20" REST DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_NOT_GZIP },
	{ BYTES("plain text, and more of it than 20 bytes"), "\x10\x27\0\0", 5000, 10000, ENCODING_NOT_GZIP },
	/* Headers of all kinds. */
	{ BYTES(FIXED "\x08" REST "name\0" DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	{ BYTES(FIXED "\x1f" REST "\x08\0RA\x04\0abcd"
		      "name\0"
		      "comment\0"
		      "\1\2" DATA),
	  "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	{ BYTES(FIXED "\x04" REST "\0\0" DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	{ BYTES(FIXED "\x08" REST "name without an end, since the bytes end"), "\x10\x27\0\0", 5000, 10000,
	  ENCODING_LONG_HEADER },
	{ BYTES(FIXED "\x04" REST "\xff\xff"
		      "few bytes"),
	  "\x10\x27\0\0", 5000, 10000, ENCODING_LONG_HEADER },
	{ BYTES(FIXED "\x04" REST "\x01"), "\x10\x27\0\0", 5000, 10000, ENCODING_LONG_HEADER },
	/* bgzip */
	{ BYTES(FIXED "\x04" REST "\x06\0BC\x02\0\x1b\0" DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_BGZIP },
	{ BYTES(FIXED "\x04" REST "\x0c\0XY\x02\0ab"
		      "BC\x02\0\x1b\0" DATA),
	  "\x10\x27\0\0", 5000, 10000, ENCODING_BGZIP },
	{ BYTES(FIXED "\x04" REST "\x06\0BD\x02\0\x1b\0" DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	{ BYTES(FIXED "\x04" REST "\x06\0XY\xff\xff"
		      "BC" DATA),
	  "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
	/* An empty first member, as several tools write it. */
	{ BYTES(PLAIN "\x03\0\0\0\0\0\0\0\0\0" PLAIN DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_EMPTY_MEMBER },
	{ BYTES(FIXED "\x08" REST "name\0\x03\0\0\0\0\0\0\0\0\0" PLAIN DATA), "\x10\x27\0\0", 5000, 10000,
	  ENCODING_EMPTY_MEMBER },
	{ BYTES(PLAIN "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0" PLAIN DATA), "\x10\x27\0\0", 5000, 10000,
	  ENCODING_EMPTY_MEMBER },
	{ BYTES(PLAIN "\0\0\0\xff\xff\x03\0\0\0\0\0\0\0\0\0" PLAIN DATA), "\x10\x27\0\0", 5000, 10000,
	  ENCODING_EMPTY_MEMBER },
	{ BYTES(PLAIN "\0\0\0\xff\xff" DATA), "\x10\x27\0\0", 5000, 10000, ENCODING_FINE },
};

START_TEST(gzip)
{
	char head[ENCODING_HEAD_BYTES], tail[4];
	struct beneath_ends ends = { .head = (uint8_t *)head,
				     .tail = (uint8_t *)tail,
				     .head_bytes = gzips[_i].head_bytes };

	ends.tail_bytes = gzips[_i].gzip_size < 4 ? gzips[_i].gzip_size : 4;
	memcpy(head, gzips[_i].head, ends.head_bytes);
	memcpy(tail, gzips[_i].tail, ends.tail_bytes);
	ck_assert_int_eq(encoding_check_gzip(&ends, gzips[_i].gzip_size, gzips[_i].size), gzips[_i].fault);
}
END_TEST

#define MAGIC "\x28\xb5\x2f\xfd"

static const struct {
	const char *head;
	size_t head_bytes;
	uint64_t size;
	enum encoding_fault fault;
} zstds[] = {
	/* Sizes of 1, 2, 4 and 8 bytes. */
	{ BYTES(MAGIC "\x20\x0a"), 10, ENCODING_FINE },
	{ BYTES(MAGIC "\x20\x0a"), 11, ENCODING_OTHER_CONTENT_SIZE },
	{ BYTES(MAGIC "\x60\0\0"), 256, ENCODING_FINE },
	{ BYTES(MAGIC "\x60\0\0"), 0, ENCODING_OF_NOTHING },
	{ BYTES(MAGIC "\xa0\x10\x27\0\0"), 10000, ENCODING_FINE },
	{ BYTES(MAGIC "\xa4\x10\x27\0\0"), 10000, ENCODING_FINE }, /* With a checksum. */
	{ BYTES(MAGIC "\xa0\x10\x27\0\0"), UINT64_C(0x100002710), ENCODING_OTHER_CONTENT_SIZE },
	{ BYTES(MAGIC "\xe0\x10\x27\0\0\0\0\0\0"), 10000, ENCODING_FINE },
	/* With a window of 1 KiB, of 8 MiB, and larger. */
	{ BYTES(MAGIC "\x80\0\x10\x27\0\0"), 10000, ENCODING_FINE },
	{ BYTES(MAGIC "\xc0\x68\0\0\0\0\1\0\0\0"), UINT64_C(0x100000000), ENCODING_FINE },
	{ BYTES(MAGIC "\xc0\x69\0\0\0\0\1\0\0\0"), UINT64_C(0x100000000), ENCODING_WINDOW },
	{ BYTES(MAGIC "\xc0\xff\0\0\0\0\1\0\0\0"), UINT64_C(0x100000000), ENCODING_WINDOW },
	{ BYTES(MAGIC "\xa0\0\0\x80\0"), 8 << 20, ENCODING_FINE },
	{ BYTES(MAGIC "\xa0\1\0\x80\0"), (8 << 20) + 1, ENCODING_WINDOW },
	/* No size. */
	{ BYTES(MAGIC "\0\x58"), 10000, ENCODING_FINE },
	{ BYTES(MAGIC "\0\x88"), 10000, ENCODING_WINDOW },
	/* No header, or a truncated one. */
	{ BYTES(""), 10000, ENCODING_NOT_ZSTD },
	{ BYTES(MAGIC), 10000, ENCODING_NOT_ZSTD },
	{ BYTES(MAGIC "\xa0\x10\x27\0"), 10000, ENCODING_NOT_ZSTD },
	{ BYTES(MAGIC "\0"), 10000, ENCODING_NOT_ZSTD },
	{ BYTES(MAGIC "\xa8\x10\x27\0\0"), 10000, ENCODING_NOT_ZSTD }, /* The reserved bit. */
	{ BYTES("plain text"), 10000, ENCODING_NOT_ZSTD },
	/* An old version. */
	{ BYTES("\x27\xb5\x2f\xfd\xa0\x10\x27\0\0"), 10000, ENCODING_NOT_ZSTD },
	{ BYTES("\x50\x2a\x4d\x18\4\0\0\0abcd" MAGIC "\xa0\x10\x27\0\0"), 10000, ENCODING_SKIPPABLE },
	{ BYTES("\x5f\x2a\x4d\x18\4\0\0\0abcd" MAGIC "\xa0\x10\x27\0\0"), 10000, ENCODING_SKIPPABLE },
	{ BYTES(MAGIC "\xa1\1\x10\x27\0\0"), 10000, ENCODING_DICTIONARY },
	{ BYTES(MAGIC "\xa3\1\2\3\4\x10\x27\0\0"), 10000, ENCODING_DICTIONARY },
};

START_TEST(zstd)
{
	uint8_t head[ENCODING_HEAD_BYTES];
	struct beneath_ends ends = { .head = head, .head_bytes = zstds[_i].head_bytes };

	memcpy(head, zstds[_i].head, ends.head_bytes);
	ck_assert_int_eq(encoding_check_zstd(&ends, zstds[_i].size), zstds[_i].fault);
}
END_TEST

START_TEST(each_fault_has_a_text)
{
	for (unsigned i = 0; i < ENCODING_FAULTS; i++)
		ck_assert_uint_gt(strlen(encoding_fault_text((enum encoding_fault)i)), 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encoding");
	TCase *tests = tcase_create("encoding");

	tcase_add_loop_test(tests, gzip, 0, COUNT(gzips));
	tcase_add_loop_test(tests, zstd, 0, COUNT(zstds));
	tcase_add_test(tests, each_fault_has_a_text);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
