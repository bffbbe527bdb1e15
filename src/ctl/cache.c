/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged answers warm, pin and evict with a stream of JSON lines. The last line contains "done". A stream that ends
 * without such a line was interrupted. While the stream runs, its newest line is shown as a progress line on the
 * terminal. At the end, the progress line is erased and replaced by one line with the result for the path. If standard
 * error is not a terminal, a line with the progress is written to it every PRINT_MS.
 *
 * ctl_cache_run() owns a struct stream for each path. The program has one thread.
 */
#include "ctl/cache.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/units.h"
#include "ctl/progress.h"
#include "ctl/terminal.h"
#include "ctl/value.h"
#include "ctl/words.h"

#define LINE_BYTES_MAX 65536
#define SHOW_NS (100 * CLOCK_NS_PER_MS) /* minimum time between two updates of the progress line */
#define PRINT_MS 10000			/* minimum time between two lines of progress without a terminal */
#define PRINT_COLUMNS 200

struct stream {
	const struct ctl_cache *cache;
	const char *path;	   /* the path as given on the command line */
	char line[LINE_BYTES_MAX]; /* the incomplete line */
	size_t used;
	json_t *last;	     /* the last complete line */
	uint64_t shown_ns;   /* time of the last update of the progress line; 0: there was no update */
	uint64_t printed_ms; /* elapsed time of the operation at the last printed line of progress */
	bool bad;	     /* a line was not a JSON object, or was too long */
};

static void clear_progress(const struct stream *stream)
{
	if (stream->shown_ns > 0)
		fputs("\r\033[K", stderr);
}

static bool is_evict(const struct ctl_cache *cache)
{
	return strcmp(cache->operation, "evict") == 0;
}

/*
 * Returns the progress of the newest line. The total size of a directory is not known in advance, because ranged reads
 * the directory while it warms the files.
 */
static struct ctl_progress progress_of(const struct stream *stream)
{
	const bool evict = is_evict(stream->cache);
	const struct ctl_progress progress = {
		.elapsed_ms = ctl_value_count(stream->last, "elapsed_ms"),
		.done_bytes = ctl_value_count(stream->last, evict ? "evicted_bytes" : "done_bytes"),
		.total_bytes = ctl_value_count(stream->last, "total_bytes"),
		.files = ctl_value_count(stream->last, "files"),
		.path = ctl_value_text(stream->last, "path"),
		.total_known = !evict && strcmp(ctl_value_text(stream->last, "path"), stream->path) == 0,
		.unicode = stream->cache->unicode,
	};

	return progress;
}

static void update_progress(struct stream *stream)
{
	const struct ctl_progress progress = progress_of(stream);
	const uint64_t now_ns = clock_now_ns();
	unsigned width = 80, height = 24;
	char text[4096];

	if (now_ns - stream->shown_ns < SHOW_NS)
		return;
	stream->shown_ns = now_ns;
	ctl_terminal_size(STDERR_FILENO, &width, &height);
	fprintf(stderr, "\r%s\033[K", ctl_progress_line(&progress, width > 1 ? width - 1 : 1, text, sizeof(text)));
}

static void print_progress(struct stream *stream)
{
	struct ctl_progress progress = progress_of(stream);
	char text[4096];

	if (progress.elapsed_ms < stream->printed_ms + PRINT_MS)
		return;
	stream->printed_ms = progress.elapsed_ms;
	progress.path = NULL;
	escape_print(stderr, stream->path);
	fprintf(stderr, ": %s\n", ctl_progress_line(&progress, PRINT_COLUMNS, text, sizeof(text)));
}

static void show_progress(struct stream *stream)
{
	if (stream->cache->quiet || ctl_value_true(stream->last, "done"))
		return;
	if (stream->cache->terminal)
		update_progress(stream);
	else
		print_progress(stream);
}

/* Parses the complete line. */
static void parse_line(struct stream *stream)
{
	json_t *json = json_loadb(stream->line, stream->used, 0, NULL);

	if (!json_is_object(json)) {
		stream->bad = true;
		json_decref(json);
		return;
	}
	json_decref(stream->last);
	stream->last = json;
	show_progress(stream);
}

/* See ctl_client_body_fn. */
static void receive_bytes(void *context, const char *bytes, size_t count)
{
	struct stream *stream = context;

	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n') {
			stream->bad = stream->bad || stream->used == LINE_BYTES_MAX;
			if (stream->used < LINE_BYTES_MAX)
				stream->line[stream->used++] = bytes[i];
			continue;
		}
		if (stream->used > 0)
			parse_line(stream);
		stream->used = 0;
	}
}

/* Prints an error message that starts with a path. Returns status. */
static int print_error(const char *path, const char *what, int status)
{
	fprintf(stderr, "ranged-ctl: ");
	escape_print(stderr, path);
	escape_print_line(stderr, ": %s", what);
	return status;
}

