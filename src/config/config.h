/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets the values of the keys of ranged.conf, including the defaults. Main thread, or the thread of a reload; one
 * thread at a time for each struct config.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_values.h"

/*
 * Sets all keys to their defaults. Returns 0 or -ENOMEM. On success the caller frees the contents with config_fini().
 */
int config_init(struct config *config);
/* Frees the contents. */
void config_fini(struct config *config);

#define CONFIG_FAULT_BYTES 512

/*
 * Sets a key to the value that `text` describes; a key that is a list gets one more element. config_set() sets a key at
 * the top level, config_set_site() in another site, config_set_rule() in a location.
 *
 * Returns 0. Otherwise `fault` has the error message, and the result is -ENOENT (the key does not exist or is not
 * allowed there), -EINVAL or -ENOMEM.
 */
int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
int config_set_site(struct config *config, struct site *site, const char *key, const char *text,
		    char fault[CONFIG_FAULT_BYTES]);
int config_set_rule(struct settings *settings, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);

/*
 * Adds a site or a location. The caller checks that no other block has the same name. The configuration owns the new
 * block. Returns 0, or -EINVAL or -ENOMEM with the error message in `fault`.
 */
int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES]);
int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES]);
#define CONFIG_RULES_MAX 256 /* locations of one site */

/*
 * Completes the configuration after the file and the command line were applied, and checks the conditions that involve
 * several keys. For example, a site must have a root. Returns 0, or -EINVAL with the error message in `fault`.
 */
int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES]);

/* Returns a bit for each listener with TLS. */
uint64_t config_tls_listeners(const struct config *config);

/* Returns the number of workers to start: the configured number, else the number of CPUs that the process may use. */
unsigned config_workers(const struct config *config);

#endif
