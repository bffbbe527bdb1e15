/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Forwarded and X-Forwarded-*: which elements are trusted. The trusted proxies are 10.0.0.0/8, 2001:db8:f::/48 and
 * local peers.
 */
#include "http/forwarded.h"

#include <string.h>

#include "../suite.h"
#include "base/networks.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))
#define PEER "10.0.0.1"

static struct text_list proxies(void)
{
	struct text_list list = { 0 };
	ck_assert_ptr_null(text_list_add(&list, "10.0.0.0/8", networks_parse));
	ck_assert_ptr_null(text_list_add(&list, "2001:db8:f::/48", networks_parse));
	ck_assert_ptr_null(text_list_add(&list, "unix:", networks_parse));
	return list;
}

static const char *const protos[] = { "?", "http", "https", "contradiction" };

static void check(const struct forwarded_fields *fields, const char *client, const char *proto)
{
	struct text_list list = proxies();
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	enum forwarded_proto found;
	ck_assert_int_eq(address_parse(PEER, strlen(PEER), &address), 0);
	found = forwarded_walk(fields, &list, &address);
	ck_assert_msg(strcmp(address_format(&address, text), client) == 0, "%s | %s: %s, not %s", fields->forwarded,
		      fields->forwarded_for, text, client);
	ck_assert_str_eq(protos[found], proto);
	text_list_clear(&list);
}

static const struct {
	const char *field, *client, *proto;
} forwarded[] = {
	{ "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", "http" },
	{ "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17", "?" },
	{ "for=192.0.2.43, for=198.51.100.17", "198.51.100.17", "?" },
	{ "for=192.0.2.43, for=10.2.3.4", "192.0.2.43", "?" },
	{ "for=192.0.2.43;proto=https, for=10.2.3.4;proto=http", "192.0.2.43", "https" },
	{ "for=192.0.2.43, for=\"[2001:db8:f::1]\", for=10.2.3.4", "192.0.2.43", "?" },
	{ "for=6.6.6.6, for=192.0.2.43, for=10.2.3.4", "192.0.2.43", "?" }, /* the client sent the left element */
	{ "for=10.2.3.4, for=10.2.3.5", "10.2.3.4", "?" },		    /* all elements are proxies */
	{ "for=\"192.0.2.43:80\"", "192.0.2.43", "?" },
	{ "for=192.0.2.43:80", "192.0.2.43", "?" }, /* common, although the grammar does not allow it */
	{ "proto=HTTPS;for=\"192.0.2.43\"", "192.0.2.43", "https" },
	{ "for = 192.0.2.43 ; proto = https", "192.0.2.43", "https" },
	{ ";;for=192.0.2.43;", "192.0.2.43", "?" },
	{ " , ,for=192.0.2.43, ,", "192.0.2.43", "?" },
	{ "host=\"a,b;for=6.6.6.6\";for=192.0.2.43", "192.0.2.43", "?" },
	{ "for=192.0.2.43;host=\"a\\\",for=6.6.6.6\"", "192.0.2.43", "?" },
	{ "proto=ftp;for=192.0.2.43", "192.0.2.43", "?" },
	/* a hidden client: the proxy that hides it is the last known address */
	{ "for=unknown", PEER, "?" },
	{ "for=_hidden;proto=https", PEER, "https" },
	{ "for=192.0.2.43, for=_secret, for=10.9.9.9", "10.9.9.9", "?" },
	{ "by=10.0.0.1;proto=https", PEER, "https" },
	/* a malformed element ends the walk, and does not extend past the comma */
	{ "", PEER, "?" },
	{ ",", PEER, "?" },
	{ "for", PEER, "?" },
	{ "for=", PEER, "?" },
	{ "=192.0.2.43", PEER, "?" },
	{ "for=\"", PEER, "?" },
	{ "for=\"192.0.2.43", PEER, "?" },
	{ "for=\"192.0.2.43\"x", PEER, "?" },
	{ "for=\"192.0.2.43\\\"", PEER, "?" },
	{ "for=192.0.2.43;for=192.0.2.44", PEER, "?" },
	{ "for=2001:db8::1", PEER, "?" },
	{ "for=\"2001:db8::1\"", PEER, "?" },
	{ "for=[2001:db8::1]", "2001:db8::1", "?" },
	{ "for=\", for=192.0.2.43", "192.0.2.43", "?" },
	{ "for=\"\\, for=192.0.2.43", "192.0.2.43", "?" },
	{ "for=\"6.6.6.6, for=192.0.2.43, for=10.2.3.4", "192.0.2.43", "?" },
	{ "for=\", for=\"[2001:db8::7]\"", "2001:db8::7", "?" },
	{ "!!!, for=10.2.3.4", "10.2.3.4", "?" },
};

