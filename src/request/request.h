/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request: what it was given, what was found on its way, and the reply it becomes; the way itself is the table of
 * steps.c. It knows no sockets: the server gives it fields and a wake function, runs it, and sends the reply. Belongs
 * to its reactor's thread.
 */
#ifndef REQUEST_REQUEST_H
#define REQUEST_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/login.h"
#include "auth/signature.h"
#include "engine/reactor.h"
#include "http/fields.h"
#include "http/multipart.h"
#include "http/path.h"
#include "http/range.h"
#include "http/validator.h"
#include "listing/listing.h"
#include "request/clients.h"
#include "request/counters.h"
#include "request/peer.h"
#include "request/pins.h"
#include "request/reply.h"
#include "request/transfer.h"
#include "site/mime.h"
#include "site/rules.h"
#include "store/files.h"
#include "store/store.h"

struct certificates;
struct request;
struct variant;
struct signing;

/*
 * What all requests of one reactor share that came in under one configuration. While it runs another may take its
 * place: this one then lives until the last one that has a hold of it is over.
 */
struct request_site {
	unsigned holds;			  /* of this reactor's thread */
	void *configuration;		  /* with these, which any thread may call, it is kept alive by others */
	void (*ref)(void *configuration); /* NULL: it lives long enough */
	void (*unref)(void *configuration);
	struct reactor *reactor;
	struct store *store;
	struct directory_table *folders;
	const struct mime *mime;
	const struct rules *rules;
	struct certificates *certificates; /* for those who come in by TLS; NULL: nobody does */
	struct signing *signing;
	struct cache *cache;
	/* True: the caller has a reply ready for all of request->file, and put it into request->reply. */
	bool (*ready)(void *context, struct request *request);
	void *prebuilt_context;
	size_t prebuilt_bytes; /* that such replies may pin */
	struct clients *clients;
	struct counters *counters;		 /* NULL: nobody counts */
	struct login *login;			 /* NULL: nobody is asked for a password */
	const struct text_list *trusted_proxies; /* of networks_parse(); NULL: none */
	struct bucket *total;			 /* of the process */
	uint64_t rate_total_bytes;		 /* a second; 0: any */
	struct fields_limits header_limits;
	unsigned max_ranges;
	atomic_uint *transfers; /* of the process: the block of a new one shrinks as they multiply */
	bool dotfiles;		/* serve names that begin with a dot */
	enum file_symlinks symlinks;
};

static inline void request_site_hold(struct request_site *site)
{
	if (site->holds++ == 0 && site->ref != NULL)
		site->ref(site->configuration);
}

static inline void request_site_drop(struct request_site *site)
{
	if (--site->holds == 0 && site->unref != NULL)
		site->unref(site->configuration);
}

enum step_result { STEP_NEXT, STEP_WAIT, STEP_REPLY, STEP_AGAIN };

struct request_step {
	const char *name;
	enum step_result (*run)(struct request *request);
};

