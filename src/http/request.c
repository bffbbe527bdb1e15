/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a request is the table `steps`: each step looks at one thing and says go on, wait, or reply. A step that waited
 * is run again when what it waited for has come. Three ways lead back: a directory's index (to find), a lookup that was
 * answered (to found), and a file that changed before its first byte was sent (to find, a few times). Order of the steps is the
 * order of RFC 9110 section 13.2.2: target, file, preconditions, range, bytes.
 */
#include "http/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/status.h"

#define ALLOWED "GET, HEAD, OPTIONS"
#define ATTEMPTS_MAX 3 /* of a file that changes while it is opened and read */
#define BLOCK_MAX ((size_t)256 * 1024)
#define BLOCK_MIN ((size_t)16 * 1024)
#define COPIES_MAX ((size_t)1024 * 1024) /* before the block of a new transfer shrinks */

enum step_result { STEP_NEXT, STEP_WAIT, STEP_REPLY, STEP_AGAIN };

struct request_step {
	const char *name;
	enum step_result (*run)(struct request *request);
};

void request_refuse(struct request *request, unsigned status)
{
	struct reply *reply = &request->reply;

	reply_refuse(reply, status, request->method == METHOD_HEAD);
	if (status == 405)
		reply_header(reply, "Allow", ALLOWED);
	if (status == 416) {
		reply_header(reply, "Accept-Ranges", "bytes");
		reply_header_format(reply, "Content-Range", "bytes */%" PRIu64, request->file->version.size);
	}
}

static enum step_result refuse(struct request *request, unsigned status)
{
	request_refuse(request, status);
	return STEP_REPLY;
}

/* A fault of the file or the disk: one line in the log unless the client merely asked for what is not there. */
static enum step_result refuse_error(struct request *request, int error, uint64_t offset)
{
	unsigned status = status_of_error(error);

	request->error = error;
	request->error_offset = offset;
	if (status >= 500)
		log_fault(LOG_LEVEL_ERROR, "/%s: at offset %" PRIu64 ": %s (answered %u)", request->path.file, offset,
			  strerror(-error), status);
	return refuse(request, status);
}

static enum step_result step_target(struct request *request)
{
	int error;

	if (request->method == METHOD_OPTIONS) {
		reply_empty(&request->reply, 204);
		reply_header(&request->reply, "Allow", ALLOWED);
		return STEP_REPLY;
	}
	error = path_parse(request->target, &request->path, NULL, NULL);
	if (error == -ENOENT)
		return refuse(request, 404);
	if (error != 0)
		return refuse(request, 400);
	if (request->path.hidden && !request->site->dotfiles)
		return refuse(request, 404);
	request->rule = rules_match(request->site->rules, request->path.file);
	return STEP_NEXT;
}

static void release(struct request *request);

static void lookup_done(struct files_want *want)
{
	struct request *request = (struct request *)((char *)want - offsetof(struct request, lookup));

	request->looking = false;
	if (!request->over) {
		request->wake(request);
		return;
	}
	release(request);
	request->ended(request);
}

static enum step_result step_find(struct request *request)
{
	int hit;

	request->lookup = (struct files_want){ .reactor = request->site->reactor, .done = lookup_done };
	hit = files_find(request->site->files, request->path.file, &request->lookup);
	if (hit < 0)
		return refuse_error(request, hit, 0);
	request->looking = hit == 0;
	return STEP_NEXT;
}

static enum step_result again_from(struct request *request, enum step_result (*step)(struct request *));

/* A directory: its index.html if it was asked for with a slash (again through find), else the way to the slash. */
static enum step_result found_directory(struct request *request)
{
	struct path *path = &request->path;
	size_t length = strlen(path->file);
	char *location;

