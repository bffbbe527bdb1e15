/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as ranged.conf: it says what is wrong with them, or the result keeps to the bounds of the keys. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addresses(const struct config *config)
{
	assert(config->listen_count >= 1);
	for (size_t i = 0; i < config->listen_count; i++) {
		char text[300];
		struct config_address again;
		config_format_address(&config->listen[i], text, sizeof(text));
		assert(config_parse_address(text, &again) == NULL);
		assert(memcmp(&again, &config->listen[i], sizeof(again)) == 0);
	}
}

static void check_rules(const struct rules *rules)
{
	assert(rules->count <= CONFIG_RULES_MAX);
	for (size_t i = 0; i < rules->count; i++) {
		const char *prefix = rules->list[i].prefix;
		assert(rules_prefix_fault(prefix) == NULL);
		assert(rules->list[i].cache >= RULE_CACHE_AUTO && rules->list[i].cache <= RULE_CACHE_PIN);
		size_t length = strlen(prefix);
		if (length == 1 || prefix[length - 1] != '/') /* is this path itself under no other one, as no two are the same */
			assert(rules_match(rules, prefix + 1) == &rules->list[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	char *said = NULL;
	size_t said_bytes = 0;
	FILE *faults = open_memstream(&said, &said_bytes);
	if (faults == NULL || config_init(&config) != 0)
		abort();
	int error = config_file_parse(&config, "f", (const char *)data, size, faults);
	fclose(faults);
	assert((error == 0) == (said_bytes == 0));
	assert(config.cache_size_bytes >= (4 << 20) && config.cache_size_bytes % (1 << 20) == 0);
	assert(config.workers <= 256 && config.disk_depth <= 4096 && config.offload_threads >= 1);
	check_addresses(&config);
	check_rules(&config.rules);
	config_fini(&config);
	free(said);
	return 0;
}
