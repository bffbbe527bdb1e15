/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a folder, as HTML or JSON, made piece by piece while it is sent. The reading is store/folder.h's; this is
 * its reader and belongs to one reactor's thread.
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
	struct reactor *reactor;
	const struct rules *rules; /* what they hide is not shown */
	const struct site *site;
	enum file_symlinks symlinks;
	bool dotfiles;
	const char *path;	 /* as in struct path; copied */
	const char *host;	 /* for the title, or NULL; copied */
	const char *links_query; /* as in struct listing_view; copied */
	struct listing_query query;
	uint64_t page_entries; /* of a page in HTML at most, unless the query says; 0: any number */
	bool json;
	void (*wake)(void *context); /* once after an -EAGAIN */
	void *context;
	/* It may outlive who asks for it, on any thread, and keeps what rules and site are of alive by these; NULL:
	 * they live long enough. */
	void *configuration;
	void (*ref)(void *configuration);
	void (*unref)(void *configuration);
};

/* Starts to read it. 0 or -ENOMEM. */
int listing_new(struct listing **listing, const struct listing_options *options);
/* At any time. NULL is fine. */
void listing_free(struct listing *listing);

/* 0: its status, fields and tag can be sent. -EAGAIN: wake() will run. -errno as directory_state(). */
int listing_ready(struct listing *listing);
/* Once ready: a weak entity tag of all that is shown, or "" if it is too large to have one. */
const char *listing_etag(const struct listing *listing);
/* Once ready: puts the query of what follows behind its last entry, as a relative reference; nothing if it is complete.
 */
void listing_put_next(const struct listing *listing, struct text *text);
const char *listing_type(const struct listing *listing);
bool listing_is_json(const struct listing *listing);

/* Once ready: bytes of the body, 0 at its end. -EAGAIN: wake() will run. -errno: it can't go on. */
ssize_t listing_read(struct listing *listing, char *buffer, size_t length);
/* How much has been read. */
uint64_t listing_taken_bytes(const struct listing *listing);

#endif
