/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the URLs of the server to the terminal of the user who started it. Called by the main thread. */
#ifndef DAEMON_GREETING_H
#define DAEMON_GREETING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/generation.h"

/*
 * Prints the served directory and the URLs at which it is available. Prints nothing if the standard output is not a
 * terminal.
 */
void greeting_print(const struct generation *generation);

/*
 * Formats the URL of a host name or address, which has no brackets, and omits the default port of the scheme. Returns
 * `text`.
 */
char *greeting_url(const char *host, unsigned port, bool tls, char *text, size_t text_bytes);

#endif
