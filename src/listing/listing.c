/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generates the listing of a directory from the chunks of entries that store/directory.c reads. The request owns the
 * listing. The worker of the request runs all functions except is_shown() and directory_freed().
 *
 * The main idea: text is generated row by row, and only as much as the client accepts at once. The next chunk is
 * requested after the last row of the current chunk. A directory with millions of entries therefore needs little
 * memory.
 *
 * After listing_free(), the listing exists until the offload threads have released the directory, because they call
 * is_shown() for each entry.
 */
#include "listing/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "http/path.h"
#include "listing/listing_html.h"
#include "listing/listing_json.h"
#include "listing/page.h"

enum phase { PHASE_HEAD, PHASE_ROWS, PHASE_TAIL, PHASE_END };

struct listing {
	struct listing_options options;
	struct listing_view view;
	struct directory *directory;
	bool hides; /* a block of the configuration hides names */
	bool asked; /* the request waits for wake() */
	bool begun; /* the first chunk has arrived */
	enum phase phase;
	size_t index;	     /* index of the next row in the current chunk */
	bool any;	     /* a row was generated */
	struct text text;    /* generated text */
	size_t text_sent;    /* bytes of `text` that listing_read() has returned */
	uint64_t sent_bytes; /* bytes that listing_read() has returned in total */
	char etag[32];
	char *path, *host, *links_query; /* copies of the options */
};

static void chunk_ready(void *context)
{
	struct listing *listing = context;
	bool asked = listing->asked;

	listing->asked = false;
	if (asked)
		listing->options.wake(listing->options.context);
}

/* Returns false for an entry whose URL would yield 404, so that the listing omits it. Runs on an offload thread. */
static bool is_shown(void *context, const char *name, bool is_directory)
{
	const struct listing *listing = context;
	const struct listing_options *options = &listing->options;
	char path[PATH_BYTES];
	struct match match;
	int length = snprintf(path, sizeof(path), "%s%s%s", listing->path, *listing->path != '\0' ? "/" : "", name);

	if (length < 0 || (size_t)length >= sizeof(path))
		return false;
	if (!options->dotfiles && path_is_hidden(path_below(path, options->prefix_bytes)))
		return false;
	if (!listing->hides)
		return true;
	return rules_match(options->rules, options->site, path, is_directory, &match) == 0 &&
	       !rules_hides(&match, path);
}

static bool hides_any(const struct site *site)
{
	bool any = settings_has(&site->settings, SETTING_HIDE);

	for (size_t i = 0; i < site->count; i++)
		any = any || settings_has(&site->list[i].settings, SETTING_HIDE);
	return any;
}

static void release(struct listing *listing)
{
	text_fini(&listing->text);
	free(listing->path);
	free(listing->host);
	free(listing->links_query);
	if (listing->options.unref != NULL)
		listing->options.unref(listing->options.configuration);
	free(listing);
}

static void directory_freed(void *context)
{
	release(context);
}

static int start(struct listing *listing)
{
	const struct listing_options *options = &listing->options;
	const struct site *top = &options->rules->sites[0], *site = options->site;
	struct directory_options directory = {
		.reactor = options->reactor,
		.device = options->device,
		.root_fd = options->root_fd,
		.path = path_below(listing->path, options->prefix_bytes),
		.symlinks = options->symlinks,
		.sort = options->query.sort,
		.descending = options->query.descending,
		.offset = options->query.offset,
		.limit = listing->view.limit,
		.shows = is_shown,
		.ready = chunk_ready,
		.freed = directory_freed,
		.context = listing,
	};

	listing->hides = hides_any(top) || hides_any(site);
	return directory_new(&listing->directory, options->table, &directory);
}

int listing_new(struct listing **listing, const struct listing_options *options)
{
	struct listing *made = calloc(1, sizeof(*made));
	int error = -ENOMEM;

	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	if (options->ref != NULL)
		options->ref(options->configuration);
	made->path = strdup(options->path);
	made->host = options->host != NULL ? strdup(options->host) : NULL;
	made->links_query = options->links_query != NULL ? strdup(options->links_query) : NULL;
	made->view = (struct listing_view){ .path = made->path,
					    .host = made->host,
					    .links_query = made->links_query,
					    .query = options->query,
					    .limit = options->query.limit };
	if (made->view.limit == 0 && !options->json)
		made->view.limit = options->page_entries;
	if (made->view.limit == 0)
		made->view.limit = UINT64_MAX;
	if (made->path != NULL && (options->host == NULL || made->host != NULL) &&
	    (options->links_query == NULL || made->links_query != NULL))
		error = start(made);
	if (error != 0) {
		release(made);
		return error;
	}
	*listing = made;
	return 0;
}