	if (request->index)
		return refuse(request, 404);
	if (path->slash) {
		if (length + sizeof("/index.html") > sizeof(path->file))
			return refuse(request, 404);
		strcpy(path->file + length, length > 0 ? "/index.html" : "index.html");
		request->index = true;
		request->rule = rules_match(request->site->rules, path->file);
		return again_from(request, step_find);
	}
	location = malloc(FIELDS_TARGET_MAX * 3);
	if (location == NULL || path_directory_location(path, location, FIELDS_TARGET_MAX * 3) != 0) {
		free(location);
		return refuse(request, 404);
	}
	request->reply.location = location;
	reply_empty(&request->reply, 301);
	reply_header(&request->reply, "Location", location);
	return STEP_REPLY;
}

static enum step_result step_found(struct request *request)
{
	if (request->looking)
		return STEP_WAIT;
	if (request->lookup.error == -EISDIR)
		return found_directory(request);
	if (request->lookup.error != 0)
		return refuse_error(request, request->lookup.error, 0);
	request->file = request->lookup.file;
	request->lookup.file = NULL;
	if (request->path.slash && !request->index)
		return refuse(request, 404);
	return STEP_NEXT;
}

static bool has_conditions(const struct precondition_fields *fields)
{
	return fields->if_match != NULL || fields->if_unmodified_since != NULL || fields->if_none_match != NULL ||
	       fields->if_modified_since != NULL || fields->if_range != NULL;
}

/* Nothing about this request is special: the server may have the reply at hand. */
static enum step_result step_ready(struct request *request)
{
	const struct request_site *site = request->site;

	if (request->method == METHOD_GET && request->fields.ranges == 0 && !has_conditions(&request->fields.conditions) &&
	    site->ready(site->ready_context, request))
		return STEP_REPLY;
	return STEP_NEXT;
}

static enum step_result step_preconditions(struct request *request)
{
	const struct file *file = request->file;
	int64_t now_ns = clock_wall_ns();

	validator_make(&request->validator, file->version.mtime_ns, file->version.size, file->tag, now_ns);
	switch (precondition_check(&request->fields.conditions, &request->validator, now_ns / (int64_t)CLOCK_NS_PER_S)) {
	case PRECONDITION_FAILED:
		return refuse(request, 412);
	case PRECONDITION_NOT_MODIFIED:
		request->reply.status = 304;
		request->reply.body = REPLY_LENGTH_ONLY;
		request->reply.length = file->version.size;
		reply_validators(&request->reply, &request->validator);
		return STEP_REPLY;
	case PRECONDITION_WHOLE:
		request->whole = true;
		return STEP_NEXT;
	case PRECONDITION_NONE:
		break;
	}
	request->whole = request->method == METHOD_HEAD || request->fields.ranges != 1;
	return STEP_NEXT;
}

static uint64_t ranges_length(const struct range_set *set)
{
	return set->ranges[0].last - set->ranges[0].first + 1;
}

static int reply_partial(struct request *request, const char *type)
{
	struct reply *reply = &request->reply;
	const struct byte_range *range = &request->ranges.ranges[0];
	uint64_t size = request->file->version.size;
	int error;

	reply->status = 206;
	if (request->ranges.count == 1) {
		reply_header(reply, "Content-Type", type);
		reply_header_format(reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first, range->last,
				    size);
		reply->length = ranges_length(&request->ranges);
		return 0;
	}
	error = multipart_init(&request->multipart, &request->ranges, size, type);
	if (error != 0)
		return error;
	reply_header_format(reply, "Content-Type", "multipart/byteranges; boundary=%s", request->multipart.boundary);
	reply->length = request->multipart.length;
	return 0;
}

static enum step_result step_range(struct request *request)
{
	struct reply *reply = &request->reply;
	uint64_t size = request->file->version.size;
	const char *type = mime_type(request->site->mime, request->path.file);
	int error = 0;

	switch (range_parse(request->whole ? NULL : request->fields.range, size, &request->ranges)) {
	case RANGE_UNSATISFIABLE:
		refuse(request, 416);
		reply_validators(&request->reply, &request->validator);
		return STEP_REPLY;
	case RANGE_PARTIAL:
		error = reply_partial(request, type);
		break;
	case RANGE_WHOLE:
		reply->status = 200;
		reply->length = size;
		reply_header(reply, "Content-Type", type);
		request->ranges.count = 1;
		request->ranges.ranges[0] = (struct byte_range){ .first = 0, .last = size - 1 };
		break;
	}
	if (error != 0)
		return refuse_error(request, error, 0);
	reply_header(reply, "Accept-Ranges", "bytes");
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	reply_validators(&request->reply, &request->validator);
	return STEP_NEXT;
}