START_TEST(forwarded_is_read_from_the_right)
{
	check(&(struct forwarded_fields){ .forwarded = forwarded[_i].field }, forwarded[_i].client,
	      forwarded[_i].proto);
}
END_TEST

static const struct {
	const char *field, *proto, *client, *found;
} x_forwarded[] = {
	{ "192.0.2.43", NULL, "192.0.2.43", "?" },
	{ "192.0.2.43", "https", "192.0.2.43", "https" },
	{ "2001:db8::1", "http", "2001:db8::1", "http" },
	{ "[2001:db8::1]:443", NULL, "2001:db8::1", "?" },
	{ "192.0.2.43:5000", NULL, "192.0.2.43", "?" },
	{ "6.6.6.6, 192.0.2.43", NULL, "192.0.2.43", "?" },
	{ "6.6.6.6,192.0.2.43 ,  10.2.3.4", NULL, "192.0.2.43", "?" },
	{ "10.2.3.4, 10.2.3.5", NULL, "10.2.3.4", "?" },
	{ "192.0.2.43, unknown, 10.2.3.5", NULL, "10.2.3.5", "?" },
	{ "unknown", NULL, PEER, "?" },
	{ "", NULL, PEER, "?" },
	{ "192.0.2.43 192.0.2.44", NULL, PEER, "?" },
	{ "\"192.0.2.43\"", NULL, PEER, "?" },
	{ NULL, "https", PEER, "https" },
	{ NULL, NULL, PEER, "?" },
	{ NULL, "", PEER, "?" },
	{ NULL, "gopher", PEER, "?" },
	/* one value for each proxy, or a single value */
	{ "192.0.2.43, 10.2.3.4", "https, http", "192.0.2.43", "https" },
	{ "192.0.2.43, 10.2.3.4", "https", "192.0.2.43", "https" },
	{ "192.0.2.43", "https, http", "192.0.2.43", "http" }, /* the client sent the left element */
	{ NULL, "https, http", PEER, "http" },
};

START_TEST(x_forwarded_for_is_read_from_the_right)
{
	check(&(struct forwarded_fields){ .forwarded_for = x_forwarded[_i].field,
					  .forwarded_proto = x_forwarded[_i].proto },
	      x_forwarded[_i].client, x_forwarded[_i].found);
}
END_TEST

/* There is no way to tell which field the proxy wrote and which it passed on from the client. */
START_TEST(both_fields_must_name_the_same_client)
{
	check(&(struct forwarded_fields){ .forwarded = "for=192.0.2.1",
					  .forwarded_for = "192.0.2.1",
					  .forwarded_proto = "https" },
	      "192.0.2.1", "https");
	check(&(struct forwarded_fields){ .forwarded = "for=192.0.2.1", .forwarded_for = "192.0.2.2" }, "192.0.2.1",
	      "contradiction");
	check(&(struct forwarded_fields){ .forwarded = "bad", .forwarded_for = "192.0.2.2" }, PEER, "contradiction");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forwarded");
	TCase *t = tcase_create("forwarded");
	tcase_add_loop_test(t, forwarded_is_read_from_the_right, 0, ROWS(forwarded));
	tcase_add_loop_test(t, x_forwarded_for_is_read_from_the_right, 0, ROWS(x_forwarded));
	tcase_add_test(t, both_fields_must_name_the_same_client);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
