/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accept-Encoding and Accept: the quality that each form of the fields gives to a coding and to a media type. */
#include "http/negotiate.h"

#include <stddef.h>

#include "../suite.h"

static const struct {
	const char *field;
	unsigned identity, gzip, br, zstd;
} encodings[] = {
	/* no field, an empty field, no well-formed member */
	{ NULL, 1000, 0, 0, 0 },
	{ "", 1, 0, 0, 0 },
	{ " , ,", 1, 0, 0, 0 },
	{ "gzip;q=2", 1, 0, 0, 0 },
	/* listed or not */
	{ "gzip", 1, 1000, 0, 0 },
	{ "gzip, deflate, br, zstd", 1, 1000, 1000, 1000 },
	{ "deflate", 1, 0, 0, 0 },
	{ "GZip,BR", 1, 1000, 1000, 0 },
	{ "\tgzip\t,\tbr ", 1, 1000, 1000, 0 },
	{ ",gzip,,br,", 1, 1000, 1000, 0 },
	{ "x-gzip", 1, 1000, 0, 0 },
	{ "X-GZIP;q=0.5", 1, 500, 0, 0 },
	{ "gzipx, xbr, zst", 1, 0, 0, 0 },
	/* weights */
	{ "gzip;q=1, br;q=0.5, zstd;q=0", 1, 1000, 500, 0 },
	{ "gzip;q=0.001, br;q=0.12, zstd;q=0.999", 1, 1, 120, 999 },
	{ "gzip;q=1.000, br;q=1., zstd;q=0.", 1, 1000, 1000, 0 },
	{ "gzip ; q=0.5,br ;Q=0.25, zstd;\tq=0.75", 1, 500, 250, 750 },
	{ "gzip;, br;;q=0.3;, zstd; ", 1, 1000, 300, 1000 },
	{ "identity, gzip;q=0.5", 1000, 500, 0, 0 },
	{ "identity;q=0.2, gzip;q=0.1", 200, 100, 0, 0 },
	{ "gzip;q=0", 1, 0, 0, 0 },
	/* identity is not accepted */
	{ "identity;q=0", 0, 0, 0, 0 },
	{ "identity;q=0.000, gzip", 0, 1000, 0, 0 },
	{ "*;q=0", 0, 0, 0, 0 },
	{ "br, *;q=0", 0, 0, 1000, 0 },
	{ "*;q=0, identity;q=0.5", 500, 0, 0, 0 },
	{ "identity, *;q=0", 1000, 0, 0, 0 },
	/* the wildcard matches all codings that are not named */
	{ "*", 1000, 1000, 1000, 1000 },
	{ "*;q=0.3", 300, 300, 300, 300 },
	{ "gzip;q=0.8, *;q=0.1", 100, 800, 100, 100 },
	{ "*;q=0.1, gzip;q=0", 100, 0, 100, 100 },
	{ "*;q=0.1, *;q=0.9", 100, 100, 100, 100 },
	/* the first of two members with the same name counts */
	{ "gzip;q=0.1, gzip;q=0.9", 1, 100, 0, 0 },
	{ "x-gzip;q=0.3, gzip", 1, 300, 0, 0 },
	/* a malformed member does not invalidate the others */
	{ "gzip;q=1.001, br", 1, 0, 1000, 0 },
	{ "gzip;q=0.1234, br", 1, 0, 1000, 0 },
	{ "gzip;q=.5, br", 1, 0, 1000, 0 },
	{ "gzip;q=-1, br", 1, 0, 1000, 0 },
	{ "gzip;q=, br", 1, 0, 1000, 0 },
	{ "gzip;q, br", 1, 0, 1000, 0 },
	{ "gzip;q =0.5, br", 1, 0, 1000, 0 },
	{ "gzip;q=0,5, br", 1, 0, 1000, 0 },
	{ "gzip;q=high, br", 1, 0, 1000, 0 },
	{ "gzip deflate, br", 1, 0, 1000, 0 },
	{ "gzip;level=9, br", 1, 0, 1000, 0 },
	{ "\"gzip, zstd\", br", 1, 0, 1000, 0 },
	{ "\"gzip, br", 1, 0, 1000, 0 },
	{ "gz\xc3\xaep, =, ;q=1, br", 1, 0, 1000, 0 },
	{ "identity;q=none, gzip", 1, 1000, 0, 0 },
};