static void span_done(struct store_want *want)
{
	struct request *request = (struct request *)((char *)want - offsetof(struct request, want));

	request->reply.body = REPLY_SPAN;
	request->wake(request);
}

static void transfer_wakes(void *context)
{
	struct request *request = context;

	request->wake(request);
}

/*
 * The pieces of all transfers together take at most a quarter of the cache, as long as that leaves them BLOCK_MIN: they become
 * fewer, then smaller; and once not even the extents that they are of had room in half of it, no more than the pieces is read.
 */
static void share_out(size_t bytes, unsigned transfers, struct transfer_options *options)
{
	size_t share = bytes / 4 / (transfers + 1), window;

	options->block_bytes = BLOCK_MAX;
	while (options->block_bytes > BLOCK_MIN && options->block_bytes * (TRANSFER_WINDOW_MIN + 1) > share)
		options->block_bytes /= 2;
	options->exact = BLOCK_MAX * TRANSFER_WINDOW_MIN * (transfers + 1) > bytes / 2;
	window = share / options->block_bytes;
	options->window_max = window > TRANSFER_WINDOW_MAX ? TRANSFER_WINDOW_MAX :
			      window < TRANSFER_WINDOW_MIN ? TRANSFER_WINDOW_MIN : (unsigned)window;
}

/* What is copied for a client at a time is memory beyond the cache: BLOCK_MAX for a few of them, BLOCK_MIN for many. */
static size_t copy_bytes(size_t block_bytes, unsigned transfers)
{
	while (block_bytes > BLOCK_MIN && block_bytes * transfers > COPIES_MAX)
		block_bytes /= 2;
	return block_bytes;
}

static int start_transfer(struct request *request)
{
	struct transfer_options options = {
		.store = request->site->store,
		.file = request->file,
		.set = &request->ranges,
		.multipart = request->ranges.count > 1 ? &request->multipart : NULL,
		.client = request->client,
		.fleeting = request->rule->cache == RULE_CACHE_NEVER,
		.sticky = request->rule->cache == RULE_CACHE_PIN,
		.wake = transfer_wakes,
		.context = request,
	};
	unsigned transfers = atomic_load(request->site->transfers);
	int error;

	share_out(cache_bytes(request->site->cache), transfers, &options);
	request->copy_bytes = copy_bytes(options.block_bytes, transfers + 1);
	error = transfer_new(&request->transfer, &options);
	if (error == 0)
		atomic_fetch_add(request->site->transfers, 1);
	return error;
}

/*
 * What lies in one extent is sent as it lies there, which saves a copy, but it is pinned for as long as the client takes: so not
 * while half of the cache is pinned, lest clients that stall in a MiB each keep everybody else waiting.
 */
static bool fits_one_extent(const struct request *request)
{
	const struct byte_range *range = &request->ranges.ranges[0];
	const struct cache *cache = request->site->cache;

	if (request->ranges.count > 1 || !cache_in_one_extent(&request->file->version, range->first, range->last))
		return false;
	return request->reply.length <= BLOCK_MIN || cache_pinned_bytes(cache) < cache_bytes(cache) / 2;
}

static int want_span(struct request *request)
{
	request->want = (struct store_want){
		.file = request->file,
		.offset = request->ranges.ranges[0].first,
		.length = (size_t)request->reply.length,
		.class = QUEUE_FIRST,
		.client = request->client,
		.fleeting = request->rule->cache == RULE_CACHE_NEVER,
		.sticky = request->rule->cache == RULE_CACHE_PIN,
		.done = span_done,
	};
	return store_want(request->site->store, &request->want);
}

/* The same for all transfers, whenever they began: or those that did early would run away from the others, and from the cache. */
size_t request_copy_bytes(const struct request *request)
{
	return copy_bytes(request->copy_bytes, atomic_load_explicit(request->site->transfers, memory_order_relaxed));
}

