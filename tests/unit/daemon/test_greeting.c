/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The URLs of the greeting. */
#include <check.h>
#include <stddef.h>

#include "../suite.h"
#include "daemon/greeting.h"

static const struct {
	const char *host;
	unsigned port;
	bool tls;
	const char *url;
} urls[] = {
	{ "127.0.0.1", 8080, false, "http://127.0.0.1:8080/" },
	{ "127.0.0.1", 80, false, "http://127.0.0.1/" },
	{ "127.0.0.1", 443, false, "http://127.0.0.1:443/" },
	{ "192.168.1.7", 443, true, "https://192.168.1.7/" },
	{ "192.168.1.7", 80, true, "https://192.168.1.7:80/" },
	{ "::1", 8080, false, "http://[::1]:8080/" },
	{ "2001:db8::1", 443, true, "https://[2001:db8::1]/" },
	{ "fe80::1%eth0", 65535, false, "http://[fe80::1%25eth0]:65535/" },
};

START_TEST(url_is_formatted)
{
	char text[100];

	ck_assert_str_eq(greeting_url(urls[_i].host, urls[_i].port, urls[_i].tls, text, sizeof(text)), urls[_i].url);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("greeting");
	TCase *tests = tcase_create("greeting");

	tcase_add_loop_test(tests, url_is_formatted, 0, sizeof(urls) / sizeof(urls[0]));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
