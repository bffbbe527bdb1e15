/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of each key of ranged.conf, apart from its value: all of it is constant. Main thread only. */
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
	CONFIG_KIND_DURATION,
	CONFIG_KIND_SWITCH,
	CONFIG_KIND_CHOICE,
	CONFIG_KIND_LIST,
	CONFIG_KIND_LISTEN,
};

/* Whose place it is: a key of a site may also stand at the top level, one of the settings also in a location. */
enum config_home { CONFIG_OF_CONFIG, CONFIG_OF_SITE, CONFIG_OF_SETTINGS };

struct config_key {
	const char *name;
	enum config_kind kind;
	enum config_home home;
	size_t place;		  /* in struct config, struct site or struct settings, by its home */
	enum setting setting;	  /* of the settings */
	text_list_parse_fn parse; /* of TEXT and LIST */
	bool keeps_empty;	  /* of TEXT: "" is a value like others */
	const char *preset;	  /* NULL: unset */
	uint64_t min, max;
	bool or_zero;		    /* 0 is none of what min is about */
	const char *const *choices; /* in the order of their enum, then NULL */
};

/* Where a key stands: each place has its own keys. */
enum config_scope { CONFIG_TOP, CONFIG_SITE, CONFIG_LOCATION };

#define CONFIG_LISTEN_PRESET "127.0.0.1:8080"

#define CONFIG_KEY_COUNT 70
/* The key with this index, and its name; NULL past CONFIG_KEY_COUNT. */
const struct config_key *config_key_at(size_t index);
const char *config_key(size_t index);
/* Whether it may stand there, and whether it may have several values. */
bool config_key_is_of(size_t index, enum config_scope scope);
bool config_key_is_list(size_t index);
/* The bit of settings.set that it sets; SETTING_COUNT: none. */
enum setting config_key_setting(size_t index);

/* Returns the present name of the key that was formerly called `name`, or NULL if no key had this name. */
const char *config_key_new_name(const char *name);

/* What may have been meant: the key of that place that is most like `text`; NULL: nothing there is like it. */
const char *config_key_nearest(const char *text, enum config_scope scope);
/* The same, of the choices of a key of that kind: never NULL. */
const char *config_key_nearest_choice(const struct config_key *key, const char *text);

#endif
