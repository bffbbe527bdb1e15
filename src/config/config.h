/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets the values of the keys of ranged.conf, including the defaults. Called by the main thread and the thread of a
 * reload. A struct config must be used by one thread at a time.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_key.h"
#include "config/config_values.h"

/* Sets all keys to their defaults. Returns 0 or -ENOMEM. After 0, the caller frees the contents with config_fini(). */
int config_init(struct config *config);
/* Frees the contents of the struct. */
void config_fini(struct config *config);

#define CONFIG_FAULT_BYTES 512

/*
 * Parses `text` and sets a key to its value. If the key is a list, the value is appended to the list. config_set() sets
 * a key at the top level, config_set_site() in another site, and config_set_rule() in a location.
 *
 * Returns 0 on success. Otherwise returns -EINVAL, -ENOMEM, or -ENOENT if the key does not exist or is not allowed in
 * this block. In these cases, `fault` has the error message.
 */
int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
int config_set_site(struct config *config, struct site *site, const char *key, const char *text,
		    char fault[CONFIG_FAULT_BYTES]);
int config_set_rule(struct settings *settings, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);

/*
 * Writes the error message for a name that is not a key. The message has advice if the key was renamed, if the name is
 * known from another server, or if the name is similar to a key. Returns false if the message has no advice.
 */
bool config_unknown(const char *name, enum config_scope scope, char fault[CONFIG_FAULT_BYTES]);

/*
 * Adds a site, a further name of a site, or a location. The caller checks that no other block has the same name. The
 * configuration owns the new block. Returns 0, or -EINVAL or -ENOMEM with the error message in `fault`.
 */
int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES]);
int config_add_alias(struct site *site, const char *host, char fault[CONFIG_FAULT_BYTES]);
int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES]);
#define CONFIG_RULES_MAX 256 /* maximum number of locations of one site */

/*
 * Completes the configuration after the file and the command line were applied. Checks the conditions that involve
 * several keys. For example, a site must have a root. Returns 0, or -EINVAL with the error message in `fault`.
 */
int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES]);

/* Returns a bit for each listener with TLS. */
uint64_t config_tls_listeners(const struct config *config);

/* Returns true if an address of "listen" or "monitor" has TLS. */
bool config_needs_certificates(const struct config *config);
/* Returns true if an address of "listen" or "monitor" is "fd:" and this name of passed sockets. */
bool config_names_passed(const struct config *config, const char *name);

/*
 * Returns the configured number of workers, or the number of CPUs that the process may use if no number is configured.
 */
unsigned config_workers(const struct config *config);

#endif
