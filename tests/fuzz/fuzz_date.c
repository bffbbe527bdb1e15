/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of date_parse() and date_format(). The input is the text. A date that was parsed must be the same
 * after it is formatted and parsed again, for any current time.
 */
#include "http/date.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, int64_t now)
{
	int64_t seconds, again;
	char written[DATE_BYTES];
	if (date_parse(text, now, &seconds) < 0)
		return;
	assert(strlen(date_format(seconds, written)) == DATE_BYTES - 1);
	assert(date_parse(written, now, &again) == 0);
	assert(again == seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t nows[] = { INT64_MIN, 0, INT64_C(951782400), INT64_C(1700000000), INT64_C(253402300799),
					INT64_MAX };
	char *text = strndup((const char *)data, size);
	for (size_t i = 0; i < sizeof(nows) / sizeof(*nows); i++)
		check(text, nows[i]);
	free(text);
	return 0;
}