START_TEST(computes_the_quality_of_codings)
{
	const char *field = encodings[_i].field, *shown = field != NULL ? field : "(none)";

	ck_assert_msg(negotiate_encoding(field, "identity") == encodings[_i].identity, "identity in %s", shown);
	ck_assert_msg(negotiate_encoding(field, "gzip") == encodings[_i].gzip, "gzip in %s", shown);
	ck_assert_msg(negotiate_encoding(field, "br") == encodings[_i].br, "br in %s", shown);
	ck_assert_msg(negotiate_encoding(field, "zstd") == encodings[_i].zstd, "zstd in %s", shown);
}
END_TEST

#define RFC_9110 "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
#define BROWSER "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

static const struct {
	const char *field, *type;
	unsigned quality;
} types[] = {
	{ NULL, "text/html", 1000 },
	{ "", "text/html", 1000 },
	{ "text, *, nothing at all", "text/html", 1000 },
	{ "text/html", "text/html", 1000 },
	{ "TEXT/Html", "text/html", 1000 },
	{ "text/html", "application/json", 0 },
	{ "text/html", "text/htm", 0 },
	{ "text/htm", "text/html", 0 },
	{ "application/json", "text/html", 0 },
	{ "*/*", "text/html", 1000 },
	{ "*/*;q=0.1", "text/html", 100 },
	{ "text/*", "text/html", 1000 },
	{ "text/*", "textual/html", 0 },
	{ "tex/*", "text/html", 0 },
	{ "*/html", "text/html", 1000 }, /* not a media range */
	{ "image/*, */html", "text/html", 0 },
	/* section 12.5.1 */
	{ RFC_9110, "text/plain;format=flowed", 1000 },
	{ RFC_9110, "text/plain", 700 },
	{ RFC_9110, "text/html", 300 },
	{ RFC_9110, "image/jpeg", 500 },
	{ RFC_9110, "text/plain;format=fixed", 400 },
	{ RFC_9110, "text/html;level=3", 300 },
	/* the most specific range counts, in any order */
	{ "*/*, text/*;q=0.5, text/html;q=0.2", "text/html", 200 },
	{ "text/html;q=0.2, text/*;q=0.5, */*", "text/html", 200 },
	{ "text/html;q=0, */*", "text/html", 0 },
	{ "text/html;q=0.4, text/html;q=0.6", "text/html", 400 },
	{ "*/*;a=1;b=2;q=0.9, text/*;q=0.1", "text/html;a=1;b=2", 100 },
	{ BROWSER, "text/html", 1000 },
	{ BROWSER, "application/json", 800 },
	/* parameters */
	{ "text/html;level=1", "text/html", 0 },
	{ "text/html;level=1", "text/html;level=2", 0 },
	{ "text/html;level=1;x=y;q=0.5", "text/html; x=Y; level=1", 500 },
	{ "text/html;x=\"y\"", "text/html;x=y", 1000 },
	{ "application/json;charset=utf-8, text/html;q=0.1", "application/json", 1000 },
	{ "text/html;q=0.5;level=1", "text/html", 500 }, /* after the weight, not a parameter of the type */
	{ "text/html ; q=0.5 , */*;q=0.1", "text/html", 500 },
	{ "text/plain;x=\"a,text/html;q=0.2,\\\"\", */*;q=0.3", "text/html", 300 },
	/* a malformed member does not invalidate the others */
	{ "text/html;q=.2, */*;q=0.1", "text/html", 100 },
	{ "text/html/x, text/*;q=0.4", "text/html", 400 },
	{ "/html, text/, text/*;q=0.4", "text/html", 400 },
	{ "text/html;x=\"unended, */*;q=0.1", "text/html", 100 },
	{ "text/html, image/gif, *; q=.2, */*; q=.2", "application/json", 0 },
};

START_TEST(computes_the_quality_of_media_types)
{
	ck_assert_msg(negotiate_type(types[_i].field, types[_i].type) == types[_i].quality, "%s in %s: %u",
		      types[_i].type, types[_i].field != NULL ? types[_i].field : "(none)",
		      negotiate_type(types[_i].field, types[_i].type));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("negotiate");
	TCase *t = tcase_create("negotiate");

	tcase_add_loop_test(t, computes_the_quality_of_codings, 0, sizeof(encodings) / sizeof(encodings[0]));
	tcase_add_loop_test(t, computes_the_quality_of_media_types, 0, sizeof(types) / sizeof(types[0]));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
