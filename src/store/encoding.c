/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of a header are read with a cursor, which never moves past the bytes in memory. A header that does not fit
 * into these bytes is rejected. No data is decompressed. All functions are pure and thread-safe.
 */
#include "store/encoding.h"

#include <stdbool.h>
#include <string.h>

#define GZIP_FIXED_BYTES 10
#define GZIP_TRAILER_BYTES 8
#define GZIP_MIN_BYTES (GZIP_FIXED_BYTES + 2 + GZIP_TRAILER_BYTES)
#define GZIP_HEADER_CRC 2
#define GZIP_EXTRA 4
#define GZIP_NAME 8
#define GZIP_COMMENT 16
#define GZIP_RESERVED 0xe0
#define DEFLATE_RATIO_MAX 1032

#define ZSTD_MAGIC 0xfd2fb528u
#define ZSTD_SKIPPABLE 0x184d2a50u /* and the 15 numbers after it */
#define ZSTD_SINGLE_SEGMENT 0x20
#define ZSTD_RESERVED 0x08
#define ZSTD_DICTIONARY 0x03
#define ZSTD_WINDOW_MAX (UINT64_C(8) << 20)

struct cursor {
	const uint8_t *at, *end;
};

/* Returns the next `bytes` bytes, or NULL if fewer bytes remain. */
static const uint8_t *take(struct cursor *cursor, size_t bytes)
{
	const uint8_t *taken = cursor->at;

	if ((size_t)(cursor->end - cursor->at) < bytes)
		return NULL;
	cursor->at += bytes;
	return taken;
}

static uint64_t little_endian(const uint8_t *bytes, size_t count)
{
	uint64_t number = 0;

	while (count-- > 0)
		number = number << 8 | bytes[count];
	return number;
}

static bool skip_text(struct cursor *cursor)
{
	const uint8_t *end = memchr(cursor->at, 0, (size_t)(cursor->end - cursor->at));

	if (end == NULL)
		return false;
	cursor->at = end + 1;
	return true;
}

/*
 * Returns true if the extra field of a member has the subfield "BC" of bgzip (SAM/BAM format specification, section
 * 4.1).
 */
static bool is_bgzip(struct cursor extra)
{
	const uint8_t *head;

	while ((head = take(&extra, 4)) != NULL) {
		if (head[0] == 'B' && head[1] == 'C')
			return true;
		if (take(&extra, little_endian(head + 2, 2)) == NULL)
			return false;
	}
	return false;
}

/* Moves the cursor past the header of the first member. */
static enum encoding_fault skip_gzip_header(struct cursor *cursor)
{
	const uint8_t *fixed = take(cursor, GZIP_FIXED_BYTES), *length, *extra;
	unsigned flags;

	if (fixed == NULL || fixed[0] != 0x1f || fixed[1] != 0x8b || fixed[2] != 8 || (fixed[3] & GZIP_RESERVED) != 0)
		return ENCODING_NOT_GZIP;
	flags = fixed[3];
	if ((flags & GZIP_EXTRA) != 0) {
		length = take(cursor, 2);
		extra = length != NULL ? take(cursor, little_endian(length, 2)) : NULL;
		if (extra == NULL)
			return ENCODING_LONG_HEADER;
		if (is_bgzip((struct cursor){ extra, cursor->at }))
			return ENCODING_BGZIP;
	}
	if (((flags & GZIP_NAME) != 0 && !skip_text(cursor)) || ((flags & GZIP_COMMENT) != 0 && !skip_text(cursor)) ||
	    ((flags & GZIP_HEADER_CRC) != 0 && take(cursor, 2) == NULL))
		return ENCODING_LONG_HEADER;
	return ENCODING_FINE;
}

/* Returns true if the member consists only of empty blocks, in any encoding, and a trailer of zeros. */
static bool is_empty_member(struct cursor cursor)
{
	static const uint8_t flushed[] = { 0, 0, 0, 0xff, 0xff }, stored[] = { 1, 0, 0, 0xff, 0xff },
			     fixed[] = { 3, 0 };
	static const uint8_t trailer[GZIP_TRAILER_BYTES];

#define BEGINS_WITH(bytes) \
	((size_t)(cursor.end - cursor.at) >= sizeof(bytes) && memcmp(cursor.at, bytes, sizeof(bytes)) == 0)
	while (BEGINS_WITH(flushed))
		cursor.at += sizeof(flushed);
	if (BEGINS_WITH(stored))
		cursor.at += sizeof(stored);
	else if (BEGINS_WITH(fixed))
		cursor.at += sizeof(fixed);
	else
		return false;
	return BEGINS_WITH(trailer);
#undef BEGINS_WITH
}

enum encoding_fault encoding_check_gzip(const struct beneath_ends *ends, uint64_t gzip_size, uint64_t size)
{
	struct cursor cursor = { ends->head, ends->head + ends->head_bytes };
	enum encoding_fault fault;

