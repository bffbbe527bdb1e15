/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the key files for signed URLs. The configuration owns the keys. The main thread of ranged reads the files, as
 * does ranged-sign. Workers only use the keys.
 *
 * The main idea: no copies of secrets remain in memory. A key file is small and is read as a whole, then split into
 * lines in a copy that is wiped afterwards. The secrets are wiped when the keys are freed. Freed memory could otherwise
 * appear in a core dump. Messages contain no secrets, because they are logged.
 */
#include "auth/sign_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (256 * 1024)
#define BLANKS " \t\r"
#define ID_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static int refuse(char *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int refuse(char *fault, int error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(fault, SIGN_KEYS_FAULT_BYTES, format, list);
	va_end(list);
	return error;
}

/* --- a secret --- */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Returns the value of a digit in either base64 alphabet of RFC 4648, or -1. */
static int base64_value(char digit)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at;

	if (digit == '-' || digit == '_')
		digit = digit == '-' ? '+' : '/';
	at = digit != '\0' ? strchr(digits, digit) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/*
 * Decodes digits of digit_bits bits each. The result may overwrite the text. Returns the number of bytes, or 0 if the
 * text contains another character or an incomplete byte.
 */
static size_t decode(const char *text, size_t length, int (*value_of)(char), unsigned digit_bits, unsigned char *bytes)
{
	unsigned pending = 0, bits = 0;
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			return 0;
		pending = pending << digit_bits | (unsigned)value;
		bits += digit_bits;
		if (bits < 8)
			continue;
		bits -= 8;
		bytes[used++] = (unsigned char)(pending >> bits);
		pending &= (1U << bits) - 1;
	}
	return bits < digit_bits && pending == 0 ? used : 0;
}

/* Decodes a secret in place. Returns its length, or 0 if it is malformed. */
static size_t decode_secret(char *text)
{
	unsigned char *bytes = (unsigned char *)text;
	const char *digits;
	size_t length;

	if (strncmp(text, "hex:", 4) == 0)
		return decode(text + 4, strlen(text + 4), hex_value, 4, bytes);
	if (strncmp(text, "base64:", 7) != 0)
		return strlen(text);
	digits = text + 7;
	length = strlen(digits);
	for (unsigned i = 0; i < 2 && length > 0 && digits[length - 1] == '='; i++)
		length--;
	return decode(digits, length, base64_value, 6, bytes);
}

static const char *secret_fault(char *text, size_t *bytes)
{
	*bytes = decode_secret(text);
	if (*bytes == 0)
		return "the secret after hex: or base64: is malformed or empty";
	if (*bytes < SIGN_KEYS_SECRET_MIN)
		return "the secret has fewer than 16 bytes; create one with \"openssl rand -hex 32\" and prefix it "
		       "with hex:";
	return *bytes > SIGN_KEYS_SECRET_MAX ? "the secret has more than 1024 bytes" : NULL;
}

/* --- a line --- */

const char *sign_keys_id_fault(const char *id)
{
	size_t length = strspn(id, ID_BYTES);

	if (length == 0 || id[length] != '\0')
		return "an id must consist of letters, digits, \".\", \"_\" and \"-\"";
	return length > SIGN_KEYS_ID_MAX ? "the id has more than 64 bytes" : NULL;
}

static const char *add_key(struct sign_keys *keys, const char *id, char *secret)
{
	struct sign_key *key = &keys->list[keys->count];
	const char *fault = sign_keys_id_fault(id);

	if (fault != NULL)
		return fault;
	if (sign_keys_find(keys, id) != NULL)
		return "the id occurs twice";
	if (keys->count == SIGN_KEYS_MAX)
		return "too many keys: a file can have at most 64";
	fault = secret_fault(secret, &key->secret_bytes);
	if (fault != NULL)
		return fault;
	key->secret = malloc(key->secret_bytes);
	if (key->secret == NULL)
		return "out of memory";
	memcpy(key->secret, secret, key->secret_bytes);
	strcpy(key->id, id);
	keys->count++;
	return NULL;
}

/* Parses a line and splits it into its words. Returns NULL on success, or the error. */
static const char *parse_line(struct sign_keys *keys, char *line)
{
	char *id = line + strspn(line, BLANKS), *secret = id + strcspn(id, BLANKS), *end;

	if (*id == '\0' || *id == '#')
		return NULL;
	if (*secret != '\0')
		*secret++ = '\0';
	secret += strspn(secret, BLANKS);
	end = secret + strcspn(secret, BLANKS);
	if (*secret == '\0' || end[strspn(end, BLANKS)] != '\0')
		return "expected an id and a secret, separated by a space";
	*end = '\0';
	return add_key(keys, id, secret);
}

/* Splits the text into lines and parses them. */
static int parse_lines(const char *name, char *text, size_t length, struct sign_keys *keys, char *fault)
{
	unsigned number = 1;

	for (char *line = text; line < text + length; number++) {
		char *end = memchr(line, '\n', (size_t)(text + length - line));
		const char *problem;

		if (end == NULL)
			end = text + length;
		*end = '\0';
		problem = strlen(line) < (size_t)(end - line) ? "the line contains a NUL byte" : parse_line(keys, line);
		if (problem != NULL)
			return refuse(fault, -EINVAL, "%s:%u: %s", name, number, problem);
		line = end + 1;
	}
	return keys->count > 0 ? 0 : refuse(fault, -EINVAL, "%s: the file contains no key", name);
}

int sign_keys_parse(const char *name, const char *text, size_t length, struct sign_keys **keys,
		    char fault[SIGN_KEYS_FAULT_BYTES])
{
	struct sign_keys *made = calloc(1, sizeof(*made));
	char *copy = malloc(length + 1);
	int error;

	if (made == NULL || copy == NULL) {
		error = refuse(fault, -ENOMEM, "%s: %s", name, strerror(ENOMEM));
	} else {
		memcpy(copy, text, length);
		error = parse_lines(name, copy, length, made, fault);
		explicit_bzero(copy, length);
	}
	free(copy);
	if (error != 0)
		sign_keys_free(made);
	else
		*keys = made;
	return error;
}

/* --- the file --- */

/* Reads until the end of the file. Returns the number of bytes, -EFBIG if they do not fit, or -errno. */
static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t n = read(fd, text + used, room - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)used;
		used += (size_t)n;
	}
	return -EFBIG;
}

int sign_keys_load(const char *path, struct sign_keys **keys, char fault[SIGN_KEYS_FAULT_BYTES])
{
	char *text = malloc(FILE_BYTES_MAX);
	int fd = text != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t length = fd >= 0 ? read_all(fd, text, FILE_BYTES_MAX) : -errno;
	struct stat status;
	int error;

	if (length < 0)
		error = refuse(fault, (int)length, "%s: %s", path, strerror((int)-length));
	else
		error = sign_keys_parse(path, text, (size_t)length, keys, fault);
	if (error == 0)
		(*keys)->exposed = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
				   (status.st_mode & S_IROTH) != 0;
	if (text != NULL)
		explicit_bzero(text, FILE_BYTES_MAX);
	free(text);
	if (fd >= 0)
		close(fd);
	return error;
}

void sign_keys_free(struct sign_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++) {
		explicit_bzero(keys->list[i].secret, keys->list[i].secret_bytes);
		free(keys->list[i].secret);
	}
	free(keys);
}

const struct sign_key *sign_keys_find(const struct sign_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].id, id) == 0)
			return &keys->list[i];
	return NULL;
}
