/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of config_file_parse(). The input is a configuration file. Either it is rejected with an error
 * message, or all values are within the limits of their keys.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_file.h"
#include "site/pattern_fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addresses(const struct config *config)
{
	assert(config->listen_count >= 1);
	for (size_t i = 0; i < config->listen_count; i++) {
		char text[300];
		struct listen_address again;
		listen_address_format(&config->listen[i].address, text, sizeof(text));
		assert(listen_address_parse(text, &again) == NULL);
		assert(memcmp(&again, &config->listen[i].address, sizeof(again)) == 0);
	}
}

/* Returns the number of locations with a root. config_finish() rejects more than RULES_LOCATION_ROOTS_MAX. */
static unsigned count_location_roots(const struct rules *rules)
{
	unsigned count = 0;
	for (size_t s = 0; s < rules->site_count; s++)
		for (size_t i = 0; i < rules->sites[s].count; i++)
			count += rules->sites[s].list[i].settings.root != NULL;
	return count;
}

static void check_rules(struct rules *rules)
{
	struct match match;
	if (count_location_roots(rules) > RULES_LOCATION_ROOTS_MAX)
		return;
	rules_finish(rules);
	assert(rules->site_count >= 1 && rules->site_count <= RULES_SITES_MAX);
	for (size_t s = 0; s < rules->site_count; s++)
		for (size_t i = 0; i < rules->sites[s].count; i++) {
			const char *pattern = rules->sites[s].list[i].pattern;
			char fault[PATTERN_FAULT_BYTES];
			assert(pattern_fault(PATTERN_LOCATION, pattern, fault) == NULL);
			rules_match(rules, &rules->sites[s], *pattern == '/' ? pattern + 1 : pattern, false, &match);
			assert(match.count <= RULES_CHAIN_MAX && match.settings != NULL);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	char *messages = NULL;
	size_t message_bytes = 0;
	FILE *faults = open_memstream(&messages, &message_bytes);
	if (faults == NULL || config_init(&config) != 0)
		abort();
	int error = config_file_parse(&config, "f", (const char *)data, size, faults);
	fclose(faults);
	assert((error == 0) == (message_bytes == 0));
	/* 0 turns the cache off. */
	assert(config.cache_size_bytes == 0 ||
	       (config.cache_size_bytes >= (4 << 20) && config.cache_size_bytes % (1 << 20) == 0));
	assert(config.workers <= 256 && config.disk_depth <= 4096 && config.offload_threads >= 1);
	check_addresses(&config);
	check_rules(&config.rules);
	config_fini(&config);
	free(messages);
	return 0;
}