	if (size == 0)
		return ENCODING_OF_NOTHING;
	fault = skip_gzip_header(&cursor);
	if (fault != ENCODING_FINE)
		return fault;
	if (gzip_size < GZIP_MIN_BYTES || ends->tail_bytes < ENCODING_TAIL_BYTES)
		return ENCODING_NOT_GZIP;
	if (little_endian(ends->tail, ENCODING_TAIL_BYTES) != (size & UINT32_MAX))
		return ENCODING_OTHER_SIZE;
	if (is_empty_member(cursor))
		return ENCODING_EMPTY_MEMBER;
	return size / DEFLATE_RATIO_MAX > gzip_size ? ENCODING_TOO_SHORT : ENCODING_FINE;
}

/*
 * Sets *window to the window size, or to 0 for a single-segment frame, whose window is as large as its content. Returns
 * false if too few bytes remain.
 */
static bool take_window(struct cursor *cursor, unsigned descriptor, uint64_t *window)
{
	const uint8_t *byte;

	*window = 0;
	if ((descriptor & ZSTD_SINGLE_SEGMENT) != 0)
		return true;
	byte = take(cursor, 1);
	if (byte == NULL)
		return false;
	*window = UINT64_C(1) << (10 + (*byte >> 3));
	*window += *window / 8 * (*byte & 7);
	return true;
}

/*
 * Sets *stated to true if the frame states its content size, and *content to that size. Returns false if too few bytes
 * remain.
 */
static bool take_content_size(struct cursor *cursor, unsigned descriptor, uint64_t *content, bool *stated)
{
	const size_t lengths[] = { (descriptor & ZSTD_SINGLE_SEGMENT) != 0 ? 1 : 0, 2, 4, 8 };
	const size_t length = lengths[descriptor >> 6];
	const uint8_t *bytes = take(cursor, length);

	*stated = length > 0;
	if (bytes == NULL)
		return false;
	*content = little_endian(bytes, length) + (length == 2 ? 256 : 0);
	return true;
}

enum encoding_fault encoding_check_zstd(const struct beneath_ends *ends, uint64_t size)
{
	struct cursor cursor = { ends->head, ends->head + ends->head_bytes };
	const uint8_t *head = take(&cursor, 5);
	uint64_t magic = head != NULL ? little_endian(head, 4) : 0, window, content = 0;
	bool stated;

	if (size == 0)
		return ENCODING_OF_NOTHING;
	if ((magic & ~UINT64_C(15)) == ZSTD_SKIPPABLE)
		return ENCODING_SKIPPABLE;
	if (magic != ZSTD_MAGIC || (head[4] & ZSTD_RESERVED) != 0 || !take_window(&cursor, head[4], &window))
		return ENCODING_NOT_ZSTD;
	if ((head[4] & ZSTD_DICTIONARY) != 0)
		return ENCODING_DICTIONARY;
	if (!take_content_size(&cursor, head[4], &content, &stated))
		return ENCODING_NOT_ZSTD;
	if (stated && content != size)
		return ENCODING_OTHER_CONTENT_SIZE;
	return (window > 0 ? window : content) > ZSTD_WINDOW_MAX ? ENCODING_WINDOW : ENCODING_FINE;
}

const char *encoding_fault_text(enum encoding_fault fault)
{
	static const char *const texts[ENCODING_FAULTS] = {
		[ENCODING_FINE] = "it is fine",
		[ENCODING_OLDER] = "it is older than the file",
		[ENCODING_UNREADABLE] = "it cannot be read",
		[ENCODING_OF_NOTHING] = "the file is empty",
		[ENCODING_NOT_GZIP] = "it is not a gzip file",
		[ENCODING_LONG_HEADER] = "its gzip header is longer than 1 KiB",
		[ENCODING_BGZIP] = "it is a bgzip file, and many clients decode only its first block",
		[ENCODING_EMPTY_MEMBER] =
			"its first gzip member is empty, and many clients decode only the first member",
		[ENCODING_OTHER_SIZE] =
			"the size in its last gzip member is not the size of the file; it has several members, or it "
			"was made from another file",
		[ENCODING_TOO_SHORT] = "it is too short to contain the file",
		[ENCODING_NOT_ZSTD] = "it is not a zstd file",
		[ENCODING_SKIPPABLE] = "it begins with a skippable frame",
		[ENCODING_OTHER_CONTENT_SIZE] =
			"the size in its first zstd frame is not the size of the file; it has several frames, or it "
			"was made from another file",
		[ENCODING_DICTIONARY] = "it needs a dictionary",
		[ENCODING_WINDOW] = "its zstd window is larger than the 8 MiB that clients support (RFC 9659)",
	};

	return texts[fault];
}