static void print_done(const struct stream *stream)
{
	const char *operation = stream->cache->operation;
	struct ctl_progress progress = progress_of(stream);
	const uint64_t left_out = ctl_value_count(stream->last, "left_out");
	char words[CTL_WORDS_BYTES], rates[256];

	if (stream->cache->quiet)
		return;
	progress.total_known = progress.files == 1;
	escape_print(stdout, stream->path);
	printf(": %s", ctl_words_size((double)progress.done_bytes, words));
	if (progress.files != 1 && ctl_value_at(stream->last, "files") != NULL)
		printf(" of %" PRIu64 " file%s", progress.files, units_plural(progress.files));
	printf(" %s", is_evict(stream->cache) ? "evicted" : strcmp(operation, "pin") == 0 ? "pinned" : "in memory");
	if (left_out > 0)
		printf(", %" PRIu64 " skipped (unreadable)", left_out);
	if (*ctl_progress_rates(&progress, rates, sizeof(rates)) != '\0')
		printf(" after %s", rates);
	putchar('\n');
	fflush(stdout);
}

/* Prints the result or an error message. Returns the exit status. */
static int print_result(const struct ctl_cache *cache, const struct stream *stream, const char *path, int status)
{
	const char *error = ctl_value_text(stream->last, "error");
	bool done = ctl_value_true(stream->last, "done");

	if (status != 0 &&
	    ctl_client_status(cache->client) > 200) { /* the message from ranged already names the path */
		escape_print_line(stderr, "ranged-ctl: %s", ctl_client_fault(cache->client));
		return status;
	}
	if (status != 0)
		return print_error(path, ctl_client_fault(cache->client), status);
	if (stream->bad)
		return print_error(path, "the server is not ranged: it sent a line that is not a JSON object",
				   EX_PROTOCOL);
	if (done)
		print_done(stream);
	if (*error != '\0')
		return print_error(path, error, EX_IOERR);
	return done ? 0 : print_error(path, "the connection ended before the operation was complete", EX_TEMPFAIL);
}

/* Returns the resource with its query. The caller frees the text with free(). Returns NULL if memory runs out. */
static char *resource_of(const struct ctl_cache *cache, const char *path)
{
	char *escaped = ctl_client_escape(path), *site = cache->site != NULL ? ctl_client_escape(cache->site) : NULL,
	     *resource = NULL;

	if (escaped != NULL && (site != NULL || cache->site == NULL) &&
	    asprintf(&resource, "/cache/%s?path=%s%s%s", cache->operation, escaped, site != NULL ? "&site=" : "",
		     site != NULL ? site : "") < 0)
		resource = NULL;
	free(escaped);
	free(site);
	return resource;
}

int ctl_cache_run(const struct ctl_cache *cache, const char *path)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	char *resource = resource_of(cache, path);
	int status = EX_OSERR;

	if (stream != NULL && resource != NULL) {
		stream->cache = cache;
		stream->path = path;
		status = ctl_client_request(cache->client, true, resource, receive_bytes, stream);
		if (stream->used > 0)
			parse_line(stream);
		clear_progress(stream);
		status = print_result(cache, stream, path, status);
		json_decref(stream->last);
	}
	free(resource);
	free(stream);
	return status;
}

/* --- hot --- */

static void print_hot(const json_t *files)
{
	const json_t *file;
	size_t i;

	printf("%10s %10s %6s %8s  %s\n", "IN MEMORY", "SIZE", "PINNED", "REQUESTS", "FILE");
	json_array_foreach(files, i, file) {
		char resident[CTL_WORDS_BYTES], size[CTL_WORDS_BYTES], requests[CTL_WORDS_BYTES];

		printf("%10s %10s %6s %8s  ", ctl_words_size((double)ctl_value_count(file, "resident_bytes"), resident),
		       ctl_words_size((double)ctl_value_count(file, "size"), size),
		       ctl_value_true(file, "pinned") ? "yes" : "",
		       ctl_words_count((double)ctl_value_count(file, "requests"), requests));
		escape_print(stdout, ctl_value_text(file, "site"));
		escape_print(stdout, ctl_value_text(file, "path"));
		putchar('\n');
	}
}

/* Prints the option that lists the next files, if there are any. */
static void print_more(const json_t *hot, uint64_t offset)
{
	const uint64_t total = ctl_value_count(hot, "total"),
		       next = offset + json_array_size(json_object_get(hot, "files"));

	if (next < total && isatty(STDOUT_FILENO))
		printf("%" PRIu64 " of %" PRIu64 " file%s; continue with --offset %" PRIu64 "\n", next - offset, total,
		       units_plural(total), next);
}

int ctl_cache_hot(struct ctl_client *client, uint64_t offset, uint64_t limit, bool json)
{
	char resource[96];
	const char *body;
	json_t *hot;
	size_t bytes;
	int status;

	snprintf(resource, sizeof(resource), "/cache/hot?limit=%" PRIu64 "&offset=%" PRIu64, limit, offset);
	status = ctl_client_request(client, false, resource, NULL, NULL);
	if (status != 0)
		return print_error("hot", ctl_client_fault(client), status);
	body = ctl_client_body(client, &bytes);
	hot = json_loadb(body, bytes, 0, NULL);
	if (!json_is_array(json_object_get(hot, "files")))
		status = print_error("hot", "the server is not ranged: its answer has no list of files", EX_PROTOCOL);
	else if (json)
		fwrite(body, 1, bytes, stdout);
	else {
		print_hot(json_object_get(hot, "files"));
		print_more(hot, offset);
	}
	json_decref(hot);
	return status;
}
