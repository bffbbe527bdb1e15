/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment of a request: all objects that a request uses and does not own. Each worker has one struct
 * request_site for each generation of the configuration. The struct has three parts with different lifetimes: the
 * configuration (one generation), the worker, and the process.
 *
 * A reload creates new structs for the next generation. The old struct lives until the last connection and the last
 * request that use it have dropped their references. Only the worker's thread may use the functions and the fields.
 */
#ifndef REQUEST_REQUEST_SITE_H
#define REQUEST_REQUEST_SITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/fields.h"
#include "site/mime.h"
#include "site/rules.h"
#include "store/files.h"
#include "store/store.h"

struct certificates;
struct clients;
struct counters;
struct login;
struct request;
struct signing;

/* Valid for one generation of the configuration. Written by daemon/generation.c, immutable afterwards. */
struct request_site_config {
	void *owner;		    /* the generation; ref() and unref() count its references; both are thread-safe */
	void (*ref)(void *owner);   /* NULL: the owner outlives all requests */
	void (*unref)(void *owner); /* NULL if ref is NULL */
	const struct rules *rules;  /* sites and locations */
	const struct mime *mime;    /* media types by file name extension */
	struct certificates *certificates; /* certificates of the TLS listeners; NULL: no TLS listener is configured */
	struct signing *signing;	   /* keys for signed URLs */
	const struct text_list *trusted_proxies; /* result of networks_parse(); NULL: no proxy is trusted */
	struct fields_limits header_limits;
	unsigned max_ranges;	   /* maximum number of ranges in one Range field */
	uint64_t rate_total_bytes; /* bytes per second of all responses together; 0: unlimited */
	size_t prebuilt_bytes;	   /* maximum cache memory that prebuilt responses of this worker may pin */
	enum file_symlinks symlinks;
	const char *health; /* path of health checks, with its leading slash; NULL: none */
	bool dotfiles;	    /* files whose names begin with a dot are served */
};

/*
 * Valid for the life of one worker. Written by daemon/worker.c, except find_prebuilt and prebuilt_context, which are
 * written by mhd/sender.c.
 */
struct request_site_worker {
	struct reactor *reactor;
	struct store *store;
	struct counters *counters; /* NULL: nothing is counted */
	/*
	 * Searches for a prebuilt response for request->selected.file. Returns true and stores the response in
	 * request->reply, or returns false if none exists. NULL: prebuilt responses are not used.
	 */
	bool (*find_prebuilt)(void *context, struct request *request);
	void *prebuilt_context;
};

/*
 * Valid for the life of the process, and shared by all workers. Written by daemon/generation.c, except find_fault and
 * fault_context, which are written by daemon/worker.c.
 */
struct request_site_process {
	struct cache *cache;
	uint64_t storage_timeout_ns; /* maximum time that a request waits for a device that is stalled */
	struct directory_table *directories;
	struct clients *clients; /* NULL: no limits per client */
	struct login *login;	 /* NULL: no password is needed anywhere */
	struct bucket *total;	 /* the token bucket for rate_total_bytes */
	/* Number of transfers in progress. More transfers use smaller blocks. See start_transfer(). */
	atomic_uint *transfers;
	/*
	 * Returns NULL if the process is ready for requests, else a constant line of text that states why not. NULL:
	 * the process is always ready. The function is thread-safe and does not block.
	 */
	const char *(*find_fault)(void *context);
	void *fault_context;
	atomic_uint *health_status; /* result of the last health check: 200, 503 or 0 (none); NULL: all are logged */
};

struct request_site {
	unsigned refs; /* connections, requests and the listener of this worker */
	struct request_site_config config;
	struct request_site_worker worker;
	struct request_site_process process;
};

/* Adds a reference. Adding the first reference also adds a reference to the generation. */
static inline void request_site_ref(struct request_site *site)
{
	if (site->refs++ == 0 && site->config.ref != NULL)
		site->config.ref(site->config.owner);
}

/*
 * Drops a reference. Dropping the last reference also drops the reference to the generation, which may free the site.
 */
static inline void request_site_unref(struct request_site *site)
{
	if (--site->refs == 0 && site->config.unref != NULL)
		site->config.unref(site->config.owner);
}

#endif
