/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands warm, pin, evict and hot of ranged-ctl. The functions return an exit status of sysexits.h; they have
 * printed the reason of a failure on standard error.
 */
#ifndef CTL_CACHE_H
#define CTL_CACHE_H

#include <stdint.h>

#include "ctl/client.h"

struct ctl_cache {
	struct ctl_client *client;
	const char *operation; /* "warm", "pin" or "evict" */
	const char *site;      /* NULL: the first site */
	bool quiet;	       /* print errors only */
	bool progress;	       /* show a progress line on standard error, which is a terminal */
	bool unicode;
};

/* Runs the operation on one path and waits for its end. */
int ctl_cache_run(const struct ctl_cache *cache, const char *path);

/* Prints a table of up to `limit` files; with json, the answer of ranged unchanged. */
int ctl_cache_hot(struct ctl_client *client, uint64_t limit, bool json);

#endif
