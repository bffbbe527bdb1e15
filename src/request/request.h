/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One HTTP request, from its header block to its reply. A request does not use sockets. The server fills in the input,
 * runs the table of steps (steps/steps.h), and sends the reply. Each part of the struct is written by one file, which
 * the comment of that part names. All other files only read the part. A request belongs to the thread of its reactor.
 *
 * States of a request:
 *
 *	request_init()
 *	     |
 *	     v      a step waits
 *	  RUNNING ----------------> WAITING
 *	     |    <----------------    |
 *	     |      wake()             |
 *	     |                         |  request_fini() while a lookup is in flight
 *	     |  the reply is made      v
 *	     v                     ABANDONED
 *	  REPLIED                      |
 *	     |                         |  the lookup ends: ended()
 *	     |  request_fini()         v
 *	     +------------> the storage is reusable
 *
 * request_fini() also ends a request in RUNNING or WAITING at once if no lookup is in flight. In all states, the
 * request may reference a file and the extents of its first bytes. In REPLIED, the references stay until
 * request_fini(), because the response may point into an extent.
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
#include "request/request_site.h"
#include "request/transfer.h"
#include "site/rules.h"
#include "store/files.h"
#include "store/store.h"

struct gate;
struct request;
struct variant;

/*
 * The result of a step. After STEP_TO_*, the request continues with an earlier or later step instead of the next one.
 */
enum step_result {
	STEP_NEXT,	 /* continue with the next step */
	STEP_WAIT,	 /* the request waits; the same step runs again after wake() */
	STEP_REPLY,	 /* the reply is made */
	STEP_TO_RULES,	 /* match the rules of another path */
	STEP_TO_FIND,	 /* look up the file again, or look up an error page */
	STEP_TO_LISTING, /* reply with a listing of the directory */
};

struct request_step {
	const char *name;
	enum step_result (*run)(struct request *request);
};

/*
 * The request as it was received. Written by mhd/handler.c before the first step. `authority` is written by
 * steps/target.c.
 */
struct request_input {
	enum method method;
	char *target; /* as received, not decoded; owned */
	struct fields fields;
	char *authority; /* authority of an absolute target (RFC 9112 section 3.2.2); owned; NULL: none */
};

/*
 * The sender of the request. mhd/exchange.c copies peer, secure and client_address from the connection. If the peer is
 * a trusted proxy, gate_identify() (steps/gate.c) sets secure, client_address and client to the values that the proxy
 * forwarded.
 */
struct request_origin {
	const struct peer *peer;       /* peer of the connection */
	struct address client_address; /* address of the peer, or the address that a trusted proxy forwarded */
	struct client *client;	       /* forwarded client; valid until limit_leave(); NULL: the peer is the client */
	bool secure;		       /* the request used TLS, to this server or to the trusted proxy */
	bool proxied;		       /* the peer is a trusted proxy */
	bool contradicted;	       /* the fields of the trusted proxy name two different clients */
};

/* The search for a file. Written by steps/locate.c, except error_status, which is written by steps/steps.c. */
struct request_search {
	bool inner;	   /* `path` is not the requested path, but an index, a "try" or an error page */
	bool in_directory; /* an index is being looked up; the first directory_bytes of path.file are the directory */
	size_t directory_bytes;
	struct text_list index, try; /* settings of the requested path */
	unsigned indexes_tried, tries_done;
	char *original_path;   /* requested path, set when a "try" replaces it; owned */
	unsigned error_status; /* the status whose error page is being looked up; 0: none */
	unsigned attempts;     /* number of times that the file changed before its first byte was sent */
};

/* The signed URL. Written by steps/signing.c. */
struct request_signature {
	bool required;			/* the requested path, or the path that replaces it, needs a signature */
	enum signature_verdict verdict; /* result of the last check */
	const char *key_file;		/* the key file of the valid signature; NULL: no valid signature */
	uint64_t rate_bytes;		/* bytes per second that the signature allows; 0: unlimited */
};

/* The password. Written by steps/gate.c. */
struct request_login {
	struct gate *gate; /* state of the password check; NULL: no password was checked so far */
	void (*end_gate)(struct request *request);
	char *user;  /* the user name that the client sent, valid or not, for the log; owned */
	bool waived; /* the address is allowed, and the path requires an allowed address or a password */
};

/*
 * The lookup of a path below its root. Written by request.c, except `files` and `prefix_bytes`, which
 * request_use_root() sets.
 */
