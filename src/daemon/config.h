/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ranged is told to do: the keys of ranged.conf, their defaults, and how a key gets a value. Main thread only. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "http/rules.h"
#include "store/file.h"

enum config_address_kind { CONFIG_ADDRESS_TCP, CONFIG_ADDRESS_UNIX };

struct config_address {
	enum config_address_kind kind;
	bool tls;
	char host[256]; /* TCP: a name or an address without brackets; "" is every address */
	char port[6];	/* TCP: "0" … "65535" */
	char path[108]; /* UNIX: absolute */
};

/* Where to listen, and for which sites: a bit each, as in struct rules. */
struct config_listen {
	struct config_address address;
	uint64_t sites;
};

struct config {
	struct rules rules; /* the sites and their locations; the first is the top level, which has the root of the command line */
	struct config_listen *listen; /* room for CONFIG_LISTEN_MAX; config_finish() copies `sites` into rules */
	size_t listen_count;
	bool listen_is_default; /* the next config_set("listen") replaces what the top level has; later ones add to it */
	unsigned workers;	/* 0: config_workers() */
	unsigned offload_threads;
	unsigned disk_depth;	  /* reads in flight on one device; 0: found by a calibration */
	uint64_t disk_bytes;	  /* bytes in flight on one device; 0: likewise */
	uint64_t disk_latency_ms; /* a device whose queue is longer than that takes no new requests */
	unsigned open_files;	  /* of each site */
	unsigned max_connections;
	unsigned max_connections_per_client; /* 0: no limit */
	unsigned max_headers, max_ranges;
	uint64_t max_header_bytes, max_target_bytes;
	uint64_t cache_size_bytes; /* a multiple of 1 MiB; 0: nothing is kept */
	uint64_t header_timeout_ms, idle_timeout_ms, drain_timeout_ms;
	uint64_t min_rate_bytes;   /* per second; 0: no minimum */
	uint64_t stall_timeout_ms; /* the time over which the rate is taken */
	uint64_t rate_total_bytes; /* per second; 0: any */
	enum file_symlinks symlinks;
	bool dotfiles;
	char *mime_types;   /* NULL: none is read */
	char *error_log;    /* NULL: stderr */
	char *address_file; /* NULL: none is written */
	enum log_level log_level;
	struct text_list trusted_proxies, proxy_protocol, tls;
};

#define CONFIG_LISTEN_PRESET "127.0.0.1:8080"

/* Defaults in everything. 0 or -ENOMEM. The caller owns what is in it and gives it back with config_fini(). */
int config_init(struct config *config);
void config_fini(struct config *config);

#define CONFIG_FAULT_BYTES 512

/* Where a key stands: each place has its own keys. */
enum config_scope { CONFIG_TOP, CONFIG_SITE, CONFIG_LOCATION };

/*
 * Gives `key` the value that `text` stands for; of a list it is one more. 0; -ENOENT (no such key there), -EINVAL or -ENOMEM with
 * what is wrong in `fault`. config_set_in(): of a site other than the top level, or of a location.
 */
int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
int config_set_site(struct config *config, struct site *site, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
int config_set_rule(struct settings *settings, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);

/* A new block. It does not look for a second one of the same name. 0, -EINVAL or -ENOMEM with what is wrong in `fault`. */
int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES]);
int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES]);
#define CONFIG_RULES_MAX 256 /* of a site */

/*
 * All is set, the command line included: what only shows then. 0, or -EINVAL with what is wrong in `fault` (no site has a root …).
 */
int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES]);

/* The name of the key with this index; NULL past CONFIG_KEY_COUNT. */
#define CONFIG_KEY_COUNT 64
const char *config_key(size_t index);
/* Whether it may stand there, and whether it may have several values. */
bool config_key_is_of(size_t index, enum config_scope scope);
bool config_key_is_list(size_t index);
/* The bit of settings.set that it sets; SETTING_COUNT: none. */
enum setting config_key_setting(size_t index);

#define CONFIG_LISTEN_MAX RULES_LISTENERS_MAX

/* "host:port", "[v6]:port", ":port" or "unix:/path", or one of them behind "tls:". NULL, or what is wrong with it (a static string). */
const char *config_parse_address(const char *text, struct config_address *address);
/* The reverse, into `text`; returns `text`. */
char *config_format_address(const struct config_address *address, char *text, size_t text_bytes);

/* A bit for each listener that is for TLS. */
uint64_t config_tls_listeners(const struct config *config);

/* The number of workers to start: as configured, else the CPUs this process may run on. */
unsigned config_workers(const struct config *config);

#endif
