/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROXY headers: each is parsed as a whole, byte by byte, and with a request after it. */
#include "http/proxy_header.h"

#include <stdbool.h>
#include <string.h>

#include "../suite.h"
#include "base/address.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) literal, sizeof(literal) - 1

#define V4 "\xc0\x00\x02\x01\xc6\x33\x64\x02\x30\x39\x00\x50"
#define V6                                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02" \
	"\x30\x39\x00\x50"
#define SIXTEEN "0123456789abcdef"
#define HUNDRED SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0123"

static const struct {
	const char *bytes;
	size_t length;
	const char *source; /* NULL: malformed; "": no source address */
} headers[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n"), "192.0.2.1" },
	{ BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255" },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 0 0\r\n"), "192.0.2.1" },
	{ BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n"), "2001:db8::1" },
	{ BYTES("PROXY TCP6 ffff:f...f:ffff x 65535 65535\r\n"), NULL },
	{ BYTES("PROXY UNKNOWN\r\n"), "" },
	{ BYTES("PROXY UNKNOWN ffff:f ffff:f 65535 65535\r\n"), "" },
	{ BYTES("PROXY UNKNOWNS\r\n"), NULL },
	{ BYTES("PROXY  TCP4 192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY TCP4  192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80 \r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345 080\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 12345 65536\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 -1 80\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.256 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 12345 80\r\n"), NULL },
	{ BYTES("PROXY TCP6 192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY UDP4 192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY tcp4 192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("PROXY \r\n"), NULL },
	{ BYTES("PROXY \n"), NULL },
	{ BYTES("PROXY UNKNOWN " HUNDRED HUNDRED "\r\n"), NULL },
	{ BYTES("proxy TCP4 192.0.2.1 198.51.100.2 12345 80\r\n"), NULL },
	{ BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), NULL },
	{ BYTES("\x16\x03\x01\x02\x00\x01\x00"), NULL },
	{ BYTES("\r\nGET / HTTP/1.1\r\n"), NULL },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0c" V4), "192.0.2.1" },
	{ BYTES(SIGNATURE "\x21\x21\x00\x24" V6), "2001:db8::1" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x1c" V4 SIXTEEN), "192.0.2.1" }, /* TLVs */
	{ BYTES(SIGNATURE "\x21\x21\x00\x34" V6 SIXTEEN), "2001:db8::1" },
	{ BYTES(SIGNATURE "\x20\x00\x00\x00"), "" }, /* LOCAL */
	{ BYTES(SIGNATURE "\x20\x11\x00\x0c" V4), "" },
	{ BYTES(SIGNATURE "\x21\x00\x00\x00"), "" }, /* AF_UNSPEC */
	{ BYTES(SIGNATURE "\x21\x00\x00\x10" SIXTEEN), "" },
	{ BYTES(SIGNATURE "\x21\x31\x00\xd8" HUNDRED HUNDRED SIXTEEN), "" }, /* AF_UNIX */
	{ BYTES(SIGNATURE "\x21\x31\x00\xd7" HUNDRED HUNDRED "0123456789abcde"), NULL },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0b" V4), NULL },
	{ BYTES(SIGNATURE "\x21\x21\x00\x23" V6), NULL },
	{ BYTES(SIGNATURE "\x21\x12\x00\x0c" V4), NULL }, /* UDP */
	{ BYTES(SIGNATURE "\x22\x11\x00\x0c" V4), NULL },
	{ BYTES(SIGNATURE "\x11\x11\x00\x0c" V4), NULL },
	{ BYTES(SIGNATURE "\x31\x11\x00\x0c" V4), NULL },
	{ BYTES(SIGNATURE "\x21\x41\x00\x0c" V4), NULL },
	{ BYTES(SIGNATURE "\x21\x13\x00\x0c" V4), NULL },
	{ BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0c" V4), NULL },
};

static void check_source(const struct proxy_header *header, const char *expected)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	if (*expected == '\0') {
		ck_assert_int_eq(header->source.ss_family, AF_UNSPEC);
		return;
	}
	address_from_sockaddr((const struct sockaddr *)&header->source, &address);
	ck_assert_str_eq(address_format(&address, text), expected);
}

START_TEST(accepts_or_rejects_headers)
{
	struct proxy_header header;
	enum proxy_header_state state =
		proxy_header_parse((const uint8_t *)headers[_i].bytes, headers[_i].length, &header);
	if (headers[_i].source == NULL) {
		ck_assert_int_eq(state, PROXY_HEADER_MALFORMED);
		return;
	}
	ck_assert_int_eq(state, PROXY_HEADER_DONE);
	ck_assert_uint_eq(header.length, headers[_i].length);
	check_source(&header, headers[_i].source);
}
END_TEST

START_TEST(parses_headers_byte_by_byte)
{
	struct proxy_header header;
	enum proxy_header_state state = PROXY_HEADER_MORE;
	size_t length = 0;
	while (state == PROXY_HEADER_MORE && length <= headers[_i].length) {
		uint8_t copy[512]; /* exact size, so that a sanitizer detects an overread */
		ck_assert_uint_lt(length, sizeof(copy));
		memset(copy, 0xaa, sizeof(copy));
		memcpy(copy, headers[_i].bytes, length);
		if (state == PROXY_HEADER_MORE && length > 0)
			ck_assert_uint_lt(length - 1, PROXY_HEADER_BYTES);
		state = proxy_header_parse(copy, length++, &header);
	}
	ck_assert_int_eq(state, headers[_i].source != NULL ? PROXY_HEADER_DONE : PROXY_HEADER_MALFORMED);
	if (state == PROXY_HEADER_DONE) {
		ck_assert_uint_eq(header.length, headers[_i].length);
		check_source(&header, headers[_i].source);
	}
}
END_TEST

START_TEST(ignores_bytes_after_the_header)
{
	struct proxy_header header;
	uint8_t bytes[512];
	if (headers[_i].source == NULL)
		return;
	memcpy(bytes, headers[_i].bytes, headers[_i].length);
	memcpy(bytes + headers[_i].length, "GET / HTTP/1.1\r\n", 16);
	ck_assert_int_eq(proxy_header_parse(bytes, headers[_i].length + 16, &header), PROXY_HEADER_DONE);
	ck_assert_uint_eq(header.length, headers[_i].length);
	check_source(&header, headers[_i].source);
}
END_TEST

START_TEST(longest_header_needs_only_its_first_bytes)
{
	static const char head[] = SIGNATURE "\x21\x11\xff\xff" V4;
	struct proxy_header header;
	ck_assert_int_eq(proxy_header_parse((const uint8_t *)head, sizeof(head) - 1, &header), PROXY_HEADER_DONE);
	ck_assert_uint_eq(header.length, 16 + 65535);
}
END_TEST

START_TEST(longest_line_has_107_bytes)
{
	struct proxy_header header;
	char line[109];
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	ck_assert_int_eq(proxy_header_parse((uint8_t *)line, 106, &header), PROXY_HEADER_MORE);
	ck_assert_int_eq(proxy_header_parse((uint8_t *)line, 107, &header), PROXY_HEADER_MALFORMED);
	memcpy(line + 106, "\r\n", 2);
	ck_assert_int_eq(proxy_header_parse((uint8_t *)line, 108, &header), PROXY_HEADER_MALFORMED);
	memcpy(line + 105, "\r\n", 2);
	ck_assert_int_eq(proxy_header_parse((uint8_t *)line, 107, &header), PROXY_HEADER_DONE);
	ck_assert_uint_eq(header.length, 107);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_header");
	TCase *t = tcase_create("proxy_header");
	tcase_add_loop_test(t, accepts_or_rejects_headers, 0, ROWS(headers));
	tcase_add_loop_test(t, parses_headers_byte_by_byte, 0, ROWS(headers));
	tcase_add_loop_test(t, ignores_bytes_after_the_header, 0, ROWS(headers));
	tcase_add_test(t, longest_header_needs_only_its_first_bytes);
	tcase_add_test(t, longest_line_has_107_bytes);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
