/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a compressed file is a certain file, as far as its first and last bytes tell: gzip (RFC 1952) and Zstandard (RFC 8878). Pure.
 */
#ifndef STORE_ENCODING_H
#define STORE_ENCODING_H

#include <stdint.h>

#include "store/file.h"

/* Why a compressed file is not sent in place of the file beside it. */
enum encoding_fault {
	ENCODING_FINE,
	ENCODING_OLDER,	     /* the first three are found by whoever looks for the file */
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

#define ENCODING_HEAD_BYTES 1024 /* what is read of the beginning, and */
#define ENCODING_TAIL_BYTES 4	 /* of the end */

/*
 * gzip_size: of the compressed file; size: of the file that it is to be. ends: the first ENCODING_HEAD_BYTES and the last
 * ENCODING_TAIL_BYTES of the compressed file, fewer of a shorter one.
 *
 * Decoders of browsers and of HTTP libraries stop after the first member, so a file of several members is refused. The length of the last
 * member (ISIZE) is compared with the file's size modulo 2^32. That refuses every file of several members whose contents are below 4 GiB, except
 * one in which all members but the last are empty: so an empty first member is refused, too. A file of 4 GiB or more must also be at most
 * 1,032 times as long as the compressed one, which is the most that deflate can do.
 */
enum encoding_fault encoding_check_gzip(const struct file_ends *ends, uint64_t gzip_size, uint64_t size);

/*
 * The first frame must state the size of the file, if it states one; a frame that was compressed from a pipe states none. What clients cannot
 * decode is refused: a window of more than 8 MiB (RFC 9659), a dictionary; and a skippable frame at the beginning, since the frame behind it
 * is not looked at.
 */
enum encoding_fault encoding_check_zstd(const struct file_ends *ends, uint64_t size);

/* The fault in words, as in "FILE.gz is not sent: it is older than the file". */
const char *encoding_fault_text(enum encoding_fault fault);

#endif
