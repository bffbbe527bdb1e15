/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the JSON of /status. The functions cannot fail, because a missing value reads as 0, "" or false. So ranged-ctl
 * also works with an older or newer ranged that reports other values.
 *
 * The functions do not change the JSON and return pointers into it.
 */
#include "ctl/value.h"

#include <string.h>

#define KEY_BYTES 64

const json_t *ctl_value_at(const json_t *json, const char *path)
{
	char key[KEY_BYTES];

	while (json != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(key))
			return NULL;
		memcpy(key, path, length);
		key[length] = '\0';
		json = json_object_get(json, key);
		path += length + (path[length] == '.');
	}
	return json;
}

double ctl_value_number(const json_t *json, const char *path)
{
	return json_number_value(ctl_value_at(json, path));
}

static uint64_t count_of(const json_t *value)
{
	double number;

	if (json_is_integer(value))
		return json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
	number = json_number_value(value);
	return number > 0 && number < 1e19 ? (uint64_t)number : 0;
}

uint64_t ctl_value_count(const json_t *json, const char *path)
{
	return count_of(ctl_value_at(json, path));
}

const char *ctl_value_text(const json_t *json, const char *path)
{
	const char *text = json_string_value(ctl_value_at(json, path));

	return text != NULL ? text : "";
}

bool ctl_value_true(const json_t *json, const char *path)
{
	return json_is_true(ctl_value_at(json, path));
}

uint64_t ctl_value_sum(const json_t *json, const char *path)
{
	json_t *object = (json_t *)ctl_value_at(json, path), *value;
	uint64_t sum = 0;
	const char *key;

	json_object_foreach(object, key, value)
		sum += count_of(value);
	return sum;
}

uint64_t ctl_value_gain(const json_t *now, const json_t *before, const char *path)
{
	uint64_t new = ctl_value_count(now, path), old = ctl_value_count(before, path);

	return new > old ? new - old : 0;
}

const json_t *ctl_value_same(const json_t *list, const json_t *like, const char *field, const char *other)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(ctl_value_text(item, field), ctl_value_text(like, field)) == 0 &&
		    (other == NULL || strcmp(ctl_value_text(item, other), ctl_value_text(like, other)) == 0))
			return item;
	return NULL;
}
