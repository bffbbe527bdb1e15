/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of the keys of ranged.conf. All properties are constant, so the functions are thread-safe. */
#ifndef CONFIG_CONFIG_KEY_H
#define CONFIG_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/settings.h"

enum config_kind {
	CONFIG_KIND_TEXT,
	CONFIG_KIND_COUNT,
	CONFIG_KIND_SIZE,
	CONFIG_KIND_CACHE_SIZE, /* a size or a percentage; cache_size only */
	CONFIG_KIND_DURATION,
	CONFIG_KIND_SWITCH,
	CONFIG_KIND_CHOICE,
	CONFIG_KIND_STATUS, /* the key status only */
	CONFIG_KIND_LIST,
	CONFIG_KIND_LISTEN,
	CONFIG_KIND_INCLUDE, /* replaced before the text is parsed, see config_source.c */
};

/*
 * The struct to which a key belongs. A key of struct config is allowed at the top level only. A key of struct site is
 * also allowed in a site. A key of struct settings is also allowed in a site and in a location. The keys of
 * CONFIG_OF_LOCATION belong to struct settings, but are allowed in a location only. Two of them have the name of a key
 * of struct site, which has another meaning.
 */
enum config_home { CONFIG_OF_CONFIG, CONFIG_OF_SITE, CONFIG_OF_SETTINGS, CONFIG_OF_LOCATION };

struct config_key {
	const char *name;
	enum config_kind kind;
	enum config_home home;
	size_t place;	      /* offset of the field in the struct that `home` names */
	enum setting setting; /* CONFIG_OF_SETTINGS and CONFIG_OF_LOCATION only */
	/* Checks a value of TEXT or LIST before `parse`. Returns NULL, or an error in `fault` or a static string. */
	const char *(*check)(const char *text, char fault[SETTINGS_FAULT_BYTES]);
	text_list_parse_fn parse; /* checks a value of TEXT or LIST; NULL: every value is valid */
	/* TEXT: "" is a valid value; otherwise "" unsets the key. LIST: {""} is a list that is set, but empty. */
	bool keeps_empty;
	const char *preset; /* default; NULL: unset */
	/* Values for which "off" and "none", "unlimited" and "auto" are other words; NULL: the word is not special. */
	const char *off, *unlimited, *automatic;
	uint64_t min, max;
	bool or_zero;		    /* 0 is valid although less than min */
	const char *const *choices; /* in the order of their enum, terminated by NULL */
};

/* The kind of block that contains a key. */
enum config_scope { CONFIG_TOP, CONFIG_SITE, CONFIG_LOCATION };

#define CONFIG_LISTEN_PRESET "127.0.0.1:8080"
#define CONFIG_MIME_TYPES_PRESET "/etc/mime.types"

#define CONFIG_KEY_COUNT 85
/* Return the key with this index, and its name. Return NULL if the index is CONFIG_KEY_COUNT or more. */
const struct config_key *config_key_at(size_t index);
const char *config_key(size_t index);
/* Return true if the key is allowed in this scope, and if it may have several values. */
bool config_key_is_of(size_t index, enum config_scope scope);
bool config_key_is_list(size_t index);
/* Returns the number of the bit of settings.set that the key sets, or SETTING_COUNT if the key is not a setting. */
enum setting config_key_setting(size_t index);

/* Returns the value that the text means: "off", "none", "unlimited" and "auto" are words for another value. */
const char *config_key_text(const struct config_key *key, const char *text);

/* Returns the new name of the key whose former name is `name`, or NULL if no key had this name. */
const char *config_key_new_name(const char *name);

/*
 * Returns the name of which `text` is probably a misspelling, among the keys of this scope, "location" and "site".
 * Returns NULL if no name is similar, or if several are.
 */
const char *config_key_nearest(const char *text, enum config_scope scope);
/* Returns the choice of which `text` is probably a misspelling or an abbreviation, or NULL. CONFIG_KIND_CHOICE only. */
const char *config_key_nearest_choice(const struct config_key *key, const char *text);

#endif
