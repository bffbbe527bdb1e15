/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the htpasswd files that a configuration names. Called on the main thread or on the thread of a reload. */
#ifndef DAEMON_PASSWORDS_H
#define DAEMON_PASSWORDS_H

#include "auth/login.h"
#include "config/config.h"

/*
 * Reads the files that were not read before. Their content is kept until the process ends. Returns 0, or logs the error
 * and returns -errno.
 */
int passwords_add(struct login *login, const struct config *config);
/*
 * Creates a login and reads all files. Returns 0, or logs the error and returns -errno. On success the caller owns
 * *login. `offload` may be NULL if no password will be checked.
 */
int passwords_open(struct login **login, const struct config *config, struct offload *offload);

#endif
