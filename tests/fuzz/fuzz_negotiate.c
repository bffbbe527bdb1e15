/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of negotiate_encoding() and negotiate_type(). The input is an Accept-Encoding or Accept field. A
 * quality must be 0 to 1000. An additional first member that names the coding or the type must determine the result,
 * unless the rest of the list becomes a part of that member.
 */
#include "http/negotiate.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *behind(const char *member, const char *field)
{
	char *list = malloc(strlen(member) + strlen(field) + 1);

	stpcpy(stpcpy(list, member), field);
	return list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codings[] = { "identity", "gzip", "br", "zstd" };
	static const char *const types[] = { "text/html", "application/json",
					     "text/plain; charset=utf-8;format=flowed" };
	char *field = strndup((const char *)data, size);
	char *coding = behind("br;q=0.125,", field), *type = behind("text/html;x=1;q=0.125,", field);

	for (unsigned i = 0; i < 4; i++)
		assert(negotiate_encoding(field, codings[i]) <= NEGOTIATE_BEST);
	for (unsigned i = 0; i < 3; i++)
		assert(negotiate_type(field, types[i]) <= NEGOTIATE_BEST);
	assert(negotiate_encoding(coding, "br") == 125);
	assert(negotiate_type(type, "text/html") == 0 ||
	       negotiate_type(field, "text/html") == negotiate_type(type, "text/html"));
	free(field);
	free(coding);
	free(type);
	return 0;
}
