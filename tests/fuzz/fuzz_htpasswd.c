/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of htpasswd_parse() and basic_parse(), which receive the same input. Every parsed user must be
 * found. Parsed credentials must not contain bytes that are ambiguous in a log or in a comparison.
 */
#include "auth/basic.h"
#include "auth/htpasswd.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_credentials(const char *field)
{
	struct basic basic;
	if (basic_parse(field, &basic) < 0)
		return;
	assert(strlen(basic.user) < BASIC_USER_BYTES && strlen(basic.password) < BASIC_PASSWORD_BYTES);
	assert(strchr(basic.user, ':') == NULL);
	for (const char *at = basic.user; *at != '\0'; at++)
		assert((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void check_file(const char *text, size_t size)
{
	struct htpasswd *htpasswd;
	struct htpasswd_fault fault;
	if (htpasswd_parse(&htpasswd, text, size, &fault) < 0) {
		assert(fault.line > 0 && fault.what != NULL);
		return;
	}
	assert((htpasswd_any(htpasswd) != NULL) == (htpasswd_count(htpasswd) > 0));
	if (htpasswd_any(htpasswd) != NULL)
		assert(strlen(htpasswd_any(htpasswd)) < HTPASSWD_HASH_BYTES);
	htpasswd_find(htpasswd, "user");
	htpasswd_free(htpasswd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	/* Skip yescrypt and similar hashes: parsing would call libcrypt, which takes milliseconds for each. */
	if (strstr(text, "$y$") == NULL && strstr(text, "$7$") == NULL && strstr(text, "$gy$") == NULL)
		check_file((const char *)data, size);
	check_credentials(text);
	free(text);
	return 0;
}