/* Wants what the body needs first: all of it if it lies in one extent, else the head of a transfer. */
static enum step_result step_read(struct request *request)
{
	struct reply *reply = &request->reply;
	int result;

	if (request->method == METHOD_HEAD || reply->length == 0) {
		reply->body = request->method == METHOD_HEAD ? REPLY_LENGTH_ONLY : REPLY_EMPTY;
		return STEP_REPLY;
	}
	if (fits_one_extent(request)) {
		result = want_span(request);
		reply->body = result == 1 ? REPLY_SPAN : reply->body;
	} else {
		reply->body = REPLY_TRANSFER;
		result = start_transfer(request);
	}
	return result >= 0 ? STEP_NEXT : refuse_error(request, result, request->ranges.ranges[0].first);
}

static void drop_body(struct request *request)
{
	store_release(request->site->store, &request->want);
	if (request->transfer != NULL) {
		atomic_fetch_sub(request->site->transfers, 1);
		transfer_free(request->transfer);
		request->transfer = NULL;
	}
	multipart_fini(&request->multipart);
	memset(&request->multipart, 0, sizeof(request->multipart));
}

/* The file changed before its first byte went out: nothing is promised yet, so the new version is served. */
static enum step_result changed(struct request *request)
{
	files_forget(request->site->files, request->path.file, request->file);
	drop_body(request);
	file_unref(request->file);
	request->file = NULL;
	memset(&request->reply, 0, sizeof(request->reply));
	return again_from(request, step_find);
}

static enum step_result step_bytes(struct request *request)
{
	int error;

	if (request->reply.body == REPLY_TRANSFER) {
		error = transfer_ready(request->transfer);
	} else {
		error = request->reply.body == REPLY_SPAN ? request->want.error : -EAGAIN;
		request->reply.data = request->want.data;
	}
	if (error == -EAGAIN)
		return STEP_WAIT;
	if (error == -ESTALE && ++request->attempts < ATTEMPTS_MAX)
		return changed(request);
	if (error != 0) {
		uint64_t offset = request->transfer != NULL ? transfer_offset(request->transfer) : request->want.offset;

		drop_body(request);
		return refuse_error(request, error, offset);
	}
	return STEP_REPLY;
}

static const struct request_step steps[] = {
	{ "target", step_target },	   /* the path that is meant */
	{ "find", step_find },		   /* asks the table of open files */
	{ "found", step_found },	   /* a file, a directory, or nothing */
	{ "ready", step_ready },	   /* a reply that was made before */
	{ "preconditions", step_preconditions },
	{ "range", step_range },	   /* 200, 206 or 416, and their headers */
	{ "read", step_read },		   /* asks the store */
	{ "bytes", step_bytes },	   /* the first of them are there */
};

static enum step_result again_from(struct request *request, enum step_result (*run)(struct request *))
{
	request->step = steps;
	while (request->step->run != run)
		request->step++;
	return STEP_AGAIN;
}

enum request_state request_run(struct request *request)
{
	for (;;) {
		switch (request->step->run(request)) {
		case STEP_NEXT:
			request->step++;
			break;
		case STEP_AGAIN:
			break;
		case STEP_WAIT:
			return REQUEST_WAITS;
		case STEP_REPLY:
			return REQUEST_REPLIES;
		}
	}
}

int request_init(struct request *request, const struct request_site *site, const char *target)
{
	memset(request, 0, offsetof(struct request, validator));
	request->path.file[0] = '\0';
	request->target = strdup(target);
	if (request->target == NULL)
		return -ENOMEM;
	request->site = site;
	request->step = steps;
	return 0;
}

static void release(struct request *request)
{
	drop_body(request);
	file_unref(request->file);
	file_unref(request->lookup.file);
	fields_fini(&request->fields);
	reply_fini(&request->reply);
	free(request->target);
}

bool request_fini(struct request *request)
{
	request->over = request->looking && !files_cancel(request->site->files, &request->lookup);
	if (!request->over)
		release(request);
	return !request->over;
}
