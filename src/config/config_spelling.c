/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Error messages show the correct value, because other servers often write the same value differently. Examples are
 * "1h30m" instead of 90m, "1 week" instead of 1w, and several networks in one string instead of a list. This file
 * parses the value leniently, and the advice shows the strict form. The value itself is still rejected.
 */
#include "config/config_spelling.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "config/config_foreign.h"
#include "config/listen_address.h"

#define WORD_ENDS " \t,"
#define SECOND_MS UINT64_C(1000)
#define DAY_MS (24 * 60 * 60 * SECOND_MS)

/* Units of durations in other servers. The first name that matches is used; "M" is a month in nginx. */
static const struct {
	const char *name;
	uint64_t ms;
} units[] = {
	{ "ms", 1 },
	{ "M", 30 * DAY_MS },
	{ "msec", 1 },
	{ "s", SECOND_MS },
	{ "sec", SECOND_MS },
	{ "secs", SECOND_MS },
	{ "second", SECOND_MS },
	{ "seconds", SECOND_MS },
	{ "m", 60 * SECOND_MS },
	{ "min", 60 * SECOND_MS },
	{ "mins", 60 * SECOND_MS },
	{ "minute", 60 * SECOND_MS },
	{ "minutes", 60 * SECOND_MS },
	{ "h", 3600 * SECOND_MS },
	{ "hr", 3600 * SECOND_MS },
	{ "hour", 3600 * SECOND_MS },
	{ "hours", 3600 * SECOND_MS },
	{ "d", DAY_MS },
	{ "day", DAY_MS },
	{ "days", DAY_MS },
	{ "w", 7 * DAY_MS },
	{ "week", 7 * DAY_MS },
	{ "weeks", 7 * DAY_MS },
	{ "mon", 30 * DAY_MS },
	{ "month", 30 * DAY_MS },
	{ "months", 30 * DAY_MS },
	{ "y", 365 * DAY_MS },
	{ "year", 365 * DAY_MS },
	{ "years", 365 * DAY_MS },
};

/* Returns the milliseconds of a unit, or 0. Case matters only for units of one letter. */
static uint64_t unit_ms(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == length &&
		    (length == 1 ? *units[i].name == *name : strncasecmp(units[i].name, name, length) == 0))
			return units[i].ms;
	return 0;
}

/* Parses numbers with units, such as "1h 30m" or "2 weeks". Returns false if the text has another form. */
static bool parse_lenient_duration(const char *text, uint64_t *sum_ms)
{
	*sum_ms = 0;
	while (*text != '\0') {
		char *end;
		uint64_t number, product;

		if (!isdigit((unsigned char)*text))
			return false;
		number = strtoull(text, &end, 10);
		text = end + strspn(end, " ");
		size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (__builtin_mul_overflow(number, unit_ms(text, length), &product) || product == 0 ||
		    __builtin_add_overflow(*sum_ms, product, sum_ms))
			return false;
		text += length;
		text += strspn(text, " ,");
	}
	return *sum_ms > 0;
}

static bool spell_duration(const struct config_key *key, const char *text, char *advice)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} exact[] = { { "w", 7 * DAY_MS },     { "d", DAY_MS },	   { "h", 3600 * SECOND_MS },
		      { "m", 60 * SECOND_MS }, { "s", SECOND_MS }, { "ms", 1 } };
	uint64_t ms;
	size_t i = 0;

	if (!parse_lenient_duration(text, &ms) || ms < key->min || ms > key->max)
		return false;
	if (ms % (365 * DAY_MS) == 0) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = %" PRIu64 "y", key->name, ms / (365 * DAY_MS));
		return true;
	}
	while (ms % exact[i].ms != 0)
		i++;
	snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = %" PRIu64 "%s", key->name, ms / exact[i].ms, exact[i].name);
	return true;
}

