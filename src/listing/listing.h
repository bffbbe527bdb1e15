/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content of a directory as HTML or JSON, generated while it is sent. store/directory.h reads the directory on
 * offload threads. A listing belongs to one request, and all functions run on the worker of that request.
 */
#ifndef LISTING_LISTING_H
#define LISTING_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"
#include "listing/listing_query.h"
#include "site/rules.h"
#include "store/directory.h"

struct listing;

struct listing_options {
	struct directory_table *table;
	struct reactor *reactor;   /* reactor of the calling worker */
	const struct rules *rules; /* hidden files are omitted */
	const struct site *site;
	int root_fd;	     /* the root of the path; must stay open as long as the configuration exists */
	size_t prefix_bytes; /* length of the first part of `path`, which the root replaces, see path_below() */
	enum file_symlinks symlinks;
	bool dotfiles;		 /* include files whose name begins with a dot */
	struct device *device;	 /* device of the directory; NULL: unknown */
	const char *path;	 /* as in struct path; copied */
	const char *host;	 /* for the heading, or NULL; copied */
	const char *links_query; /* as in struct listing_view; copied */
	struct listing_query query;
	uint64_t page_entries; /* maximum number of entries on an HTML page without "limit"; 0: unlimited */
	bool json;
	void (*wake)(void *context); /* called once after each -EAGAIN, on the thread of the reactor */
	void *context;
	/*
	 * An offload thread may use the listing after the request has ended. The listing therefore references the
	 * configuration that owns `rules` and `site`. Any thread may call ref() and unref(). They are NULL if the
	 * configuration outlives the listing anyway.
	 */
	void *configuration;
	void (*ref)(void *configuration);
	void (*unref)(void *configuration);
};

/* Creates a listing and starts reading the directory. Returns 0 or -ENOMEM. On success, the caller owns *listing. */
int listing_new(struct listing **listing, const struct listing_options *options);
/* Frees a listing. May be called at any time, even while the directory is being read. NULL is allowed. */
void listing_free(struct listing *listing);

/*
 * Returns 0 if the status, the header fields and the entity tag are known, -EAGAIN if wake() will be called, or -errno
 * of directory_state(). The functions below may be called only after listing_ready() has returned 0.
 */
int listing_ready(struct listing *listing);
/* Returns a weak entity tag of the page, or "" if the directory is too large for a tag. */
const char *listing_etag(const struct listing *listing);
/* Appends a relative reference to the next page. Appends nothing if there is no next page. */
void listing_put_next(const struct listing *listing, struct text *text);
/* Returns the content type. */
const char *listing_type(const struct listing *listing);
bool listing_is_json(const struct listing *listing);

/*
 * Copies the next bytes of the body to the buffer. Returns their number, 0 at the end of the body, -EAGAIN if wake()
 * will be called, or -errno if reading failed.
 */
ssize_t listing_read(struct listing *listing, char *buffer, size_t length);
/* Returns the number of bytes that listing_read() has returned in total. */
uint64_t listing_sent_bytes(const struct listing *listing);

#endif
