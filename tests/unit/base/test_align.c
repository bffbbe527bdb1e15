/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alignment to powers of two, with tables of values and expected results. */
#include "base/align.h"

#include <check.h>

#include "../suite.h"

static const struct {
	uint64_t value;
	bool is_power;
} powers[] = {
	{ 0, false },
	{ 1, true },
	{ 2, true },
	{ 3, false },
	{ 511, false },
	{ 512, true },
	{ 4096, true },
	{ 4097, false },
	{ UINT64_MAX, false },
	{ UINT64_C(1) << 63, true },
	{ UINT64_C(3) << 62, false },
};

static const struct {
	uint64_t value, alignment, down, up;
} roundings[] = {
	{ 0, 1, 0, 0 },
	{ 7, 1, 7, 7 },
	{ 0, 512, 0, 0 },
	{ 1, 512, 0, 512 },
	{ 511, 512, 0, 512 },
	{ 512, 512, 512, 512 },
	{ 513, 512, 512, 1024 },
	{ 10007, 4096, 8192, 12288 },
	{ 4096, 4096, 4096, 4096 },
	{ (UINT64_C(1) << 32) + 1, 4096, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 4096 }, /* fails with a 32-bit mask */
	{ UINT64_MAX - 4095, 4096, UINT64_MAX - 4095, UINT64_MAX - 4095 },
};

START_TEST(power)
{
	ck_assert_int_eq(align_is_power(powers[_i].value), powers[_i].is_power);
}
END_TEST

START_TEST(rounding)
{
	uint64_t value = roundings[_i].value, alignment = roundings[_i].alignment;

	ck_assert_uint_eq(align_down(value, alignment), roundings[_i].down);
	ck_assert_uint_eq(align_up(value, alignment), roundings[_i].up);
	ck_assert_int_eq(align_is_aligned(value, alignment), value == roundings[_i].down);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("align");
	TCase *tcase = tcase_create("align");

	tcase_add_loop_test(tcase, power, 0, sizeof(powers) / sizeof(*powers));
	tcase_add_loop_test(tcase, rounding, 0, sizeof(roundings) / sizeof(*roundings));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
