/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client would rather have: the Accept and Accept-Encoding fields (RFC 9110 section 12.5). Pure. */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#define NEGOTIATE_BEST 1000

/*
 * The quality, in thousandths, that Accept-Encoding gives to a content coding ("zstd", "br", "gzip"; "x-gzip" in the
 * field is gzip) or to "identity", which is none. 0: the client won't have it. A field that does not speak of identity,
 * nor of "*", leaves it the least quality there is, 1: anything that was asked for comes before it. No field (NULL):
 * 1000 for identity, 0 for others; an empty one the same but for identity's 1. Members that are malformed count as not
 * there; of two that name the same the first counts.
 */
unsigned negotiate_encoding(const char *field, const char *coding);

/*
 * The quality, in thousandths, that Accept gives to a media type ("text/html", or with parameters): of the ranges that
 * it falls under the most specific one counts (with parameters, type/subtype, type and "*", "*" and "*"; of equals the
 * first). A range whose parameters the type has not, charset aside, is not about it. 1000: no field (NULL), or none
 * with a range that can be read.
 */
unsigned negotiate_type(const char *field, const char *type);

#endif
