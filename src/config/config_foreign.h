/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of settings and blocks of other servers (nginx, lighttpd, Caddy, Apache, HAProxy, h2o), with the setting of
 * ranged that has the same effect. Operators type these names from habit. All names are constant, so the functions are
 * thread-safe.
 */
#ifndef CONFIG_CONFIG_FOREIGN_H
#define CONFIG_CONFIG_FOREIGN_H

/*
 * Returns advice on a setting or a block of another server: the corresponding setting of ranged, or the reason why it
 * does not exist. Returns NULL if the name is not known. Ignores case.
 */
const char *config_foreign_advice(const char *name);

/* Returns advice on a value that another server has for the key, or NULL. Ignores case. */
const char *config_foreign_value(const char *key, const char *text);

#endif