struct request {
	const struct request_site *site;
	void (*wake)(struct request *request);	/* what steps_run() or the transfer waited for has come */
	void (*ended)(struct request *request); /* request_fini() said false, and now it is over */
	const struct peer *peer;
	bool proxied, contradicted;    /* by a trusted proxy, whose fields name two clients */
	bool secure;		       /* it came by TLS: to us, or to a proxy that is trusted */
	struct address client_address; /* the peer's, or whom it speaks for if it is a trusted proxy */
	/* given */
	enum method method;
	char *target; /* raw; owned */
	struct fields fields;
	/* found on the way */
	const struct request_step *step;
	bool inner;	/* another path than the one asked for is looked at: an index, a try, a page for an error */
	bool in_folder; /* its index is looked for: path.file up to directory_bytes is the folder */
	size_t directory_bytes;
	struct text_list index, try; /* of the path asked for, and how many of them were looked at */
	unsigned indexes, tries;
	char *authority;       /* of a target in absolute form; owned */
	char *asked;	       /* that path, once others are tried; owned */
	unsigned error_status; /* the page for this status is what is being made */
	unsigned attempts;
	bool guarded;			/* a signature is needed for what is asked for, or for what stands for it */
	enum signature_verdict verdict; /* on the last one that was looked at */
	const char *signed_by;		/* the file of keys that a good one is of; NULL: there was none */
	bool not_reusable;		/* the reply depends on more than the file and the blocks it falls under */
	struct gate *gate;		/* gate.c's: it was asked for a password */
	void (*end_gate)(struct request *request);
	char *user;	     /* the name it gave, for the log; owned */
	struct files *files; /* of the site */
	struct files_want lookup;
	bool looking;
	uint64_t since_ns; /* lookups must be no older (CLOCK_MONOTONIC); 0: as old as the table of files allows */
	struct file *file; /* whose bytes are sent */
	const struct variant
		*variant;      /* the coding that they are in, NULL: none; while looking, the one that is looked for */
	struct file *original; /* the file that it is a variant of */
	bool variant_failed;   /* to be looked up, for a reason that passes: none is no answer */
	unsigned variants;     /* bits of enum sibling: not looked for yet */
	bool as_is;	       /* a Range field asks for the file as it is, or for the variant that If-Range names */
	uint64_t wanted_ns;    /* when the body was wanted, for Server-Timing */
	bool whole;	       /* If-Range did not match */
	struct store_want want;
	struct transfer *transfer;
	struct listing *listing;
	size_t copy_bytes;	/* of the transfer: what is copied for its client at a time, at most */
	struct pins pins;	/* what want and transfer keep of the cache */
	struct client *client;	/* whom the limits are about, if that is not the peer's; until limit_leave() */
	struct client *counted; /* one of whose transfers it is */
	bool limited;		/* its body goes out as limit_grant() says */
	bool said_dry;
	uint64_t rate_bytes;		    /* a second, of this response: what its signature says; 0: nothing */
	struct bucket pace;		    /* of this response */
	unsigned link_count;		    /* of links: which buckets gave it */
	uint64_t granted_bytes, granted_ns; /* what may go out, from then on; 0: now */
	bool dry;			    /* as if for HEAD, but with its ranges: nothing is read */
	void (*trace)(const struct request *request, const struct request_step *step,
		      enum step_result result); /* a step was run; or NULL */
	bool over;				/* request_fini() was called; the lookup's answer is still to come */
	struct range_set ranges;
	struct multipart multipart; /* of them, if there are several */
	/* From here on nothing is cleared beforehand: it is large, and filled before it is read. */
	struct reply reply; /* empty */
	struct bucket_link links[4];
	struct validator validator;
	struct path path;
	struct match match;
};

enum request_state { REQUEST_WAITS, REQUEST_REPLIES };

/* Storage of the caller's, in any state; wake, ended, peer and secure are set by the caller after it. target is copied.
 * 0 or -ENOMEM. */
int request_init(struct request *request, const struct request_site *site, const struct request_step *first,
		 const char *target);
/*
 * What it waits for ends by itself; wake() will not run. True: the storage is the caller's again. False: it is once
 * ended() runs, which may be after the server has gone.
 */
bool request_fini(struct request *request);

static inline const struct settings *request_settings(const struct request *request)
{
	return request->match.settings;
}

/* Whom the request is from, for limits, queues and sums: the peer, or the client that a trusted proxy speaks for. NULL:
 * nobody counts. */
static inline struct client *request_client(const struct request *request)
{
	return request->client != NULL ? request->client : request->peer->client;
}

/* Makes the reply a refusal with this status; STEP_REPLY. */
enum step_result request_refuse(struct request *request, unsigned status);
/* A fault of the file or the disk, a -errno: one line in the log unless the client merely asked for what is not there.
 * STEP_REPLY. */
enum step_result request_refuse_error(struct request *request, int error, uint64_t offset);

/* Asks the table of open files for a path. 0: request->looking until the answer is in request->lookup; or -errno. */
int request_look_up(struct request *request, const char *path);
/* Asks the table of open files for path.file. STEP_NEXT: request->looking until the answer is in request->lookup; or
 * STEP_REPLY. */
enum step_result request_find(struct request *request);

/*
 * Wants what the body (request->ranges of request->file) needs first: all of it if it lies in one extent, else the head
 * of a transfer. 0 or -errno.
 */
int request_want_body(struct request *request);
/* 0: the first bytes are there; -EAGAIN: wake() will run; or -errno. */
int request_body_ready(struct request *request);
/* The want that brought the first bytes of the body, or is to; NULL: there is none. */
const struct store_want *request_first_want(const struct request *request);
/* Where in the file it stands or failed, for the log. */
uint64_t request_body_offset(const struct request *request);
void request_drop_body(struct request *request);
/* How much of a transfer is to be copied for its client now. */
size_t request_copy_bytes(const struct request *request);

#endif
