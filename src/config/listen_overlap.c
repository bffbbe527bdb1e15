/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket that listens on all addresses also receives the connections to each single address, so the kernel refuses a
 * second socket with the same port. Without this check, a start would report an address in use, although no other
 * process uses the address. The message of this check names both addresses.
 *
 * Host names other than "localhost" are not resolved. They are compared as texts.
 */
#include "config/listen_overlap.h"

#include <stdio.h>
#include <string.h>

#include "config/config_key.h"

/* An address, and the place where it was configured. */
struct configured {
	struct listen_address address;
	const char *key;
	uint64_t sites; /* listen: one bit for each site */
};

static size_t count_addresses(const struct config *config)
{
	return config->listen_count + config->monitor.count + config->admin.count;
}

static struct configured address_at(const struct config *config, size_t i)
{
	struct configured one = { .key = "listen" };
	const struct text_list *list = &config->monitor;
	if (i < config->listen_count) {
		one.address = config->listen[i].address;
		one.sites = config->listen[i].sites;
		return one;
	}
	i -= config->listen_count;
	one.key = "monitor";
	if (i >= list->count) {
		i -= list->count;
		list = &config->admin;
		one.key = "admin";
	}
	listen_address_parse(list->list[i], &one.address);
	return one;
}

/* Returns true if a TCP socket for the host `wide` also receives connections to the host `host`. */
static bool includes(const char *wide, const char *host)
{
	const bool is_six = strchr(host, ':') != NULL, is_local = strcmp(host, "localhost") == 0;
	const bool is_four = !is_six && strspn(host, "0123456789.") == strlen(host);
	if (wide[0] == '\0')
		return true;
	if (strcmp(wide, "0.0.0.0") == 0)
		return is_local || (is_four && host[0] != '\0');
	if (strcmp(wide, "::") == 0)
		return is_local || is_six;
	return is_local && (strcmp(wide, "127.0.0.1") == 0 || strcmp(wide, "::1") == 0);
}

static bool is_same_port(const struct listen_address *a, const struct listen_address *b)
{
	return a->kind == LISTEN_ADDRESS_TCP && b->kind == LISTEN_ADDRESS_TCP && strcmp(a->port, b->port) == 0 &&
	       strcmp(a->port, "0") != 0;
}

/* Returns the reason why the two addresses cannot be open at the same time, or NULL. */
static const char *reason_of(const struct configured *a, const struct configured *b)
{
	if (listen_address_is_same(&a->address, &b->address) && strcmp(a->address.port, "0") != 0)
		return a->address.tls != b->address.tls ? "an address cannot serve both HTTP and HTTPS"
							: "the address is configured twice";
	if (is_same_port(&a->address, &b->address) &&
	    (includes(a->address.host, b->address.host) || includes(b->address.host, a->address.host)))
		return "one of them includes the other, so they cannot have the same port";
	return NULL;
}

/* Writes the key, the address and the place of its site, for example: listen ":80" (site "a.example" in f:12) */
static void describe(const struct config *config, const struct configured *one, char *text, size_t text_bytes)
{
	char address[LISTEN_ADDRESS_HOST_BYTES + 32], place[CONFIG_PLACE_BYTES], where[CONFIG_PLACE_BYTES + 80] = "";
	size_t site = 0;
	while (site < config->rules.site_count && (one->sites >> site & 1) == 0)
		site++;
	if (one->sites != 0 && site > 0)
		snprintf(where, sizeof(where), " (site \"%.60s\" in %s)", config->rules.sites[site].host,
			 config_places_format(&config->places, config->rules.sites[site].line, place));
	listen_address_format(&one->address, address, sizeof(address));
	if ((one->sites & 1) != 0 && strcmp(address, CONFIG_LISTEN_PRESET) == 0)
		snprintf(where, sizeof(where), " (the default outside all sites)");
	snprintf(text, text_bytes, "%s \"%.150s\"%s", one->key, address, where);
}

bool listen_overlap_find(const struct config *config, char *fault, size_t fault_bytes)
{
	const size_t count = count_addresses(config);
	for (size_t i = 0; i < count; i++) {
		const struct configured a = address_at(config, i);
		for (size_t j = 0; j < i; j++) {
			const struct configured b = address_at(config, j);
			const char *reason = reason_of(&a, &b);
			char first[300], second[300];
			if (reason == NULL)
				continue;
			describe(config, &b, first, sizeof(first));
			describe(config, &a, second, sizeof(second));
			snprintf(fault, fault_bytes, "%s and %s: %s", first, second, reason);
			return true;
		}
	}
	return false;
}
