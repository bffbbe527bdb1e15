/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text into a buffer of a fixed size, which may turn out to be too small: that is looked at once, at the end. */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <errno.h>
#include <stddef.h>

struct writer {
	char *text;
	size_t size, used; /* used counts on past the size */
};

static inline void writer_put(struct writer *writer, char byte)
{
	if (writer->used < writer->size)
		writer->text[writer->used] = byte;
	writer->used++;
}

static inline void writer_bytes(struct writer *writer, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		writer_put(writer, bytes[i]);
}

static inline void writer_text(struct writer *writer, const char *text)
{
	for (; *text != '\0'; text++)
		writer_put(writer, *text);
}

/* The byte as "%XX" (RFC 3986 section 2.1). */
static inline void writer_escape(struct writer *writer, char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	writer_put(writer, '%');
	writer_put(writer, digits[(unsigned char)byte >> 4]);
	writer_put(writer, digits[(unsigned char)byte & 15]);
}

/* Ends the text with its NUL: 0, or -ENAMETOOLONG. */
static inline int writer_end(struct writer *writer)
{
	writer_put(writer, '\0');
	return writer->used <= writer->size ? 0 : -ENAMETOOLONG;
}

#endif
