/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The preferences of a client: the Accept and Accept-Encoding fields (RFC 9110 section 12.5). The functions are pure
 * and thread-safe.
 */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#define NEGOTIATE_BEST 1000

/*
 * Returns the quality, in thousandths, that Accept-Encoding gives to a content coding ("zstd", "br", "gzip") or to
 * "identity", which means no coding. The result 0 means that the client does not accept the coding.
 * - "x-gzip" in the field is equivalent to "gzip".
 * - If the field is absent (NULL), identity has quality 1000 and every other coding has 0.
 * - If the field names neither identity nor "*", identity has quality 1, so every coding that the field accepts has
 *   precedence.
 * - Malformed members are ignored. The first of several members with the same name counts.
 */
unsigned negotiate_encoding(const char *field, const char *coding);

/*
 * Returns the quality, in thousandths, that Accept gives to a media type ("text/html", also with parameters). The most
 * specific media range that matches the type counts. Among equally specific ranges, the first range counts. The media
 * ranges, from most to least specific, are a type with parameters, a type without parameters, "type/" with a wildcard,
 * and the wildcard for all types. A range with a parameter that the type does not have does not match, but "charset" is
 * ignored. If the field is absent (NULL) or contains no well-formed range, the result is 1000.
 */
unsigned negotiate_type(const char *field, const char *type);

#endif
