/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes text to a buffer of a fixed size. Writes past the end are discarded but counted, so the caller checks only
 * once, with writer_end(), whether the buffer was large enough. The caller owns the buffer.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <errno.h>
#include <stddef.h>

struct writer {
	char *text;
	size_t size, used; /* `used` may exceed `size` */
};

/* Appends one byte. */
static inline void writer_put(struct writer *writer, char byte)
{
	if (writer->used < writer->size)
		writer->text[writer->used] = byte;
	writer->used++;
}

/* Appends bytes. */
static inline void writer_bytes(struct writer *writer, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		writer_put(writer, bytes[i]);
}

/* Appends a string. */
static inline void writer_text(struct writer *writer, const char *text)
{
	for (; *text != '\0'; text++)
		writer_put(writer, *text);
}

/* Appends the byte as "%XX" (RFC 3986 section 2.1). */
static inline void writer_escape(struct writer *writer, char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	writer_put(writer, '%');
	writer_put(writer, digits[(unsigned char)byte >> 4]);
	writer_put(writer, digits[(unsigned char)byte & 15]);
}

/* Terminates the text with a NUL. Returns 0, or -ENAMETOOLONG if the buffer was too small. */
static inline int writer_end(struct writer *writer)
{
	writer_put(writer, '\0');
	return writer->used <= writer->size ? 0 : -ENAMETOOLONG;
}

#endif
