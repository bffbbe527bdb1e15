/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The format that a client prefers, and the error bodies in each format. */
#include <check.h>
#include <string.h>

#include "../suite.h"
#include "http/accept.h"
#include "http/status.h"
#include "request/error_page.h"

static const struct {
	const char *accept;
	enum accept_format error, listing;
} cases[] = {
	{ NULL, ACCEPT_TEXT, ACCEPT_HTML },
	{ "", ACCEPT_TEXT, ACCEPT_HTML },
	{ "*/*", ACCEPT_TEXT, ACCEPT_HTML },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", ACCEPT_HTML, ACCEPT_HTML },
	{ "application/json", ACCEPT_JSON, ACCEPT_JSON },
	{ "application/json, */*", ACCEPT_JSON, ACCEPT_JSON },
	{ "application/json, text/plain, */*", ACCEPT_JSON, ACCEPT_JSON },
	{ "application/json, text/html", ACCEPT_HTML, ACCEPT_HTML },
	{ "application/json, text/html;q=0.9", ACCEPT_JSON, ACCEPT_JSON },
	{ "APPLICATION/JSON;q=0.5", ACCEPT_JSON, ACCEPT_JSON },
	{ "application/json;q=0", ACCEPT_TEXT, ACCEPT_HTML },
	{ "application/json;q=0.1, text/plain", ACCEPT_TEXT, ACCEPT_JSON },
	{ "text/*", ACCEPT_TEXT, ACCEPT_HTML },
	{ "application/*", ACCEPT_JSON, ACCEPT_JSON },
	{ "text/plain", ACCEPT_TEXT, ACCEPT_HTML },
	{ "text/plain;q=0, */*", ACCEPT_HTML, ACCEPT_HTML },
	{ "image/png", ACCEPT_TEXT, ACCEPT_HTML },
	{ "text/html;q=0, */*;q=0.1", ACCEPT_TEXT, ACCEPT_JSON },
};

START_TEST(named_formats_are_preferred)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_msg(accept_choose(cases[i].accept, ACCEPT_TEXT) == cases[i].error, "%s", cases[i].accept);
		ck_assert_msg(accept_choose(cases[i].accept, ACCEPT_HTML) == cases[i].listing, "%s", cases[i].accept);
	}
}
END_TEST

START_TEST(each_status_has_three_bodies)
{
	for (unsigned status = 400; status < 600; status++) {
		const struct error_page *text = error_page_find(status, NULL);
		const struct error_page *json = error_page_find(status, "application/json");
		const struct error_page *html = error_page_find(status, "text/html");

		ck_assert_ptr_eq(text->body, status_body(status));
		if (*status_body(status) == '\0')
			continue;
		ck_assert_str_eq(json->type, "application/json");
		ck_assert_str_eq(html->type, "text/html; charset=utf-8");
		ck_assert_ptr_nonnull(html->policy);
		ck_assert_ptr_nonnull(memmem(html->body, html->length, "</main>\n", 8));
	}
}
END_TEST

START_TEST(json_has_number_and_name)
{
	const struct error_page *page = error_page_find(404, "application/json");
	static const char expected[] = "{\"status\":404,\"error\":\"Not Found\"}\n";

	ck_assert_uint_eq(page->length, strlen(expected));
	ck_assert_mem_eq(page->body, expected, page->length);
	ck_assert_uint_eq(error_page_find(99, NULL)->length, 0);
	ck_assert_uint_eq(error_page_find(999, "text/html")->length, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("error_page");
	TCase *t = tcase_create("error_page");

	tcase_add_test(t, named_formats_are_preferred);
	tcase_add_test(t, each_status_has_three_bodies);
	tcase_add_test(t, json_has_number_and_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
