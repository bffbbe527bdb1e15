/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses, verifies and creates signed URLs. All functions are pure and thread-safe. The request (or ranged-sign) owns
 * the signature.
 *
 * The main idea: the signed text is formatted from the parsed values, never copied from the URL. A value that could be
 * written in two ways (with a leading zero or a sign) is therefore rejected and not normalised. Codes are compared as
 * text, over their whole length. Therefore no code has a second spelling, and codes need not be decoded.
 */
#include "auth/signature.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"

#define CODE_LENGTH (SIGNATURE_CODE_BYTES - 1)
#define DIGEST_BYTES 32
#define EXPIRES_DIGITS 12
#define RATE_DIGITS 15

/* --- the query --- */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/*
 * Decodes a value. "+" is a blank, as in HTML forms, because libraries encode queries that way. Returns false for an
 * invalid escape, a NUL, or a value that is too long.
 */
static bool decode_value(const char *at, size_t length, char *text, size_t text_bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int high, low;

		if (used + 1 == text_bytes)
			return false;
		if (at[i] != '%') {
			text[used++] = at[i] == '+' ? ' ' : at[i];
			continue;
		}
		high = i + 2 < length ? hex_value(at[i + 1]) : -1;
		low = high >= 0 ? hex_value(at[i + 2]) : -1;
		if (low < 0 || (high | low) == 0)
			return false;
		text[used++] = (char)(high << 4 | low);
		i += 2;
	}
	text[used] = '\0';
	return true;
}

/* Parses a positive whole number of at most digits_max digits, without a sign or leading zeros. */
static bool parse_number(const char *at, size_t length, unsigned digits_max, uint64_t *number)
{
	*number = 0;
	if (length == 0 || length > digits_max || *at == '0')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(at[i] - '0');
	}
	return true;
}

static bool parse_expires(struct signature *signature, const char *at, size_t length)
{
	uint64_t number;
	bool parsed = parse_number(at, length, EXPIRES_DIGITS, &number);

	signature->expires = (int64_t)number;
	return parsed;
}

static bool parse_rate(struct signature *signature, const char *at, size_t length)
{
	return parse_number(at, length, RATE_DIGITS, &signature->rate_bytes);
}

static bool parse_key(struct signature *signature, const char *at, size_t length)
{
	return decode_value(at, length, signature->key, sizeof(signature->key)) &&
	       sign_keys_id_fault(signature->key) == NULL;
}

static bool parse_code(struct signature *signature, const char *at, size_t length)
{
	if (length != CODE_LENGTH)
		return false;
	memcpy(signature->code, at, length);
	return true;
}

static bool parse_address(struct signature *signature, const char *at, size_t length)
{
	struct cidr ignored;

	return decode_value(at, length, signature->address, sizeof(signature->address)) &&
	       address_parse_cidr(signature->address, &ignored) == NULL;
}

static bool parse_prefix(struct signature *signature, const char *at, size_t length)
{
	signature->prefix = true;
	return decode_value(at, length, signature->path, sizeof(signature->path)) &&
	       signature_prefix_fault(signature->path) == NULL;
}

static const struct {
	char name;
	bool needed;
	bool (*parse)(struct signature *signature, const char *at, size_t length);
} parameters[] = {
	{ 'e', true, parse_expires },  { 'k', true, parse_key },   { 's', true, parse_code },
	{ 'a', false, parse_address }, { 'r', false, parse_rate }, { 'p', false, parse_prefix },
};
#define PARAMETER_COUNT (sizeof(parameters) / sizeof(parameters[0]))

/* Returns the index of the parameter from `at` to `end`, or PARAMETER_COUNT if it is not in the table. Sets *value. */
static size_t find_parameter(const char *at, const char *end, const char **value)
{
	size_t i = 0;

	if (end - at == 1 || (end - at > 1 && at[1] == '='))
		while (i < PARAMETER_COUNT && parameters[i].name != *at)
			i++;
	else
		i = PARAMETER_COUNT;
	*value = end - at > 1 ? at + 2 : end;
	return i;
}

