/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged answers long work with a line of JSON now and then, and the last one says that it is done: an answer that ends
 * without it was cut. The line on the terminal is written over and gone in the end; what is left is a line for each
 * path that was asked for.
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
#include "ctl/progress.h"
#include "ctl/terminal.h"
#include "ctl/value.h"
#include "ctl/words.h"

#define LINE_BYTES_MAX 65536
#define SHOW_NS (100 * CLOCK_NS_PER_MS)

struct stream {
	const struct ctl_cache *cache;
	const char *path; /* that was asked for */
	char line[LINE_BYTES_MAX];
	size_t used;
	json_t *last; /* the last line */
	uint64_t begun_ns, shown_ns;
	bool bad; /* there was a line that is none of ranged's */
};

/* Names come from outside: as they are but for control codes. */
static void print_name(const char *name)
{
	for (; *name != '\0'; name++)
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
}

static void clear_progress(const struct stream *stream)
{
	if (stream->cache->progress && stream->shown_ns > 0)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct stream *stream)
{
	uint64_t now_ns = clock_now_ns();
	struct ctl_progress progress = {
		.begun_ns = stream->begun_ns,
		.done_bytes = ctl_value_count(stream->last, "done_bytes"),
		.total_bytes = ctl_value_count(stream->last, "total_bytes"),
		.files = ctl_value_count(stream->last, "files"),
		.path = ctl_value_text(stream->last, "path"),
		.unicode = stream->cache->unicode,
	};
	unsigned width = 80, height = 24;
	char text[4096];

	if (!stream->cache->progress || now_ns - stream->shown_ns < SHOW_NS)
		return;
	stream->shown_ns = now_ns;
	/* Of a folder ranged learns as it goes what is in it. */
	progress.total_known = strcmp(progress.path, stream->path) == 0;
	ctl_terminal_size(STDERR_FILENO, &width, &height);
	fprintf(stderr, "\r%s\033[K",
		ctl_progress_line(&progress, now_ns, width > 1 ? width - 1 : 1, text, sizeof(text)));
}

static void take_line(struct stream *stream)
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

static void take_bytes(void *context, const char *bytes, size_t count)
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
			take_line(stream);
		stream->used = 0;
	}
}

static int complain(const char *path, const char *what, int status)
{
	fprintf(stderr, "ranged-ctl: ");
	for (; *path != '\0'; path++)
		fputc((unsigned char)*path < 0x20 || *path == 0x7f ? '?' : *path, stderr);
	fprintf(stderr, ": %s\n", what);
	return status;
}

static void print_done(const struct ctl_cache *cache, const json_t *last, const char *path)
{
	bool evicted = strcmp(cache->operation, "evict") == 0;
	uint64_t files = ctl_value_count(last, "files"), left_out = ctl_value_count(last, "left_out");
	char words[CTL_WORDS_BYTES];

	if (cache->quiet)
		return;
	print_name(path);
	printf(": %s", ctl_words_size((double)ctl_value_count(last, evicted ? "evicted_bytes" : "done_bytes"), words));
	if (files != 1 && ctl_value_at(last, "files") != NULL)
		printf(" of %" PRIu64 " files", files);
	printf(" %s", evicted ? "evicted" : strcmp(cache->operation, "pin") == 0 ? "pinned" : "in memory");
	if (left_out > 0)
		printf(", %" PRIu64 " left out", left_out);
	putchar('\n');
	fflush(stdout);
}

static int judge(const struct ctl_cache *cache, const struct stream *stream, const char *path, int status)
{
	const char *error = ctl_value_text(stream->last, "error");
	bool done = ctl_value_true(stream->last, "done") || ctl_value_at(stream->last, "evicted_bytes") != NULL;

	if (status != 0 && ctl_client_status(cache->client) > 200) { /* then ranged says of which path */
		fprintf(stderr, "ranged-ctl: %s\n", ctl_client_fault(cache->client));
		return status;
	}
	if (status != 0)
		return complain(path, ctl_client_fault(cache->client), status);
	if (stream->bad)
		return complain(path, "the answer is none of ranged", EX_PROTOCOL);
	if (done)
		print_done(cache, stream->last, path);
	if (*error != '\0')
		return complain(path, error, EX_IOERR);
	return done ? 0 : complain(path, "the answer ended before it was done", EX_TEMPFAIL);
}

/* The caller's, free(). NULL: no memory. */
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
		stream->begun_ns = clock_now_ns();
		status = ctl_client_ask(cache->client, true, resource, take_bytes, stream);
		if (stream->used > 0)
			take_line(stream);
		clear_progress(stream);
		status = judge(cache, stream, path, status);
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
		print_name(ctl_value_text(file, "site"));
		print_name(ctl_value_text(file, "path"));
		putchar('\n');
	}
}

int ctl_cache_hot(struct ctl_client *client, uint64_t limit, bool json)
{
	char resource[64];
	const char *body;
	json_t *hot;
	size_t bytes;
	int status;

	snprintf(resource, sizeof(resource), "/cache/hot?limit=%" PRIu64, limit);
	status = ctl_client_ask(client, false, resource, NULL, NULL);
	if (status != 0)
		return complain("hot", ctl_client_fault(client), status);
	body = ctl_client_body(client, &bytes);
	hot = json_loadb(body, bytes, 0, NULL);
	if (!json_is_array(json_object_get(hot, "files")))
		status = complain("hot", "the answer is none of ranged", EX_PROTOCOL);
	else if (json)
		fwrite(body, 1, bytes, stdout);
	else
		print_hot(json_object_get(hot, "files"));
	json_decref(hot);
	return status;
}
