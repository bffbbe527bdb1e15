/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds settings that are valid but have no effect. */
#ifndef CONFIG_CONFIG_WARNINGS_H
#define CONFIG_CONFIG_WARNINGS_H

#include "config/config_values.h"

/*
 * Adds a message to config->warnings for each location and setting that certainly has no effect. config_finish() must
 * have succeeded. Called on the main thread or the thread of a reload.
 */
void config_warnings_find(struct config *config);
/* Logs config->warnings. */
void config_warnings_log(const struct config *config);

#endif