void listing_free(struct listing *listing)
{
	if (listing != NULL)
		directory_free(listing->directory);
}

static void make_etag(struct listing *listing)
{
	const struct {
		uint64_t page, entries, directories, files, offset, limit, order;
	} facts = {
		.page = listing->options.json ? 0 : page_hash(),
		.entries = directory_hash(listing->directory),
		.directories = listing->view.directories,
		.files = listing->view.files,
		.offset = listing->view.query.offset,
		.limit = listing->view.limit,
		.order = (uint64_t)listing->view.query.sort << 1 | listing->view.query.descending,
	};
	uint64_t hash = XXH64(&facts, sizeof(facts), 0);

	hash = XXH64(listing->path, strlen(listing->path), hash);
	if (listing->host != NULL && !listing->options.json)
		hash = XXH64(listing->host, strlen(listing->host), hash);
	if (listing->links_query != NULL)
		hash = XXH64(listing->links_query, strlen(listing->links_query), hash);
	snprintf(listing->etag, sizeof(listing->etag), "W/\"%016" PRIx64 "\"", hash);
}

int listing_ready(struct listing *listing)
{
	int state = directory_state(listing->directory);

	listing->asked = state == -EAGAIN;
	if (state != 0 || listing->begun)
		return state;
	listing->begun = true;
	directory_totals(listing->directory, &listing->view.directories, &listing->view.files);
	if (directory_is_whole(listing->directory))
		make_etag(listing);
	return 0;
}

const char *listing_etag(const struct listing *listing)
{
	return listing->etag;
}

void listing_put_next(const struct listing *listing, struct text *text)
{
	const struct listing_view *view = &listing->view;
	struct listing_query next;

	if (!listing_query_next(&view->query, view->limit, view->directories + view->files, &next))
		return;
	if (listing->options.json)
		next.format = LISTING_JSON;
	listing_query_put(text, &next, view->links_query, "&");
}

const char *listing_type(const struct listing *listing)
{
	return listing->options.json ? "application/json" : "text/html; charset=utf-8";
}

bool listing_is_json(const struct listing *listing)
{
	return listing->options.json;
}

static void make_head(struct listing *listing)
{
	if (listing->options.json)
		listing_json_head(&listing->text, &listing->view);
	else
		listing_html_head(&listing->text, &listing->view);
	listing->phase = PHASE_ROWS;
}

static void make_row(struct listing *listing)
{
	const struct entry *entry = directory_entry(listing->directory, listing->index++);

	if (entry->vanished)
		return;
	if (listing->options.json)
		listing_json_row(&listing->text, &listing->view, entry, !listing->any);
	else
		listing_html_row(&listing->text, &listing->view, entry);
	listing->any = true;
}

static void make_rows(struct listing *listing)
{
	if (listing->index < directory_count(listing->directory)) {
		make_row(listing);
	} else {
		listing->index = 0;
		if (!directory_next(listing->directory))
			listing->phase = PHASE_TAIL;
	}
}

static void make_tail(struct listing *listing)
{
	if (listing->options.json)
		listing_json_tail(&listing->text);
	else
		listing_html_tail(&listing->text, &listing->view);
	listing->phase = PHASE_END;
}

/*
 * Generates text until `length` bytes are available or the listing ends. Returns 0, -EAGAIN if the next chunk has not
 * arrived, or -errno.
 */
static int make_text(struct listing *listing, size_t length)
{
	int state = 0;

	while (listing->text.used - listing->text_sent < length && listing->phase != PHASE_END) {
		state = directory_state(listing->directory);
		if (state != 0)
			break;
		if (listing->phase == PHASE_HEAD)
			make_head(listing);
		else if (listing->phase == PHASE_ROWS)
			make_rows(listing);
		else
			make_tail(listing);
	}
	return listing->text.failed ? -ENOMEM : state;
}

ssize_t listing_read(struct listing *listing, char *buffer, size_t length)
{
	struct text *text = &listing->text;
	int error = make_text(listing, length);
	size_t have = text->used - listing->text_sent;

	if (error != 0 && error != -EAGAIN)
		return error;
	if (have == 0) {
		listing->asked = error == -EAGAIN;
		return error;
	}
	if (have > length)
		have = length;
	memcpy(buffer, text->bytes + listing->text_sent, have);
	listing->text_sent += have;
	listing->sent_bytes += have;
	if (listing->text_sent == text->used || listing->text_sent > text->used / 2) {
		text_drop(text, listing->text_sent);
		listing->text_sent = 0;
	}
	return (ssize_t)have;
}

uint64_t listing_sent_bytes(const struct listing *listing)
{
	return listing->sent_bytes;
}
