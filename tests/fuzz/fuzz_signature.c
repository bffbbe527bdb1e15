/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of signature_parse(), signature_check(), signature_format() and signature_mask(). The input is a
 * request target; the corpus contains targets that were signed with the keys below.
 * - Parameters must be the same after they are formatted and parsed again.
 * - A signature that is accepted must have the code that signing the same values yields.
 * - A masked query must contain no code and must not be longer than before.
 */
#include "auth/signature.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key_text[] = "one 0123456789abcdef\n"
			       "two hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static struct sign_keys *the_keys(void)
{
	static struct sign_keys *keys;
	char fault[SIGN_KEYS_FAULT_BYTES];

	if (keys == NULL && sign_keys_parse("keys", key_text, strlen(key_text), &keys, fault) != 0)
		abort();
	return keys;
}

static void check_round_trip(const struct signature *signature, const struct sign_key *key, bool right)
{
	static struct signature made, again;
	static char query[SIGNATURE_QUERY_BYTES];

	made = *signature;
	assert(signature_sign(&made, key) == 0);
	assert(!right || strcmp(made.code, signature->code) == 0);
	assert(signature_format(&made, query, sizeof(query)) == 0);
	assert(query[strcspn(query, "<>\"' ")] == '\0');
	assert(signature_parse(query, &again) == SIGNATURE_GOOD);
	assert(again.expires == signature->expires && again.rate_bytes == signature->rate_bytes &&
	       again.prefix == signature->prefix);
	assert(strcmp(again.address, signature->address) == 0);
	assert(!again.prefix || strcmp(again.path, signature->path) == 0);
	assert(strcmp(again.code, made.code) == 0);
}

static void check_mask(const char *query)
{
	static struct signature masked;
	char *copy = strdup(query);

	signature_mask(copy);
	assert(strlen(copy) <= strlen(query));
	assert(signature_parse(copy, &masked) != SIGNATURE_GOOD);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct path path;
	static struct signature signature;
	const struct address client = { .local = true };
	char *target = strndup((const char *)data, size);

	if (path_parse(target, &path, NULL, NULL) == 0 && path.query != NULL) {
		enum signature_verdict verdict = signature_check(the_keys(), &path, &client, 1767225599, &signature);
		const struct sign_key *key = sign_keys_find(the_keys(), signature.key);

		if (verdict == SIGNATURE_GOOD || verdict >= SIGNATURE_WRONG)
			check_round_trip(&signature, key, verdict != SIGNATURE_WRONG);
		check_mask(path.query);
	}
	free(target);
	return 0;
}
