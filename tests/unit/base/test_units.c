/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and durations: valid and invalid texts, and the format of sizes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "../suite.h"
#include "base/units.h"

#define UNTOUCHED UINT64_C(12345678)

struct parse_case {
	const char *text;
	int error;
	uint64_t value;
};

static const struct parse_case sizes[] = {
	{ "0", 0, 0 },
	{ "4096", 0, 4096 },
	{ "007", 0, 7 },
	{ "64K", 0, 65536 },
	{ "64k", 0, 65536 },
	{ "64KB", 0, 65536 },
	{ "64kb", 0, 65536 },
	{ "64KiB", 0, 65536 },
	{ "64kib", 0, 65536 },
	{ "256M", 0, UINT64_C(256) << 20 },
	{ "256MiB", 0, UINT64_C(256) << 20 },
	{ "2G", 0, UINT64_C(2) << 30 },
	{ "1T", 0, UINT64_C(1) << 40 },
	{ "0T", 0, 0 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "16777215T", 0, UINT64_C(16777215) << 40 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999999999", -ERANGE, 0 },
	{ "18014398509481984K", -ERANGE, 0 },
	{ "16777216T", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1 K", -EINVAL, 0 },
	{ "\t1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1.5G", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "1Ki", -EINVAL, 0 },
	{ "1KK", -EINVAL, 0 },
	{ "1KiBs", -EINVAL, 0 },
	{ "1P", -EINVAL, 0 },
	{ "1s", -EINVAL, 0 },
	{ "99999999999999999999999999x", -EINVAL, 0 },
	{ "\xd9\xa1", -EINVAL, 0 },
};

static const struct parse_case durations[] = {
	{ "0", 0, 0 },
	{ "30", 0, 30000 },
	{ "250ms", 0, 250 },
	{ "30s", 0, 30000 },
	{ "5m", 0, 300000 },
	{ "2h", 0, 7200000 },
	{ "7d", 0, 604800000 },
	{ "4w", 0, 2419200000 },
	{ "1y", 0, 31536000000 },
	{ "1D", -EINVAL, 0 },
	{ "18446744073709551615ms", 0, UINT64_MAX },
	{ "18446744073709551s", 0, UINT64_C(18446744073709551000) },
	{ "18446744073709552s", -ERANGE, 0 },
	{ "18446744073709551616ms", -ERANGE, 0 },
	{ "5124095576031h", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "ms", -EINVAL, 0 },
	{ "5M", -EINVAL, 0 },
	{ "5MS", -EINVAL, 0 },
	{ "5 s", -EINVAL, 0 },
	{ "-5s", -EINVAL, 0 },
	{ "1.5s", -EINVAL, 0 },
	{ "1h30m", -EINVAL, 0 },
	{ "5K", -EINVAL, 0 },
};

static const struct {
	uint64_t bytes;
	const char *text;
} shown[] = {
	{ 0, "0 B" },
	{ 512, "512 B" },
	{ 1023, "1023 B" },
	{ 1024, "1.0 KiB" },
	{ 4096, "4.0 KiB" },
	{ 1075, "1.0 KiB" },
	{ 1076, "1.1 KiB" },
	{ 1536, "1.5 KiB" },
	{ 10007, "9.8 KiB" },
	{ 1048524, "1023.9 KiB" },
	{ 1048525, "1.0 MiB" },
	{ 1048575, "1.0 MiB" },
	{ 1048576, "1.0 MiB" },
	{ UINT64_C(1610612736), "1.5 GiB" },
	{ UINT64_C(1) << 40, "1.0 TiB" },
	{ UINT64_C(1) << 50, "1.0 PiB" },
	{ UINT64_C(1) << 60, "1.0 EiB" },
	{ UINT64_MAX, "16.0 EiB" },
};

static void check_parse(const struct parse_case *c, int (*parse)(const char *, uint64_t *))
{
	uint64_t value = UNTOUCHED;
	int error = parse(c->text, &value);

	ck_assert_msg(error == c->error, "\"%s\": %d, not %d", c->text, error, c->error);
	ck_assert_msg(value == (c->error ? UNTOUCHED : c->value), "\"%s\": %llu", c->text, (unsigned long long)value);
}

START_TEST(reads_sizes)
{
	check_parse(&sizes[_i], units_parse_size);
}
END_TEST

START_TEST(reads_durations)
{
	check_parse(&durations[_i], units_parse_duration);
}
END_TEST

START_TEST(formats_sizes)
{
	char text[16];

	ck_assert_ptr_eq(units_format_size(shown[_i].bytes, text, sizeof(text)), text);
	ck_assert_str_eq(text, shown[_i].text);
}
END_TEST

START_TEST(truncates_sizes_to_the_buffer)
{
	char text[4];

	ck_assert_str_eq(units_format_size(1048524, text, sizeof(text)), "102");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("units");
	TCase *c = tcase_create("units");

	tcase_add_loop_test(c, reads_sizes, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(c, reads_durations, 0, sizeof(durations) / sizeof(durations[0]));
	tcase_add_loop_test(c, formats_sizes, 0, sizeof(shown) / sizeof(shown[0]));
	tcase_add_test(c, truncates_sizes_to_the_buffer);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
