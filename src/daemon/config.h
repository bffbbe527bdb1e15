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
	char host[256]; /* TCP: a name or an address without brackets; "" is every address */
	char port[6];	/* TCP: "0" … "65535" */
	char path[108]; /* UNIX: absolute */
};

struct config {
	char *root; /* NULL until it is given */
	struct config_address *listen;
	size_t listen_count;
	bool listen_is_default; /* the next config_set("listen") replaces the list; later ones add to it */
	unsigned workers;	/* 0: config_workers() */
	unsigned offload_threads;
	unsigned disk_depth;	  /* reads in flight on one device; 0: found by a calibration */
	uint64_t disk_bytes;	  /* bytes in flight on one device; 0: likewise */
	uint64_t disk_latency_ms; /* a device whose queue is longer than that takes no new requests */
	unsigned open_files;
	unsigned max_connections;
	unsigned max_connections_per_client; /* 0: no limit */
	uint64_t cache_size_bytes;	     /* a multiple of 1 MiB; 0: nothing is kept */
	uint64_t header_timeout_ms, idle_timeout_ms, drain_timeout_ms;
	uint64_t min_rate_bytes;   /* per second; 0: no minimum */
	uint64_t stall_timeout_ms; /* the time over which the rate is taken */
	enum file_symlinks symlinks;
	bool dotfiles;
	char *mime_types;   /* NULL: none is read */
	char *access_log;   /* NULL: none; "-": stderr */
	char *error_log;    /* NULL: stderr */
	char *address_file; /* NULL: none is written */
	enum log_level log_level;
	struct rules rules; /* the location blocks */
};

#define CONFIG_LISTEN_PRESET "127.0.0.1:8080"

/* Defaults in everything. 0 or -ENOMEM. The caller owns what is in it and gives it back with config_fini(). */
int config_init(struct config *config);
void config_fini(struct config *config);

#define CONFIG_FAULT_BYTES 512

/*
 * Gives `key` the value that `text` stands for; of "location" that is the prefix of a new rule, then the last of config->rules.
 * 0; -ENOENT (no such key), -EINVAL or -ENOMEM with what is wrong in `fault`. It does not look for a second rule of a prefix.
 */
int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);

/* The name of the key with this index; NULL past CONFIG_KEY_COUNT. */
#define CONFIG_KEY_COUNT 24
const char *config_key(size_t index);

#define CONFIG_RULES_MAX 256

/* The same for the keys inside of a location block. */
int config_set_rule(struct rule *rule, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES]);
#define CONFIG_RULE_KEY_COUNT 1
const char *config_rule_key(size_t index);

/* "host:port", "[v6]:port", ":port" or "unix:/path". NULL, or what is wrong with it (a static string). */
const char *config_parse_address(const char *text, struct config_address *address);
/* The reverse, into `text`; returns `text`. */
char *config_format_address(const struct config_address *address, char *text, size_t text_bytes);

/* The number of workers to start: as configured, else the CPUs this process may run on. */
unsigned config_workers(const struct config *config);

#endif
