/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ranged is told to do: the values of the keys of ranged.conf. config.h is how they come in; main thread only
 * until then. */
#ifndef CONFIG_CONFIG_VALUES_H
#define CONFIG_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "config/listen_address.h"
#include "site/rules.h"
#include "store/file.h"

#define CONFIG_LISTEN_MAX RULES_LISTENERS_MAX

struct config {
	struct rules rules; /* the sites and their locations; the first is the top level, which has the root of the
			       command line */
	struct listen_address_sites *listen; /* room for CONFIG_LISTEN_MAX; config_finish() copies `sites` into rules */
	size_t listen_count;
	bool listen_is_default; /* the next config_set("listen") replaces what the top level has; later ones add to it
				 */
	bool listen_is_said;	/* config_set() was told a "listen", of any site */
	unsigned workers;	/* 0: config_workers() */
	unsigned offload_threads;
	unsigned disk_depth;		/* reads in flight on one device; 0: found by a calibration */
	uint64_t disk_inflight_bytes;	/* bytes in flight on one device; 0: likewise */
	uint64_t disk_queue_timeout_ms; /* a device whose queue is longer than that takes no new requests */
	unsigned open_file_cache;	/* of each site */
	unsigned max_connections;
	unsigned max_connections_per_client; /* 0: no limit */
	unsigned max_headers, max_ranges;
	uint64_t max_header_bytes, max_target_bytes;
	uint64_t cache_size_bytes; /* a multiple of 1 MiB; 0: nothing is kept */
	uint64_t header_timeout_ms, idle_timeout_ms, drain_timeout_ms, drain_delay_ms;
	uint64_t min_rate_bytes;   /* per second; 0: no minimum */
	uint64_t stall_timeout_ms; /* the time over which the rate is taken */
	uint64_t rate_total_bytes; /* per second; 0: any */
	enum file_symlinks symlinks;
	bool dotfiles;
	char *mime_types;   /* NULL: none is read */
	char *error_log;    /* NULL: stderr */
	unsigned errors;    /* error_log from logs_open() to logs_use(), else 0 */
	char *address_file; /* NULL: none is written */
	char *user;	    /* "name" or "name:group" to become when started as root; NULL: nobody */
	enum log_level log_level;
	struct text_list trusted_proxies, proxy_protocol, tls;
	struct text_list admin; /* addresses of listen_address_admin_fault() */
};

#endif
