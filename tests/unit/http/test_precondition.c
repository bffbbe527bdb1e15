/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditional requests, with one table for each field, and the order of RFC 9110 section 13.2.2. */
#include "http/precondition.h"

#include <string.h>

#include "../suite.h"

#define TAG "\"a1-10\""
#define MODIFIED INT64_C(784111777)
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define NOW INT64_C(1700000000)

#define NONE PRECONDITION_NONE
#define WHOLE PRECONDITION_WHOLE
#define NOT_MODIFIED PRECONDITION_NOT_MODIFIED
#define FAILED PRECONDITION_FAILED

static const struct validator strong = { TAG, false, true, MODIFIED, false };
static const struct validator weak = { "W/" TAG, true, true, MODIFIED, false };
static const struct validator nothing = { "", false, false, 0, false };
static const struct validator shared = { TAG, false, true, MODIFIED, .shared_date = true };
static const struct validator tag_only = { TAG, false, false, 0, false };

struct row {
	const char *value;
	const struct validator *validator;
	enum precondition_verdict verdict;
};

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static void check_row(const struct row *row, const struct precondition_fields *fields)
{
	enum precondition_verdict verdict = precondition_check(fields, row->validator, NOW);
	ck_assert_msg(verdict == row->verdict, "verdict %d, not %d: %s with %s", verdict, row->verdict, row->value,
		      row->validator->etag);
}

static const struct row if_match_rows[] = {
	{ TAG, &strong, NONE },
	{ " " TAG "\t", &strong, NONE },
	{ "\"other\"", &strong, FAILED },
	{ "\"other\", " TAG, &strong, NONE },
	{ TAG ",\"other\"", &strong, NONE },
	{ ",," TAG " ,, ", &strong, NONE },
	{ "\"a,b\"," TAG, &strong, NONE }, /* a comma inside the quotes */
	{ "\"x," TAG ",y\"", &strong, FAILED },
	{ "\"a1-1\"", &strong, FAILED },
	{ "\"a1-100\"", &strong, FAILED },
	{ "\"A1-10\"", &strong, FAILED },
	{ "\"\"", &strong, FAILED },
	{ "*", &strong, NONE },
	{ " * ", &strong, NONE },
	{ "*", &weak, NONE },
	{ "*", &nothing, NONE },
	/* the comparison is strong */
	{ "W/" TAG, &strong, FAILED },
	{ TAG, &weak, FAILED },
	{ "W/" TAG, &weak, FAILED },
	{ TAG, &nothing, FAILED },
	{ "\"\"", &nothing, FAILED },
	/* a malformed list matches nothing */
	{ "", &strong, FAILED },
	{ " , ", &strong, FAILED },
	{ "a1-10", &strong, FAILED },
	{ "\"a1-10", &strong, FAILED },
	{ TAG " \"other\"", &strong, FAILED },
	{ TAG "x", &strong, FAILED },
	{ TAG ", x", &strong, FAILED },
	{ TAG ", *", &strong, FAILED },
	{ "*, " TAG, &strong, FAILED },
	{ "**", &strong, FAILED },
	{ "w/" TAG ", " TAG, &strong, FAILED },
	{ "W/ " TAG ", " TAG, &strong, FAILED },
	{ "\"a b\", " TAG, &strong, FAILED },
};

START_TEST(if_match)
{
	struct precondition_fields fields = { .if_match = if_match_rows[_i].value };
	check_row(&if_match_rows[_i], &fields);
}
END_TEST

