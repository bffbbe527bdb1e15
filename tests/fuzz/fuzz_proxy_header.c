/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of proxy_header_parse(). The result for all bytes must be the same as the result for the first bytes
 * that suffice, wherever the input is split.
 */
#include "http/proxy_header.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	enum proxy_header_state verdict = proxy_header_parse(data, size, &whole), state = PROXY_HEADER_MORE;
	size_t length = 0;
	for (; length <= size && state == PROXY_HEADER_MORE; length++) {
		uint8_t *copy = malloc(length + 1); /* exact size, so that the sanitizer detects an overread */
		memcpy(copy, data, length);
		state = proxy_header_parse(copy, length, &part);
		free(copy);
	}
	assert(state == verdict);
	if (state == PROXY_HEADER_MORE)
		assert(size < PROXY_HEADER_BYTES);
	if (state == PROXY_HEADER_DONE) {
		assert(part.length == whole.length && part.length > 0 && part.length <= 16 + 65535);
		assert(memcmp(&part.source, &whole.source, sizeof(part.source)) == 0);
	}
	return 0;
}