struct request_lookup {
	struct files *files; /* files below the root of the path; NULL: no site was found */
	size_t prefix_bytes; /* length of the first part of the path, which the root replaces, see path_below() */
	struct files_want want;
	bool pending;	   /* the lookup is in flight; `want` receives its result */
	uint64_t since_ns; /* the file must be checked after this time (CLOCK_MONOTONIC); 0: no requirement */
};

/*
 * The selected representation (RFC 9110 section 3.2). Written by steps/variant.c. `file` is also written by
 * steps/locate.c.
 */
struct request_selected {
	struct file *file;	       /* the file whose bytes are sent; a reference */
	struct file *original;	       /* the file of which `file` is a variant; a reference; NULL: not a variant */
	const struct variant *variant; /* coding of `file`, or coding that is being looked up; NULL: none */
	unsigned remaining;	       /* bits of enum sibling: variants not looked up yet */
	bool failed;		       /* the lookup of a variant failed, so 503 replaces 406 */
	bool as_is;		       /* the original file is sent because of the Range field */
	bool stale;		       /* `file` could not be revalidated, see struct files_want */
};

/* The ranges. Written by steps/content.c, except `wanted_ns`, which is written by steps/provenance.c. */
struct request_content {
	bool whole; /* the Range field is ignored, for example because of If-Range */
	struct range_set ranges;
	struct multipart multipart; /* multipart body of `ranges`, if there are several ranges */
	uint64_t wanted_ns;	    /* time when the first bytes were requested, for Server-Timing */
};

/*
 * The source of the body: a span of one extent, a transfer, or a listing. Written by request.c, except `listing`, which
 * is written by steps/listing_reply.c.
 */
struct request_body {
	struct store_want want; /* the span; want.file == NULL: no span is used */
	struct transfer *transfer;
	struct listing *listing;
	size_t copy_bytes; /* maximum number of bytes that one call copies from the transfer */
	struct pins pins;  /* cache memory that `want` and `transfer` pin */
};

/* The rate limits of the response. Written by steps/limit.c. */
struct request_limits {
	bool limited;			    /* limit_grant() decides how much of the body may be sent */
	bool dry_run_logged;		    /* for limits_dry_run: a delay of the response was logged */
	struct client *transfer_owner;	    /* the client whose `transfers` count this request; NULL: not counted */
	struct bucket pace;		    /* the token bucket of this response */
	uint64_t granted_bytes, granted_ns; /* bytes granted, and the time when they may be sent; 0 ns: now */
	unsigned link_count;
	struct bucket_link links[4]; /* the buckets that granted the bytes; not cleared by request_init() */
};

struct request {
	const struct request_site *site;
	void (*wake)(struct request *request);	/* the wait of a step, or of the transfer, has ended */
	void (*ended)(struct request *request); /* request_fini() returned false; the storage is reusable now */
	/* Called after each step; NULL: none. Written by daemon/explain.c. */
	void (*trace)(const struct request *request, const struct request_step *step, enum step_result result);
	const struct request_step *step; /* the current step; written by steps/steps.c */
	bool direct;			 /* a long body may be sent by mhd/direct.c; written by mhd/exchange.c */
	bool not_reusable; /* the reply depends on more than the file and the configuration; set by any step */
	bool own_fields;   /* the rules of the configuration add no fields to the reply; set by steps/health.c */
	bool unlogged;	   /* the access log gets no entry; set by steps/health.c */
	bool dry;	   /* no body is read, as for HEAD, but ranges apply; written by daemon/explain.c */
	bool abandoned;	   /* request_fini() was called while a lookup was in flight */
	bool expired;	   /* the current wait has ended; written by request_expire() and steps/steps.c */
	enum counters_reason reason; /* why the request was rejected; COUNTERS_NO_REASON: it was not */
	uint64_t waiting_ns; /* start of the current wait of a step; 0: no step waits; written by steps/steps.c */
	struct request_input input;
	struct request_origin origin;
	struct request_search search;
	struct request_signature signature;
	struct request_login login;
	struct request_lookup lookup;
	struct request_selected selected;
	struct request_content content;
	struct request_body body;
	struct request_limits limits;
	/*
	 * request_init() does not clear the following members. They are large, and each one is written before it is
	 * read.
	 */
	struct reply reply;
	struct validator validator; /* validator of `selected`; written by steps/variant.c and steps/listing_reply.c */
	struct path path;	    /* the current path; written by steps/target.c and steps/locate.c */
	struct match match;	    /* the site and the rules of `path`; written by steps/target.c */
};

