/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ranged is told to do: how the keys of ranged.conf get their values, the defaults included. Main thread only. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_values.h"

/* Defaults in everything. 0 or -ENOMEM. The caller owns what is in it and gives it back with config_fini(). */
int config_init(struct config *config);
void config_fini(struct config *config);

#define CONFIG_FAULT_BYTES 512

/*
 * Gives `key` the value that `text` stands for; of a list it is one more. 0; -ENOENT (no such key there), -EINVAL or
 * -ENOMEM with what is wrong in `fault`. config_set_site(), config_set_rule(): of a site other than the top level, of a
 * location.
 */
int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
int config_set_site(struct config *config, struct site *site, const char *key, const char *text,
		    char fault[CONFIG_FAULT_BYTES]);
int config_set_rule(struct settings *settings, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);

/* A new block. It does not look for a second one of the same name. 0, -EINVAL or -ENOMEM with what is wrong in `fault`.
 */
int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES]);
int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES]);
#define CONFIG_RULES_MAX 256 /* of a site */

/*
 * All is set, the command line included: what only shows then. 0, or -EINVAL with what is wrong in `fault` (no site has
 * a root …).
 */
int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES]);

/* A bit for each listener that is for TLS. */
uint64_t config_tls_listeners(const struct config *config);

/* The number of workers to start: as configured, else the CPUs this process may run on. */
unsigned config_workers(const struct config *config);

#endif
