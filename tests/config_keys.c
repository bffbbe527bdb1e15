/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the keys of ranged.conf as the program knows them, for tests/docs.sh: name, default ("-": none). */
#include <stdio.h>

#include "config/config_key.h"

int main(void)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key_at(i);
		if (key->home == CONFIG_OF_LOCATION) /* a key of a site has the same name */
			continue;
		const char *preset = key->kind == CONFIG_KIND_LISTEN ? CONFIG_LISTEN_PRESET : key->preset;
		printf("%s\t%s\n", key->name, preset != NULL ? preset : "-");
	}
	return 0;
}
