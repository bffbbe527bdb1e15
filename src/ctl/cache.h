/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands warm, pin, evict and hot of ranged-ctl. The functions return an exit status of sysexits.h. The functions
 * print the reason of a failure on standard error.
 */
#ifndef CTL_CACHE_H
#define CTL_CACHE_H

#include <stdint.h>

#include "ctl/client.h"

struct ctl_cache {
	struct ctl_client *client;
	const char *operation; /* "warm", "pin" or "evict" */
	const char *site;      /* host name of the site; NULL: not given */
	bool quiet;	       /* print errors only */
	bool terminal;	       /* standard error is a terminal: show a progress line that is updated */
	bool unicode;
};

/* Runs the operation on one path and waits until the operation has ended. */
int ctl_cache_run(const struct ctl_cache *cache, const char *path);

/*
 * Prints a table of up to `limit` files, after the first `offset` files of the ranking. With `json`, prints the answer
 * of ranged unchanged instead.
 */
int ctl_cache_hot(struct ctl_client *client, uint64_t offset, uint64_t limit, bool json);

#endif
