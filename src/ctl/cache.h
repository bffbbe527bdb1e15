/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `ranged-ctl warm`, `pin`, `evict` and `hot`. Each returns a sysexit and has said why on the standard error output. */
#ifndef CTL_CACHE_H
#define CTL_CACHE_H

#include <stdint.h>

#include "ctl/client.h"

struct ctl_cache {
	struct ctl_client *client;
	const char *operation; /* "warm", "pin", "evict" */
	const char *site;      /* NULL: the first one */
	bool quiet, progress;  /* progress: in one line of the terminal, on the standard error output */
	bool unicode;
};

/* One path; goes on until it is done. */
int ctl_cache_run(const struct ctl_cache *cache, const char *path);

/* The table, of so many files. json: what ranged says, as it is. */
int ctl_cache_hot(struct ctl_client *client, uint64_t limit, bool json);

#endif
