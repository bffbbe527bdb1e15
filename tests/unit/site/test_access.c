/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the access log: packing, unpacking, and truncation of long texts. */
#include "site/access.h"

#include <arpa/inet.h>
#include <string.h>

#include "../suite.h"

static _Alignas(8) char record[ACCESS_RECORD_BYTES];

static struct access_entry again(const struct access_entry *entry, size_t *length)
{
	struct access_entry copy;

	memset(record, 0xee, sizeof(record));
	*length = access_pack(entry, record);
	access_unpack(record, &copy);
	return copy;
}

static struct access_entry plain(void)
{
	struct access_entry entry = { .time_ns = 1795390001123456789,
				      .status = 206,
				      .sent_bytes = UINT64_MAX,
				      .wait_ns = 1,
				      .duration_ns = 2,
				      .port = 8080,
				      .tls = true,
				      .source = ACCESS_COALESCED };

	address_parse("192.0.2.1", 9, &entry.client);
	entry.texts[ACCESS_METHOD] = "GET";
	entry.texts[ACCESS_TARGET] = "/x?y";
	entry.texts[ACCESS_USER_AGENT] = "";
	return entry;
}

START_TEST(unpacking_restores_the_entry)
{
	struct access_entry entry = plain(), copy;
	char client[ADDRESS_TEXT_BYTES];
	size_t length;

	copy = again(&entry, &length);
	ck_assert_uint_le(length, sizeof(struct access_entry) + 16);
	ck_assert_str_eq(address_format(&copy.client, client), "192.0.2.1");
	ck_assert(copy.time_ns == entry.time_ns && copy.sent_bytes == UINT64_MAX && copy.status == 206 &&
		  copy.wait_ns == 1 && copy.duration_ns == 2);
	ck_assert(copy.port == 8080 && copy.tls && copy.source == ACCESS_COALESCED);
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		if (entry.texts[i] == NULL)
			ck_assert_ptr_null(copy.texts[i]);
		else
			ck_assert_str_eq(copy.texts[i], entry.texts[i]);
}
END_TEST

/* Each text at its maximum length, one byte shorter, one byte longer and much longer. */
START_TEST(long_texts_are_truncated)
{
	struct access_entry entry = { 0 }, copy;
	size_t bound = access_text_bytes(_i), length;
	char text[5000];

	for (unsigned filler = 0; filler < 3; filler++) {
		size_t sizes[] = { bound - 1, bound, bound + 1, bound + 2, bound + 3, bound + 4, sizeof(text) - 1 };

		for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			for (size_t at = 0; at < sizes[s]; at++)
				text[at] = filler == 0	 ? 'a'
					   : filler == 1 ? "\xc3\xa9"[at % 2]
							 : "\xf0\x9d\x84\x9e"[at % 4];
			text[sizes[s]] = '\0';
			entry.texts[_i] = text;
			copy = again(&entry, &length);
			if (sizes[s] <= bound) {
				ck_assert_str_eq(copy.texts[_i], text);
				continue;
			}
			size_t kept = strlen(copy.texts[_i]);
			ck_assert(kept <= bound && kept >= bound - 3 && strcmp(copy.texts[_i] + kept - 3, "…") == 0);
			ck_assert_int_eq(memcmp(copy.texts[_i], text, kept - 3), 0);
			ck_assert_uint_eq((kept - 3) % (filler == 0 ? 1 : filler * 2), 0);
		}
	}
}
END_TEST

START_TEST(all_texts_of_maximum_length_fit)
{
	struct access_entry entry = { 0 };
	char text[5000];
	size_t length;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		entry.texts[i] = text;
	again(&entry, &length);
	ck_assert_uint_le(length, ACCESS_RECORD_BYTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tests = tcase_create("access");

	tcase_add_test(tests, unpacking_restores_the_entry);
	tcase_add_loop_test(tests, long_texts_are_truncated, 0, ACCESS_TEXTS);
	tcase_add_test(tests, all_texts_of_maximum_length_fit);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
