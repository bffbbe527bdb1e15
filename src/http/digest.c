/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes Repr-Digest and parses Want-Repr-Digest. The functions are pure and thread-safe. The field belongs to the
 * request.
 *
 * The main idea: Want-Repr-Digest is a structured field of which only the member "sha-256" matters. A structured field
 * that is malformed anywhere must be ignored as a whole (RFC 8941 section 4.2). The whole field is therefore parsed:
 * keys, values of any type, inner lists and parameters. Each parse_*() function advances a cursor past one element, or
 * returns false.
 */
#include "http/digest.h"

#include <stddef.h>
#include <string.h>

#define KEY_FIRST "abcdefghijklmnopqrstuvwxyz*"
#define KEY "abcdefghijklmnopqrstuvwxyz0123456789_-.*"
#define DIGITS "0123456789"
#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALGORITHM "sha-256"
#define WANT_MAX 10	    /* highest weight, RFC 9530 section 4 */
#define NOT_AN_INTEGER (-1) /* stands for the value of a member that is not an integer */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *digest_format(const uint8_t digest[DIGEST_SHA256_BYTES], char *text)
{
	char *at = stpcpy(text, ALGORITHM "=:");

	for (unsigned i = 0; i < DIGEST_SHA256_BYTES; i += 3) {
		bool is_short = i + 2 >= DIGEST_SHA256_BYTES; /* the last group has two bytes */
		uint32_t group = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 |
				 (is_short ? 0 : digest[i + 2]);

		*at++ = base64[group >> 18];
		*at++ = base64[group >> 12 & 63];
		*at++ = base64[group >> 6 & 63];
		*at++ = is_short ? '=' : base64[group & 63];
	}
	stpcpy(at, ":");
	return text;
}

/* If the next byte is `byte`, advances past it and returns true. */
static bool match(const char **at, char byte)
{
	bool matches = **at == byte;

	*at += matches;
	return matches;
}

/* Parses an integer of at most 15 digits, or a decimal of at most 12 digits and 1 to 3 digits after the point. */
static bool parse_number(const char **at, long long *value)
{
	bool negative = match(at, '-');
	size_t digits = strspn(*at, DIGITS), fraction_digits;

	*value = 0;
	for (size_t i = 0; i < digits && i < 15; i++)
		*value = *value * 10 + ((*at)[i] - '0');
	*value = negative ? -*value : *value;
	*at += digits;
	if (digits == 0 || digits > 15 || !match(at, '.'))
		return digits > 0 && digits <= 15;
	fraction_digits = strspn(*at, DIGITS);
	*at += fraction_digits;
	*value = NOT_AN_INTEGER;
	return digits <= 12 && fraction_digits >= 1 && fraction_digits <= 3;
}

static bool parse_string(const char **at)
{
	for ((*at)++; **at != '"'; (*at)++) {
		bool escaped = match(at, '\\');

		if (**at < ' ' || **at > '~' || (escaped && **at != '"' && **at != '\\'))
			return false;
	}
	return match(at, '"');
}

/* Parses one value without parameters. Sets *value to its integer, or to NOT_AN_INTEGER. */
static bool parse_item(const char **at, long long *value)
{
	const char byte = **at;

	*value = NOT_AN_INTEGER;
	if (byte == '-' || (byte >= '0' && byte <= '9'))
		return parse_number(at, value);
	if (byte == '"')
		return parse_string(at);
	(*at)++;
	if (byte == '?') {
		bool is_boolean = **at == '0' || **at == '1';

		*at += is_boolean;
		return is_boolean;
	}
	if (byte == ':') {
		*at += strspn(*at, ALPHA DIGITS "+/=");
		return match(at, ':');
	}
	if (byte == '*' || (byte != '\0' && strchr(ALPHA, byte) != NULL)) {
		*at += strspn(*at, ALPHA DIGITS "!#$%&'*+-.^_`|~:/");
		return true;
	}
	return false;
}

static bool parse_key(const char **at)
{
	if (**at == '\0' || strchr(KEY_FIRST, **at) == NULL)
		return false;
	*at += strspn(*at, KEY);
	return true;
}

static bool parse_parameters(const char **at)
{
	long long value;

	while (match(at, ';')) {
		*at += strspn(*at, " ");
		if (!parse_key(at) || (match(at, '=') && !parse_item(at, &value)))
			return false;
	}
	return true;
}

/* Parses an inner list after its "(". */
static bool parse_inner_list(const char **at)
{
	long long value;

	for (;;) {
		size_t blanks = strspn(*at, " ");

		*at += blanks;
		if (match(at, ')'))
			return true;
		if (blanks == 0 && (*at)[-1] != '(')
			return false;
		if (!parse_item(at, &value) || !parse_parameters(at))
			return false;
	}
}

/* Parses the value and the parameters after a key. A key without a value is a boolean. */
static bool parse_member(const char **at, long long *value)
{
	*value = NOT_AN_INTEGER;
	if (match(at, '=')) {
		if (**at == '(') {
			(*at)++;
			if (!parse_inner_list(at))
				return false;
		} else if (!parse_item(at, value)) {
			return false;
		}
	}
	return parse_parameters(at);
}

/*
 * Advances to the next member. Returns 1 if there is a member, 0 at the end of the field, or -1 if the field is
 * malformed.
 */
static int next_member(const char **at)
{
	*at += strspn(*at, " \t");
	if (**at == '\0')
		return 0;
	if (!match(at, ','))
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

		if (!parse_key(&field))
			return true;
		length = (size_t)(field - key);
		if (!parse_member(&field, &value))
			return true;
		if (length == strlen(ALGORITHM) && memcmp(key, ALGORITHM, length) == 0) {
			if (value < 0 || value > WANT_MAX)
				return true;
			wanted = value > 0; /* the last member with a key overrides earlier members with that key */
		}
		more = next_member(&field);
	}
	return more < 0 || wanted;
}
