/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of access_format_new() and access_format_line(). The input is a format, a NUL, and a text that a
 * client could send. Either the format is rejected with an error message, or it formats exactly one line that fits.
 */
#include "site/access_format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct access_format *format;
	struct access_entry entry = { .status = 200, .time_ns = 1 }, copy;
	char fault[ACCESS_FORMAT_FAULT_BYTES] = "", line[SINK_LINE_BYTES];
	_Alignas(8) char record[ACCESS_RECORD_BYTES];
	char *text = strndup((const char *)data, size), *sent = NULL;
	size_t format_bytes = strlen(text);

	if (format_bytes < size)
		sent = strndup((const char *)data + format_bytes + 1, size - format_bytes - 1);
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		entry.texts[i] = sent;
	if (access_format_new(text, &format, fault) == 0) {
		access_pack(&entry, record);
		access_unpack(record, &copy);
		size_t length = access_format_line(format, &copy, line);
		assert(length < sizeof(line) && memchr(line, '\n', length) == NULL);
		assert(length > 0 || strcmp(text, "json") != 0);
		length = access_format_line(format, &entry, line);
		assert(length < sizeof(line) && memchr(line, '\n', length) == NULL);
		access_format_free(format);
	} else {
		assert(fault[0] != '\0');
	}
	free(text);
	free(sent);
	return 0;
}