static const struct row if_none_match_rows[] = {
	{ TAG, &strong, NOT_MODIFIED },
	{ "\"other\"", &strong, NONE },
	{ "\"other\", " TAG, &strong, NOT_MODIFIED },
	{ "\"a,b\"\t,\t" TAG, &strong, NOT_MODIFIED },
	{ "*", &strong, NOT_MODIFIED },
	{ "*", &nothing, NOT_MODIFIED },
	/* the comparison is weak */
	{ "W/" TAG, &strong, NOT_MODIFIED },
	{ TAG, &weak, NOT_MODIFIED },
	{ "W/" TAG, &weak, NOT_MODIFIED },
	{ "W/\"x\", W/" TAG, &weak, NOT_MODIFIED },
	{ TAG, &nothing, NONE },
	{ "\"\"", &nothing, NONE },
	/* a malformed list matches nothing */
	{ "", &strong, NONE },
	{ "a1-10", &strong, NONE },
	{ TAG ", x", &strong, NONE },
	{ TAG TAG, &strong, NONE },
	{ "\"a1-10", &strong, NONE },
	{ "*, " TAG, &strong, NONE },
};

START_TEST(if_none_match)
{
	struct precondition_fields fields = { .if_none_match = if_none_match_rows[_i].value };
	check_row(&if_none_match_rows[_i], &fields);
}
END_TEST

static const struct row if_modified_since_rows[] = {
	{ BEFORE, &strong, NONE },
	{ SAME, &strong, NOT_MODIFIED },
	{ AFTER, &strong, NOT_MODIFIED },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", &strong, NOT_MODIFIED },
	{ "Sun Nov  6 08:49:37 1994", &strong, NOT_MODIFIED },
	{ SAME, &weak, NOT_MODIFIED },
	{ AFTER, &nothing, NONE },
	{ AFTER, &tag_only, NONE },
	{ "yesterday", &strong, NONE },
	{ "", &strong, NONE },
};

START_TEST(if_modified_since)
{
	struct precondition_fields fields = { .if_modified_since = if_modified_since_rows[_i].value };
	check_row(&if_modified_since_rows[_i], &fields);
}
END_TEST

static const struct row if_unmodified_since_rows[] = {
	{ BEFORE, &strong, FAILED }, { SAME, &strong, NONE },
	{ AFTER, &strong, NONE },    { "Sun Nov  6 08:49:36 1994", &strong, FAILED },
	{ BEFORE, &nothing, NONE },  { BEFORE, &tag_only, NONE },
	{ "0", &strong, NONE },
};

START_TEST(if_unmodified_since)
{
	struct precondition_fields fields = { .if_unmodified_since = if_unmodified_since_rows[_i].value };
	check_row(&if_unmodified_since_rows[_i], &fields);
}
END_TEST

static const struct row if_range_rows[] = {
	{ TAG, &strong, NONE },
	{ " " TAG " ", &strong, NONE },
	{ TAG, &tag_only, NONE },
	{ SAME, &strong, NONE },
	{ "Sun Nov  6 08:49:37 1994", &strong, NONE },
	{ "\"other\"", &strong, WHOLE },
	{ "W/" TAG, &strong, WHOLE },
	{ TAG "x", &strong, WHOLE },
	{ TAG ", " TAG, &strong, WHOLE },
	{ "\"a1-1", &strong, WHOLE },
	{ "a1-10", &strong, WHOLE },
	{ "*", &strong, WHOLE },
	{ "", &strong, WHOLE },
	{ "\"\"", &nothing, WHOLE },
	{ BEFORE, &strong, WHOLE },
	{ AFTER, &strong, WHOLE },
	{ SAME, &tag_only, WHOLE },
	{ SAME, &nothing, WHOLE },
	/* a date that another representation shares does not match */
	{ TAG, &shared, NONE },
	{ SAME, &shared, WHOLE },
	/* a weak validator does not match */
	{ TAG, &weak, WHOLE },
	{ "W/" TAG, &weak, WHOLE },
	{ SAME, &weak, WHOLE },
};

START_TEST(if_range)
{
	struct precondition_fields fields = { .if_range = if_range_rows[_i].value };
	check_row(&if_range_rows[_i], &fields);
}
END_TEST

