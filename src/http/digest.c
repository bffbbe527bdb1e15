/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Want-Repr-Digest is a structured field, of which one member counts; but a field that is malformed anywhere counts as
 * not sent (RFC 8941 section 4.2), so all of it is read: keys, values of any type, inner lists and parameters, each by
 * a function that steps over it or says that it is none.
 */
#include "http/digest.h"

#include <stddef.h>
#include <string.h>

#define KEY_FIRST "abcdefghijklmnopqrstuvwxyz*"
#define KEY "abcdefghijklmnopqrstuvwxyz0123456789_-.*"
#define DIGITS "0123456789"
#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALGORITHM "sha-256"
#define WANT_MAX 10 /* section 4: weights are 0 … 10 */
#define OTHER (-1)  /* a value that is no integer */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *digest_format(const uint8_t digest[DIGEST_SHA256_BYTES], char *text)
{
	char *at = stpcpy(text, ALGORITHM "=:");

	for (unsigned i = 0; i < DIGEST_SHA256_BYTES; i += 3) {
		bool short_one = i + 2 >= DIGEST_SHA256_BYTES; /* the last two bytes */
		uint32_t group = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 |
				 (short_one ? 0 : digest[i + 2]);

		*at++ = base64[group >> 18];
		*at++ = base64[group >> 12 & 63];
		*at++ = base64[group >> 6 & 63];
		*at++ = short_one ? '=' : base64[group & 63];
	}
	stpcpy(at, ":");
	return text;
}

static bool take(const char **at, char byte)
{
	bool is_there = **at == byte;

	*at += is_there;
	return is_there;
}

/* At most 15 digits, or 12 and up to 3 behind a point. */
static bool take_number(const char **at, long long *value)
{
	bool negative = take(at, '-');
	size_t digits = strspn(*at, DIGITS), behind;

	*value = 0;
	for (size_t i = 0; i < digits && i < 15; i++)
		*value = *value * 10 + ((*at)[i] - '0');
	*value = negative ? -*value : *value;
	*at += digits;
	if (digits == 0 || digits > 15 || !take(at, '.'))
		return digits > 0 && digits <= 15;
	behind = strspn(*at, DIGITS);
	*at += behind;
	*value = OTHER;
	return digits <= 12 && behind >= 1 && behind <= 3;
}

static bool take_string(const char **at)
{
	for ((*at)++; **at != '"'; (*at)++) {
		bool escaped = take(at, '\\');

		if (**at < ' ' || **at > '~' || (escaped && **at != '"' && **at != '\\'))
			return false;
	}
	return take(at, '"');
}

/* One value, without parameters. *value: if it is an integer, else OTHER. */
static bool take_item(const char **at, long long *value)
{
	const char byte = **at;

	*value = OTHER;
	if (byte == '-' || (byte >= '0' && byte <= '9'))
		return take_number(at, value);
	if (byte == '"')
		return take_string(at);
	(*at)++;
	if (byte == '?') {
		bool is_boolean = **at == '0' || **at == '1';

		*at += is_boolean;
		return is_boolean;
	}
	if (byte == ':') {
		*at += strspn(*at, ALPHA DIGITS "+/=");
		return take(at, ':');
	}
	if (byte == '*' || (byte != '\0' && strchr(ALPHA, byte) != NULL)) {
		*at += strspn(*at, ALPHA DIGITS "!#$%&'*+-.^_`|~:/");
		return true;
	}
	return false;
}

static bool take_key(const char **at)
{
	if (**at == '\0' || strchr(KEY_FIRST, **at) == NULL)
		return false;
	*at += strspn(*at, KEY);
	return true;
}

static bool take_parameters(const char **at)
{
	long long value;

	while (take(at, ';')) {
		*at += strspn(*at, " ");
		if (!take_key(at) || (take(at, '=') && !take_item(at, &value)))
			return false;
	}
	return true;
}

/* What follows a "(". */
static bool take_inner_list(const char **at)
{
	long long value;

	for (;;) {
		size_t blanks = strspn(*at, " ");

		*at += blanks;
		if (take(at, ')'))
			return true;
		if (blanks == 0 && (*at)[-1] != '(')
			return false;
		if (!take_item(at, &value) || !take_parameters(at))
			return false;
	}
}

/* What follows a key. A key alone is a boolean. */
static bool take_member(const char **at, long long *value)
{
	*value = OTHER;
	if (take(at, '=')) {
		if (**at == '(') {
			(*at)++;
			if (!take_inner_list(at))
				return false;
		} else if (!take_item(at, value)) {
			return false;
		}
	}
	return take_parameters(at);
}

/* Between members: 1: there is another one; 0: that was all; -1: malformed. */
static int next_member(const char **at)
{
	*at += strspn(*at, " \t");
	if (**at == '\0')
		return 0;
	if (!take(at, ','))
		return -1;
	*at += strspn(*at, " \t");
	return **at != '\0' ? 1 : -1;
}

bool digest_wanted(const char *field)
{
	bool wanted = false;
	int more = 1;

	if (field == NULL)
		return true;
	field += strspn(field, " ");
	if (*field == '\0')
		return true;
	while (more > 0) {
		const char *key = field;
		long long value;
		size_t length;

		if (!take_key(&field))
			return true;
		length = (size_t)(field - key);
		if (!take_member(&field, &value))
			return true;
		if (length == strlen(ALGORITHM) && memcmp(key, ALGORITHM, length) == 0) {
			if (value < 0 || value > WANT_MAX)
				return true;
			wanted = value > 0; /* the last one of a key counts */
		}
		more = next_member(&field);
	}
	return more < 0 || wanted;
}
