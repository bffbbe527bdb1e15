/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks by the first and the last bytes of a file whether it is a compressed form of another file. Formats: gzip (RFC
 * 1952) and Zstandard (RFC 8878). Pure functions.
 */
#ifndef STORE_ENCODING_H
#define STORE_ENCODING_H

#include <stdint.h>

#include "store/file.h"

/* The reason why a compressed file is not sent in place of the file beside it. */
enum encoding_fault {
	ENCODING_FINE,
	ENCODING_OLDER, /* Set by sibling.c, as UNREADABLE, and as OF_NOTHING for a .br. */
	ENCODING_UNREADABLE,
	ENCODING_OF_NOTHING,
	ENCODING_NOT_GZIP,
	ENCODING_LONG_HEADER,
	ENCODING_BGZIP,
	ENCODING_EMPTY_MEMBER,
	ENCODING_OTHER_SIZE,
	ENCODING_TOO_SHORT,
	ENCODING_NOT_ZSTD,
	ENCODING_SKIPPABLE,
	ENCODING_OTHER_CONTENT_SIZE,
	ENCODING_DICTIONARY,
	ENCODING_WINDOW,
	ENCODING_FAULTS
};

#define ENCODING_HEAD_BYTES 1024 /* First bytes of the compressed file that are read. */
#define ENCODING_TAIL_BYTES 4	 /* Last bytes that are read. */

/*
 * Checks a gzip file of gzip_size bytes that should contain a file of `size` bytes. `ends` has the first
 * ENCODING_HEAD_BYTES and the last ENCODING_TAIL_BYTES of the gzip file, or fewer if it is shorter.
 *
 * A file of several members is rejected, because browsers and HTTP libraries decode only the first member. Three rules
 * detect such files without decompression:
 * - The length of the last member (ISIZE) must be the size of the file modulo 2^32. For contents below 4 GiB this
 *   rejects all files of several members, unless all members except the last are empty.
 * - An empty first member is rejected, which covers that case.
 * - The file must be at most 1,032 times as long as the gzip file, the maximum ratio of deflate. This matters from 4
 *   GiB on, where ISIZE is ambiguous.
 */
enum encoding_fault encoding_check_gzip(const struct beneath_ends *ends, uint64_t gzip_size, uint64_t size);

/*
 * Checks a Zstandard file that should contain a file of `size` bytes. If its first frame states a size, it must be
 * that size; a frame that was compressed from a pipe states none. A window of more than 8 MiB (RFC 9659) or a
 * dictionary is rejected, because clients cannot decode it. A skippable frame at the beginning is rejected, because
 * the frame after it is not checked.
 */
enum encoding_fault encoding_check_zstd(const struct beneath_ends *ends, uint64_t size);

/* Returns the text of a fault, as in "FILE.gz is not sent: it is older than the file". */
const char *encoding_fault_text(enum encoding_fault fault);

#endif