/* Handles sizes with a blank, "/s" or "ps" after the unit, and fractions such as "1.5G". */
static bool spell_size(const struct config_key *key, const char *text, char *advice)
{
	char plain[32] = "", *to = plain;
	uint64_t bytes;

	for (; *text != '\0' && to < plain + sizeof(plain) - 1; text++)
		if (*text != ' ')
			*to++ = *text;
	*to = '\0';
	if (strcasestr(plain, "bit") != NULL || strcasestr(plain, "bps") != NULL) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "bits are not supported; write bytes, such as %s = 10M",
			 key->name);
		return true;
	}
	if (to - plain > 2 && (strcasecmp(to - 2, "/s") == 0 || strcasecmp(to - 2, "ps") == 0))
		to[-2] = '\0';
	if (units_parse_size(plain, &bytes) == 0 && bytes >= key->min && bytes <= key->max) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = %s", key->name, plain);
		return true;
	}
	double number = strtod(plain, &to);
	const char *finer = toupper((unsigned char)*to) == 'G' ? "M" : toupper((unsigned char)*to) == 'M' ? "K" : NULL;
	if (!isdigit((unsigned char)*plain) || finer == NULL || strchr(plain, '.') == NULL || number > 1e6)
		return false;
	snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = %.0f%s", key->name, number * 1024, finer);
	return true;
}

/* Returns true if the key accepts the text as one element. */
static bool accepts(const struct config_key *key, const char *text)
{
	struct listen_address ignored;
	struct text_list list = { 0 };
	bool accepted;

	if (key->kind == CONFIG_KIND_LISTEN)
		return listen_address_parse(text, &ignored) == NULL;
	accepted = text_list_add(&list, text, key->parse) == NULL;
	text_list_clear(&list);
	return accepted;
}

/* Returns the number of words, or 0 if the key does not accept each of them. Writes them as a list. */
static size_t spell_words(const struct config_key *key, const char *text, char *list, size_t list_bytes)
{
	char word[CONFIG_SPELLING_BYTES];
	size_t count = 0, used = 0;

	list[0] = '\0';
	for (text += strspn(text, WORD_ENDS); *text != '\0'; text += strspn(text, WORD_ENDS)) {
		size_t length = strcspn(text, WORD_ENDS);

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (length >= sizeof(word) || !accepts(key, word))
			return 0;
		if (used < list_bytes)
			used += (size_t)snprintf(list + used, list_bytes - used, "%s\"%s\"", count > 0 ? ", " : "",
						 word);
		text += length;
		count++;
	}
	return used < list_bytes ? count : 0;
}

static bool spell_list(const struct config_key *key, const char *text, char *advice)
{
	char list[CONFIG_SPELLING_BYTES - 40];
	size_t count;

	if (accepts(key, text))
		return snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = \"%s\"", key->name, text) <
		       CONFIG_SPELLING_BYTES;
	count = spell_words(key, text, list, sizeof(list));
	if (count < 2)
		return false;
	snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = {%s}", key->name, list);
	return true;
}

/* Returns true for words with which other servers switch a limit or a timeout off. */
static bool is_off(const char *text)
{
	static const char *const words[] = { "off", "none", "unlimited", "infinity", "never", "disabled", "-1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

bool config_spelling(const struct config_key *key, const char *text, char advice[CONFIG_SPELLING_BYTES])
{
	const char *foreign = config_foreign_value(key->name, text);

	if (foreign != NULL) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "%s", foreign);
		return true;
	}
	if (key->kind <= CONFIG_KIND_DURATION && key->kind != CONFIG_KIND_TEXT && key->off == NULL && key->min > 0 &&
	    is_off(text)) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "%s cannot be switched off", key->name);
		return true;
	}
	if (key->parse == settings_parse_header && strchr(text, ':') == NULL) {
		snprintf(advice, CONFIG_SPELLING_BYTES, "write header = \"Name: value\"");
		return true;
	}
	switch (key->kind) {
	case CONFIG_KIND_DURATION:
		return spell_duration(key, text, advice);
	case CONFIG_KIND_SIZE:
	case CONFIG_KIND_CACHE_SIZE:
		return spell_size(key, text, advice);
	case CONFIG_KIND_LIST:
	case CONFIG_KIND_LISTEN:
		return spell_list(key, text, advice);
	default:
		return false;
	}
}