START_TEST(if_range_date_must_be_2_s_older_than_now)
{
	struct precondition_fields fields = { .if_range = SAME };
	ck_assert_int_eq(precondition_check(&fields, &strong, MODIFIED + 2), NONE);
	ck_assert_int_eq(precondition_check(&fields, &strong, MODIFIED + 1), WHOLE);
	ck_assert_int_eq(precondition_check(&fields, &strong, MODIFIED), WHOLE);
	ck_assert_int_eq(precondition_check(&fields, &strong, MODIFIED - 1), WHOLE);
}
END_TEST

static void check_order(struct precondition_fields fields, enum precondition_verdict verdict)
{
	ck_assert_int_eq(precondition_check(&fields, &strong, NOW), verdict);
}

START_TEST(no_field_is_no_condition)
{
	check_order((struct precondition_fields){ 0 }, NONE);
}
END_TEST

START_TEST(if_match_overrides_if_unmodified_since)
{
	check_order((struct precondition_fields){ .if_match = TAG, .if_unmodified_since = BEFORE }, NONE);
	check_order((struct precondition_fields){ .if_match = "*", .if_unmodified_since = BEFORE }, NONE);
	check_order((struct precondition_fields){ .if_match = "\"x\"", .if_unmodified_since = AFTER }, FAILED);
}
END_TEST

START_TEST(if_none_match_overrides_if_modified_since)
{
	check_order((struct precondition_fields){ .if_none_match = "\"x\"", .if_modified_since = AFTER }, NONE);
	check_order((struct precondition_fields){ .if_none_match = "junk", .if_modified_since = AFTER }, NONE);
	check_order((struct precondition_fields){ .if_none_match = TAG, .if_modified_since = BEFORE }, NOT_MODIFIED);
}
END_TEST

START_TEST(failed_has_precedence_over_not_modified)
{
	check_order((struct precondition_fields){ .if_match = "\"x\"", .if_none_match = TAG }, FAILED);
	check_order((struct precondition_fields){ .if_unmodified_since = BEFORE, .if_none_match = TAG }, FAILED);
	check_order((struct precondition_fields){ .if_match = TAG, .if_none_match = TAG }, NOT_MODIFIED);
	check_order((struct precondition_fields){ .if_unmodified_since = AFTER, .if_modified_since = AFTER },
		    NOT_MODIFIED);
}
END_TEST

START_TEST(not_modified_has_precedence_over_if_range)
{
	check_order((struct precondition_fields){ .if_none_match = TAG, .if_range = "\"x\"" }, NOT_MODIFIED);
	check_order((struct precondition_fields){ .if_modified_since = SAME, .if_range = TAG }, NOT_MODIFIED);
	check_order((struct precondition_fields){ .if_match = "\"x\"", .if_range = TAG }, FAILED);
	check_order((struct precondition_fields){ .if_none_match = "\"x\"", .if_range = "\"x\"" }, WHOLE);
	check_order((struct precondition_fields){ .if_match = TAG, .if_range = TAG }, NONE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("precondition");
	TCase *t = tcase_create("precondition");
	tcase_add_loop_test(t, if_match, 0, ROWS(if_match_rows));
	tcase_add_loop_test(t, if_none_match, 0, ROWS(if_none_match_rows));
	tcase_add_loop_test(t, if_modified_since, 0, ROWS(if_modified_since_rows));
	tcase_add_loop_test(t, if_unmodified_since, 0, ROWS(if_unmodified_since_rows));
	tcase_add_loop_test(t, if_range, 0, ROWS(if_range_rows));
	tcase_add_test(t, if_range_date_must_be_2_s_older_than_now);
	tcase_add_test(t, no_field_is_no_condition);
	tcase_add_test(t, if_match_overrides_if_unmodified_since);
	tcase_add_test(t, if_none_match_overrides_if_modified_since);
	tcase_add_test(t, failed_has_precedence_over_not_modified);
	tcase_add_test(t, not_modified_has_precedence_over_if_range);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
