/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds two addresses of listen, monitor and admin that the kernel cannot open at the same time. */
#ifndef CONFIG_LISTEN_OVERLAP_H
#define CONFIG_LISTEN_OVERLAP_H

#include "config/config_values.h"

/*
 * Returns true if two addresses overlap, with a message in `fault` that names both of them, the keys and the sites. The
 * sites of each address must be complete.
 */
bool listen_overlap_find(const struct config *config, char *fault, size_t fault_bytes);

#endif
