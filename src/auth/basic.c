/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses Basic credentials. All functions are pure and thread-safe. The caller owns the credentials, and no copy of
 * them remains in memory.
 *
 * The main idea: parsing is strict, so that a field has exactly one meaning and the name in the log is the name that
 * was checked. Text that is not UTF-8 is rejected, because the challenge requests UTF-8 with its "charset" parameter.
 */
#include "auth/basic.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define PAIR_BYTES (BASIC_USER_BYTES + BASIC_PASSWORD_BYTES) /* maximum length of "user:password", with its NUL */

static int sextet(char byte)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = byte != '\0' ? strchr(digits, byte) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/*
 * Decodes base64 (RFC 4648 section 4). Padding is required, other bytes are not allowed, and unused bits must be zero.
 * Returns the length of the decoded text, or -EINVAL.
 */
static int decode(const char *text, size_t length, char out[PAIR_BYTES])
{
	size_t padding = 0, used = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	if (length == 0 || length % 4 != 0 || length / 4 * 3 - padding >= PAIR_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < length - padding; i++) {
		int value = sextet(text[i]);

		if (value < 0)
			return -EINVAL;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[used++] = (char)(bits >> have & 0xff);
		}
	}
	if ((bits & ((1U << have) - 1)) != 0)
		return -EINVAL;
	out[used] = '\0';
	return (int)used;
}

/* Returns the length of the UTF-8 code point at `at`, or 0 if it is invalid (RFC 3629: surrogate or overlong form). */
static size_t code_point(const uint8_t *at, size_t left)
{
	static const uint8_t second_least[] = { [0] = 0xa0, [16] = 0x90 }; /* lowest second byte after E0 and F0 */
	size_t length = at[0] < 0x80   ? 1
			: at[0] < 0xc2 ? 0
			: at[0] < 0xe0 ? 2
			: at[0] < 0xf0 ? 3
			: at[0] < 0xf5 ? 4
				       : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 || at[0] == 0xf0) && at[1] < second_least[at[0] - 0xe0])
		return 0;
	if ((at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

/* Returns true if the text is UTF-8 without control bytes (RFC 7617 section 2). */
static bool is_text(const char *text, size_t length)
{
	const uint8_t *at = (const uint8_t *)text;

	for (size_t used = 0, step; used < length; used += step) {
		step = code_point(at + used, length - used);
		if (step == 0 || at[used] < 0x20 || at[used] == 0x7f)
			return false;
	}
	return true;
}

static int split(const char *pair, size_t length, struct basic *basic)
{
	const char *colon = memchr(pair, ':', length);
	size_t user = colon != NULL ? (size_t)(colon - pair) : length;

	if (colon == NULL || user >= sizeof(basic->user) || length - user - 1 >= sizeof(basic->password) ||
	    !is_text(pair, length))
		return -EINVAL;
	memcpy(basic->user, pair, user);
	basic->user[user] = '\0';
	memcpy(basic->password, colon + 1, length - user); /* including the NUL */
	return 0;
}

int basic_parse(const char *authorization, struct basic *basic)
{
	char pair[PAIR_BYTES];
	size_t blanks;
	int length, result;

	basic->user[0] = basic->password[0] = '\0';
	if (strncasecmp(authorization, "Basic", 5) != 0)
		return -EINVAL;
	blanks = strspn(authorization + 5, " ");
	if (blanks == 0)
		return -EINVAL;
	length = decode(authorization + 5 + blanks, strlen(authorization + 5 + blanks), pair);
	result = length < 0 ? length : split(pair, (size_t)length, basic);
	explicit_bzero(pair, sizeof(pair));
	return result;
}

void basic_wipe(struct basic *basic)
{
	explicit_bzero(basic, sizeof(*basic));
}
