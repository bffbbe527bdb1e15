/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values of the keys of ranged.conf. config.h has the functions that set them. One thread sets the values. After
 * that, the values are constant, and any thread may read them.
 */
#ifndef CONFIG_CONFIG_VALUES_H
#define CONFIG_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config_places.h"
#include "config/listen_address.h"
#include "site/rules.h"
#include "store/file.h"

#define CONFIG_LISTEN_MAX RULES_LISTENERS_MAX

struct config {
	/* The sites and their locations. The first site is the top level, whose root may be set on the command line. */
	struct rules rules;
	struct listen_address_sites *listen; /* CONFIG_LISTEN_MAX elements; config_finish() copies `sites` to rules */
	size_t listen_count;
	/* True: the next config_set("listen") replaces the addresses of the top level. Later calls add addresses. */
	bool listen_is_default;
	bool listen_is_set; /* a listen key was set in at least one site */
	unsigned workers;   /* 0: the number of CPUs; see config_workers() and daemon/sizing.h */
	unsigned offload_threads;
	unsigned disk_depth;		/* maximum number of reads in flight on one device; 0: calibrated */
	uint64_t disk_inflight_bytes;	/* maximum number of bytes in flight on one device; 0: calibrated */
	uint64_t disk_queue_timeout_ms; /* new requests are rejected while a device queue takes longer */
	unsigned open_file_cache;	/* maximum number of descriptors of files that are read from the disk */
	unsigned name_cache;		/* maximum number of known names of files, in all roots together */
	unsigned max_connections;
	unsigned max_connections_per_client; /* 0: no limit */
	unsigned max_headers, max_ranges;
	uint64_t max_header_bytes, max_target_bytes;
	uint64_t cache_size_bytes;   /* a multiple of 1 MiB; 0: no caching */
	unsigned cache_size_percent; /* of the memory, see daemon/sizing.h; 0: cache_size_bytes is configured */
	bool cache_size_is_set;	     /* false: the default */
	uint64_t header_timeout_ms, idle_timeout_ms, drain_timeout_ms, drain_delay_ms;
	uint64_t min_rate_bytes;   /* bytes per second; 0: no minimum */
	uint64_t stall_timeout_ms; /* period over which the rate is measured */
	uint64_t rate_total_bytes; /* bytes per second; 0: no limit */
	enum file_symlinks symlinks;
	bool dotfiles;
	char *mime_types;   /* NULL: no file is read */
	char *error_log;    /* NULL: stderr */
	unsigned errors;    /* id of error_log between logs_open() and logs_use(), else 0 */
	char *health;	    /* path of health checks on the data listeners; NULL: none */
	char *address_file; /* NULL: no file is written */
	char *cache_state;  /* NULL: the list of cached files is not written */
	char *user;	    /* "name" or "name:group" for a start as root; NULL: no change */
	enum log_level log_level;
	enum line_style log_format;
	struct text_list trusted_proxies, proxy_protocol, tls;
	/*
	 * Values of environment variables in the file, included files, and automatic values (daemon/sizing.c): messages
	 * for --check.
	 */
	struct text_list resolved;
	struct config_places places;	/* translates the lines of sites and locations to files and their lines */
	struct text_list warnings;	/* messages of config_warnings_find() */
	struct text_list admin;		/* addresses that listen_address_admin_fault() has accepted */
	struct text_list monitor;	/* addresses that listen_address_parse() has accepted */
	struct text_list monitor_allow; /* networks; empty: loopback addresses and Unix sockets */
};

#endif
