/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks whether a file is a compressed form of another file, by reading only its first and last bytes. The formats are
 * gzip (RFC 1952) and Zstandard (RFC 8878). All functions are pure and thread-safe.
 */
#ifndef STORE_ENCODING_H
#define STORE_ENCODING_H

#include <stdint.h>

#include "store/file.h"

/* The reason why a compressed file is not sent in place of the original file. */
enum encoding_fault {
	ENCODING_FINE,
	ENCODING_OLDER, /* Set by sibling.c, like ENCODING_UNREADABLE, and ENCODING_OF_NOTHING for a .br file. */
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

#define ENCODING_HEAD_BYTES 1024 /* Number of bytes that are read at the start of the compressed file. */
#define ENCODING_TAIL_BYTES 4	 /* Number of bytes that are read at the end of the compressed file. */

/*
 * Checks a gzip file of gzip_size bytes that should contain a file of `size` bytes. `ends` has the first
 * ENCODING_HEAD_BYTES and the last ENCODING_TAIL_BYTES of the gzip file, or fewer if the file is shorter.
 *
 * A file of several members is rejected, because browsers and HTTP libraries decode only the first member. Three rules
 * detect such files without decompression:
 * - The length of the last member (ISIZE) must be the size of the file modulo 2^32. For contents below 4 GiB, this rule
 *   rejects all files of several members, unless all members except the last are empty.
 * - An empty first member is rejected, which covers the exception of the previous rule.
 * - The file must be at most 1,032 times as long as the gzip file, the maximum ratio of deflate. This rule matters for
 *   contents of 4 GiB or more, for which ISIZE is ambiguous.
 */
enum encoding_fault encoding_check_gzip(const struct beneath_ends *ends, uint64_t gzip_size, uint64_t size);

/*
 * Checks a Zstandard file that should contain a file of `size` bytes. If the first frame states a content size, the
 * content size must be `size`. A frame that was compressed from a pipe states no content size. A frame with a
 * dictionary or with a window of more than 8 MiB (RFC 9659) is rejected, because clients cannot decode the frame. A
 * skippable frame at the beginning is rejected, because only the first frame is checked.
 */
enum encoding_fault encoding_check_zstd(const struct beneath_ends *ends, uint64_t size);

/* Returns the text of a fault, as in "FILE.gz is not sent: it is older than the file". */
const char *encoding_fault_text(enum encoding_fault fault);

#endif
