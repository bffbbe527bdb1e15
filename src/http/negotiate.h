/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The preferences of a client: the Accept and Accept-Encoding fields (RFC 9110 section 12.5). Pure; any thread. */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#define NEGOTIATE_BEST 1000

/*
 * Returns the quality, in thousandths, that Accept-Encoding gives to a content coding ("zstd", "br", "gzip") or to
 * "identity", which means no coding. The result 0 means that the client does not accept the coding.
 * - "x-gzip" in the field is the same as "gzip".
 * - Without the field (NULL), identity has 1000 and every other coding has 0.
 * - If the field names neither identity nor "*", identity has 1, so every coding that the field accepts has precedence.
 * - Malformed members are ignored. The first of several members with the same name counts.
 */
unsigned negotiate_encoding(const char *field, const char *coding);

/*
 * Returns the quality, in thousandths, that Accept gives to a media type ("text/html", also with parameters). The most
 * specific media range that matches the type counts; of equally specific ranges, the first one. From most to least
 * specific, these are: a type with parameters, a type without, "type/" with a wildcard, and the wildcard for all types.
 * A range with a parameter that the type does not have does not match, but "charset" is ignored. Without the field
 * (NULL), or without a well-formed range in it, the result is 1000.
 */
unsigned negotiate_type(const char *field, const char *type);

#endif
