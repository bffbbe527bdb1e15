/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The htpasswd files that the configuration names. Main thread. */
#ifndef DAEMON_PASSWORDS_H
#define DAEMON_PASSWORDS_H

#include "auth/login.h"
#include "config/config.h"

/* Reads those that are not known yet: 0, or -errno, which was logged. They stay known to the end. */
int passwords_add(struct login *login, const struct config *config);
/* A login that knows them all: 0 with *login owned by the caller, or -errno, which was logged. offload may be NULL if
 * nobody will ask. */
int passwords_open(struct login **login, const struct config *config, struct offload *offload);

#endif