enum signature_verdict signature_parse(const char *query, struct signature *signature)
{
	unsigned seen = 0;
	bool good = true;

	memset(signature, 0, offsetof(struct signature, path));
	signature->path[0] = '\0';
	while (query != NULL && *query != '\0') {
		const char *end = strchrnul(query, '&'), *value;
		size_t i = find_parameter(query, end, &value);

		if (i < PARAMETER_COUNT) {
			good = good && (seen >> i & 1) == 0 &&
			       parameters[i].parse(signature, value, (size_t)(end - value));
			seen |= 1U << i;
		}
		query = *end == '&' ? end + 1 : end;
	}
	if (seen == 0)
		return SIGNATURE_MISSING;
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		good = good && (!parameters[i].needed || (seen >> i & 1) != 0);
	return good ? SIGNATURE_GOOD : SIGNATURE_MALFORMED;
}

/* --- the code --- */

static void encode(const unsigned char digest[DIGEST_BYTES], char code[SIGNATURE_CODE_BYTES])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned pending = 0, bits = 0, used = 0;

	for (unsigned i = 0; i < DIGEST_BYTES; i++) {
		pending = pending << 8 | digest[i];
		for (bits += 8; bits >= 6; bits -= 6)
			code[used++] = digits[pending >> (bits - 6) & 63];
	}
	code[used++] = digits[pending << (6 - bits) & 63];
	code[used] = '\0';
}

/* Computes the code. Returns 0, or -EIO if GnuTLS fails. */
static int make_code(const struct signature *signature, const struct sign_key *key, char code[SIGNATURE_CODE_BYTES])
{
	char text[sizeof(signature->path) + SIGNATURE_ADDRESS_BYTES + 80], rate[24] = "";
	unsigned char digest[DIGEST_BYTES];
	int length;

	if (signature->rate_bytes > 0)
		snprintf(rate, sizeof(rate), "%" PRIu64, signature->rate_bytes);
	length = snprintf(text, sizeof(text), "ranged1\n%" PRId64 "\n%s\n%s\n%s\n%s", signature->expires,
			  signature->address, rate, signature->prefix ? "prefix" : "path", signature->path);
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->secret, key->secret_bytes, text, (size_t)length, digest) != 0)
		return -EIO;
	encode(digest, code);
	return 0;
}

/*
 * Returns true if the file is below the prefix. A prefix consists of whole names: "/a" covers "a" and "a/b" but not
 * "ab". A trailing slash is ignored.
 */
static bool covers(const char *prefix, const char *file)
{
	size_t length = strlen(++prefix);

	if (length > 0 && prefix[length - 1] == '/')
		length--;
	if (length == 0)
		return true;
	return strncmp(file, prefix, length) == 0 && (file[length] == '\0' || file[length] == '/');
}

static bool is_from(const char *network, const struct address *client)
{
	struct cidr cidr;

	return *network == '\0' || (address_parse_cidr(network, &cidr) == NULL && address_in(client, &cidr));
}

enum signature_verdict signature_check(const struct sign_keys *keys, const struct path *path,
				       const struct address *client, int64_t now, struct signature *signature)
{
	enum signature_verdict verdict = signature_parse(path->query, signature);
	char code[SIGNATURE_CODE_BYTES];
	const struct sign_key *key;

	if (verdict != SIGNATURE_GOOD)
		return verdict;
	key = sign_keys_find(keys, signature->key);
	if (key == NULL)
		return SIGNATURE_UNKNOWN_KEY;
	if (!signature->prefix)
		strcpy(stpcpy(signature->path, "/"), path->file);
	if (make_code(signature, key, code) != 0 || gnutls_memcmp(code, signature->code, CODE_LENGTH) != 0)
		return SIGNATURE_WRONG;
	if (signature->prefix && !covers(signature->path, path->file))
		return SIGNATURE_OUTSIDE;
	if (!is_from(signature->address, client))
		return SIGNATURE_OTHER_ADDRESS;
	return now < signature->expires ? SIGNATURE_GOOD : SIGNATURE_EXPIRED;
}