/* A longer body of a request with `direct` is a transfer, even if it lies in one extent. */
#define REQUEST_SPAN_MAX_BYTES ((uint64_t)256 * 1024)

enum request_state { REQUEST_WAITS, REQUEST_REPLIES };

/*
 * Initialises the caller's storage, which may contain anything. Copies the target. The caller then sets `wake`, `ended`
 * and `origin`. Returns 0 or -ENOMEM.
 */
int request_init(struct request *request, const struct request_site *site, const struct request_step *first,
		 const char *target);
/*
 * Ends the request. wake() is not called afterwards. Returns true if the caller may reuse the storage at once. Returns
 * false if a lookup is still in flight. In that case, the caller may reuse the storage when ended() is called, which
 * may be after the server was freed.
 */
bool request_fini(struct request *request);

/* Returns the settings that apply to the current path. */
static inline const struct settings *request_settings(const struct request *request)
{
	return request->match.settings;
}

/*
 * Returns the client to which limits, disk queues and counters are charged. This is the client that a trusted proxy
 * forwarded, or else the peer. Returns NULL if clients are not counted.
 */
static inline struct client *request_client(const struct request *request)
{
	return request->origin.client != NULL ? request->origin.client : request->origin.peer->client;
}

/* Counts the request as rejected for this reason, and notes the reason for the access log. */
static inline void request_note_rejection(struct request *request, enum counters_reason reason)
{
	request->reason = reason;
	counters_reject(request->site->worker.counters, reason);
}

/*
 * Replaces the reply by an error with this status. Adds Allow to 405 and Content-Range to 416, as RFC 9110 requires,
 * and Retry-After to 503. If an error page is being made, the reply keeps the status and the fields of the original
 * error. Returns STEP_REPLY.
 */
enum step_result request_fail(struct request *request, unsigned status);
/*
 * Replaces the reply by an error with the status that corresponds to an -errno of a file or a device. Logs an error
 * with a status of 500 or more, with the path and the offset. Counts errors that are caused by overload. Returns
 * STEP_REPLY.
 */
enum step_result request_fail_errno(struct request *request, int error, uint64_t offset);

/* Uses the root of a path for the lookups that follow. `match` is the result of rules_match() for the path. */
static inline void request_use_root(struct request *request, const struct match *match)
{
	request->lookup.files = match->root != NULL ? match->root->files : NULL;
	request->lookup.prefix_bytes = match->root_prefix_bytes;
}

/* Returns the part of a path that lies below the root. The path is path.file, or path.file with a suffix. */
static inline const char *request_path_below_root(const struct request *request, const char *path)
{
	return path_below(path, request->lookup.prefix_bytes);
}

/*
 * Looks up a path below its root: path.file, or path.file with a suffix. Returns 0 or -errno. After 0,
 * request->lookup.pending is false if the result is in request->lookup.want, or true if wake() will be called when the
 * result is available.
 */
int request_look_up(struct request *request, const char *path);
/* Calls request_look_up() for path.file. Returns STEP_NEXT, or STEP_REPLY if the lookup cannot be started. */
enum step_result request_find(struct request *request);

/*
 * Returns true if a step of the request has been waiting for storage for too long. This is disk_queue_timeout if the
 * device is stalled, and twice this time otherwise, because only this file may hang.
 */
bool request_is_overdue(const struct request *request, uint64_t now_ns);
/*
 * Ends the wait of a request that is overdue. A lookup gets a stale file or fails. Otherwise the request fails when its
 * step runs again and still has to wait.
 */
void request_expire(struct request *request);

/*
 * Requests the first bytes of the body (content.ranges of selected.file) from the store. Requests the whole body if it
 * lies in one extent, else the first pieces of a transfer. Returns 0 or -errno.
 */
int request_want_body(struct request *request);
/* Returns 0 if the first bytes are available, -EAGAIN if wake() will be called, or another -errno. */
int request_body_ready(struct request *request);
/* Returns the want of the first bytes of the body, or NULL if no want exists. */
const struct store_want *request_first_want(const struct request *request);
/* Returns the offset in the file at which the body continues or failed, for the log. */
uint64_t request_body_offset(const struct request *request);
/* Releases the extents, the transfer, the listing and the ranges. */
void request_drop_body(struct request *request);
/* Returns the maximum number of bytes of a transfer that may be copied for its client now. */
size_t request_copy_bytes(const struct request *request);

#endif