unsigned signature_status(enum signature_verdict verdict)
{
	if (verdict == SIGNATURE_GOOD)
		return 200;
	return verdict == SIGNATURE_EXPIRED ? 410 : 403;
}

const char *signature_description(enum signature_verdict verdict)
{
	static const char *const descriptions[] = {
		[SIGNATURE_GOOD] = "the signature is valid",
		[SIGNATURE_MISSING] = "the URL has no signature",
		[SIGNATURE_MALFORMED] = "a parameter of the signature is missing, repeated or invalid",
		[SIGNATURE_UNKNOWN_KEY] = "the key file contains no key with this id",
		[SIGNATURE_WRONG] =
			"the signature does not match: it was made for another path, other parameters or another key",
		[SIGNATURE_OUTSIDE] = "the path is not below the signed prefix",
		[SIGNATURE_OTHER_ADDRESS] = "the URL was signed for another address",
		[SIGNATURE_EXPIRED] = "the signature has expired",
	};

	return descriptions[verdict];
}

const char *signature_prefix_fault(const char *prefix)
{
	if (*prefix != '/')
		return "a prefix must begin with a slash";
	if (strlen(prefix) > PATH_BYTES - 1)
		return "the prefix is too long";
	for (const char *name = prefix + 1; *name != '\0';) {
		size_t length = strcspn(name, "/");

		if (length == 0 || (length <= 2 && strspn(name, ".") >= length))
			return "a prefix must not contain \".\", \"..\" or an empty name";
		if (length > PATH_NAME_MAX)
			return "a name in the prefix is too long";
		name += length + (name[length] == '/');
	}
	return NULL;
}

/* --- formatting, for ranged-sign and the log --- */

/* Appends a value. Escapes all characters that may have a meaning in a query. */
static void put_value(struct writer *writer, const char *name, const char *value)
{
	writer_text(writer, name);
	for (; *value != '\0'; value++) {
		bool plain = (*value >= '0' && *value <= '9') || ((*value | 0x20) >= 'a' && (*value | 0x20) <= 'z') ||
			     strchr("-._~/:", *value) != NULL;

		if (plain)
			writer_put(writer, *value);
		else
			writer_escape(writer, *value);
	}
}

int signature_sign(struct signature *signature, const struct sign_key *key)
{
	strcpy(signature->key, key->id);
	return make_code(signature, key, signature->code);
}

int signature_format(const struct signature *signature, char *text, size_t text_bytes)
{
	struct writer writer = { text, text_bytes, 0 };
	char number[24];

	snprintf(number, sizeof(number), "%" PRId64, signature->expires);
	put_value(&writer, "e=", number);
	put_value(&writer, "&k=", signature->key);
	if (signature->address[0] != '\0')
		put_value(&writer, "&a=", signature->address);
	snprintf(number, sizeof(number), "%" PRIu64, signature->rate_bytes);
	if (signature->rate_bytes > 0)
		put_value(&writer, "&r=", number);
	if (signature->prefix)
		put_value(&writer, "&p=", signature->path);
	put_value(&writer, "&s=", signature->code);
	return writer_end(&writer);
}

void signature_mask(char *query)
{
	while (query != NULL && *query != '\0') {
		char *end = strchrnul(query, '&');

		if (query[0] == 's' && query[1] == '=' && end == query + 2 + CODE_LENGTH) {
			query[2] = '*';
			memmove(query + 3, end, strlen(end) + 1);
			end = query + 3;
		}
		query = *end == '&' ? end + 1 : end;
	}
}
