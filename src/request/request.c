/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the steps of a request stand on: its beginning and end, faults, the lookup of a file, and what its body needs.
 * A body that lies in one extent is sent as it lies there; a longer one is a transfer, which copies.
 */
#include "request/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http/status.h"

#define BLOCK_MAX ((size_t)256 * 1024)
#define BLOCK_MIN ((size_t)16 * 1024)
#define SHORT_MAX BLOCK_MAX		 /* a response up to this is first bytes */
#define COPIES_MAX ((size_t)1024 * 1024) /* before the block of a new transfer shrinks */
#define COPY_MAX BLOCK_MIN		 /* a reply up to this size may be a copy, which is memory of the connection */
#define FAR_MORE 4			 /* times its size */

enum step_result request_refuse(struct request *request, unsigned status)
{
	struct reply *reply = &request->reply;
	bool head = request->method == METHOD_HEAD;

	if (request->error_status != 0) { /* its page could not be had */
		reply_refuse_again(reply, request->error_status, head);
		return STEP_REPLY;
	}
	reply_refuse(reply, status, head);
	if (status == 405)
		reply_header(reply, "Allow", FIELDS_ALLOWED);
	if (status == 416) {
		reply_header(reply, "Accept-Ranges", "bytes");
		reply_header_format(reply, "Content-Range", "bytes */%" PRIu64, request->file->version.size);
	}
	return STEP_REPLY;
}

enum step_result request_refuse_error(struct request *request, int error, uint64_t offset)
{
	unsigned status = status_of_error(error);

	if (status >= 500)
		log_fault(LOG_LEVEL_ERROR, "/%s: at offset %" PRIu64 ": %s (answered %u)", request->path.file, offset,
			  error == -ENOBUFS ? "all memory of the cache was in use for longer than disk_queue_timeout"
					    : strerror(-error),
			  request->error_status != 0 ? request->error_status : status);
	if (error == -EBUSY || error == -ENOMEM || error == -ENOBUFS)
		counters_reject(request->site->counters, error == -EBUSY ? COUNTERS_DISK_LATENCY : COUNTERS_MEMORY);
	return request_refuse(request, status);
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

int request_look_up(struct request *request, const char *path)
{
	int hit;

	request->lookup = (struct files_want){ .reactor = request->site->reactor,
					       .since_ns = request->since_ns,
					       .done = lookup_done };
	hit = files_find(request->files, path, &request->lookup);
	request->looking = hit == 0;
	return hit < 0 ? hit : 0;
}

enum step_result request_find(struct request *request)
{
	int error = files_has_root(request->files) ? request_look_up(request, request->path.file) : -ESHUTDOWN;

	if (error == -ESHUTDOWN) /* it was logged when the root was lost */
		return request_refuse(request, 503);
	return error == 0 ? STEP_NEXT : request_refuse_error(request, error, 0);
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
 * The pieces of all transfers together take at most a quarter of the cache, as long as that leaves them BLOCK_MIN: they
 * become fewer, then smaller; and once not even the extents that they are of had room in half of it, no more than the
 * pieces is read. A short response is not cut into smaller pieces: all of it together is no more than one piece of
 * another.
 */
static void share_out(size_t bytes, unsigned transfers, struct transfer_options *options)
{
	size_t share = bytes / 4 / (transfers + 1), window;

	options->block_bytes = BLOCK_MAX;
	while (!options->at_once && options->block_bytes > BLOCK_MIN &&
	       options->block_bytes * (TRANSFER_WINDOW_MIN + 1) > share)
		options->block_bytes /= 2;
	options->exact = !options->at_once && BLOCK_MAX * TRANSFER_WINDOW_MIN * (transfers + 1) > bytes / 2;
	window = share / options->block_bytes;
	options->window_max = window > TRANSFER_WINDOW_MAX   ? TRANSFER_WINDOW_MAX
			      : window < TRANSFER_WINDOW_MIN ? TRANSFER_WINDOW_MIN
							     : (unsigned)window;
}

/* What is copied for a client at a time is memory beyond the cache: BLOCK_MAX for a few of them, BLOCK_MIN for many. */
static size_t copy_bytes(size_t block_bytes, unsigned transfers)
{
	while (block_bytes > BLOCK_MIN && block_bytes * transfers > COPIES_MAX)
		block_bytes /= 2;
	return block_bytes;
}

/* Half of the cache or more is not pinned. */
static bool has_memory(const struct request *request)
{
	return cache_in_use_bytes(request->site->cache) < cache_bytes(request->site->cache) / 2;
}

static int start_transfer(struct request *request)
{
	struct transfer_options options = {
		.store = request->site->store,
		.file = request->file,
		.set = &request->ranges,
		.multipart = request->ranges.count > 1 ? &request->multipart : NULL,
		.client = request_client(request),
		.at_once = request->reply.length <= SHORT_MAX && has_memory(request),
		.transient = request_settings(request)->cache == RULE_CACHE_NEVER,
		.pinned = request_settings(request)->cache == RULE_CACHE_PIN,
		.counters = request->site->counters,
		.pins = &request->pins,
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
 * A body that lies in one extent is sent from there, which saves a copy, but the extent is pinned until the client has
 * taken the reply: so only within the bounds of pins.c. place_span() checks them again when the bytes are there.
 */
static bool fits_one_extent(const struct request *request)
{
	const struct byte_range *range = &request->ranges.ranges[0];

	if (request->limited || request->ranges.count > 1 ||
	    !cache_in_one_extent(&request->file->version, range->first, range->last))
		return false;
	return request->reply.length <= COPY_MAX || pins_allow(&request->pins, (size_t)request->reply.length);
}

static int want_span(struct request *request)
{
	request->want = (struct store_want){
		.file = request->file,
		.offset = request->ranges.ranges[0].first,
		.length = (size_t)request->reply.length,
		.class = QUEUE_FIRST,
		.client = request_client(request),
		.transient = request_settings(request)->cache == RULE_CACHE_NEVER,
		.pinned = request_settings(request)->cache == RULE_CACHE_PIN,
		.divisible = request->reply.length > COPY_MAX,
		.rejectable = true,
		.done = span_done,
	};
	return store_want(request->site->store, &request->want);
}

/* The same for all transfers, whenever they began: or those that did early would run away from the others, and from the
 * cache. */
size_t request_copy_bytes(const struct request *request)
{
	return copy_bytes(request->copy_bytes, atomic_load_explicit(request->site->transfers, memory_order_relaxed));
}

int request_want_body(struct request *request)
{
	int result;

	pins_open(&request->pins, request->site->store, request_client(request));
	if (!fits_one_extent(request)) {
		request->reply.body = REPLY_TRANSFER;
		return start_transfer(request);
	}
	result = want_span(request);
	request->reply.body = result == 1 ? REPLY_SPAN : request->reply.body;
	return result < 0 ? result : 0;
}

static int transfer_instead(struct request *request)
{
	int error;

	store_release(request->site->store, &request->want);
	request->reply.body = REPLY_TRANSFER;
	request->reply.data = NULL;
	error = start_transfer(request);
	return error == 0 ? transfer_ready(request->transfer) : error;
}

/*
 * The bytes of the body are there, in one extent that is pinned. A short reply that would pin far more than it sends is
 * a copy: it would not even have to pin much, since one page in the middle of a MiB of memory keeps all of that from
 * being used for a large extent.
 */
static int place_span(struct request *request)
{
	const size_t pinned_bytes = store_in_use_bytes(&request->want);
	const uint64_t length = request->reply.length;

	request->reply.data = request->want.data;
	if (length <= COPY_MAX && pinned_bytes > length * FAR_MORE)
		request->reply.body = REPLY_COPY;
	else if (pins_allow(&request->pins, pinned_bytes) && !store_is_crowded(request->site->store, &request->want))
		pins_set(&request->pins, pinned_bytes);
	else if (length <= COPY_MAX)
		request->reply.body = REPLY_COPY;
	else
		return transfer_instead(request);
	return 0;
}

int request_body_ready(struct request *request)
{
	if (request->reply.body == REPLY_TRANSFER)
		return transfer_ready(request->transfer);
	if (request->reply.body != REPLY_SPAN)
		return -EAGAIN;
	if (request->want.error == -ENOBUFS && request->want.divisible) {
		request->want.file = NULL; /* it brought nothing */
		return transfer_instead(request);
	}
	return request->want.error == 0 ? place_span(request) : request->want.error;
}

/* A transfer may have taken the place of a want that brought them. */
const struct store_want *request_first_want(const struct request *request)
{
	if (request->transfer != NULL && request->want.file == NULL)
		return transfer_first(request->transfer);
	return &request->want;
}

uint64_t request_body_offset(const struct request *request)
{
	return request->transfer != NULL ? transfer_offset(request->transfer) : request->want.offset;
}

void request_drop_body(struct request *request)
{
	store_release(request->site->store, &request->want);
	request->want.file = NULL;
	pins_set(&request->pins, 0);
	if (request->transfer != NULL) {
		atomic_fetch_sub(request->site->transfers, 1);
		transfer_free(request->transfer);
		request->transfer = NULL;
	}
	listing_free(request->listing);
	request->listing = NULL;
	range_set_fini(&request->ranges);
}

int request_init(struct request *request, const struct request_site *site, const struct request_step *first,
		 const char *target)
{
	memset(request, 0, offsetof(struct request, reply));
	reply_init(&request->reply);
	request->path.file[0] = '\0';
	request->target = strdup(target);
	if (request->target == NULL)
		return -ENOMEM;
	request->site = site;
	request->match.site = &site->rules->sites[0];
	request->match.settings = &site->rules->sites[0].settings;
	request->match.chain[0] = request->match.settings;
	request->match.rules[0] = NULL;
	request->match.count = 1;
	request->step = first;
	return 0;
}

static void release(struct request *request)
{
	request_drop_body(request);
	file_unref(request->file);
	file_unref(request->original);
	file_unref(request->lookup.file);
	fields_fini(&request->fields);
	reply_fini(&request->reply);
	free(request->target);
	free(request->asked);
	free(request->authority);
	free(request->user);
}

bool request_fini(struct request *request)
{
	if (request->gate != NULL)
		request->end_gate(request);
	request->over = request->looking && !files_cancel(&request->lookup);
	if (!request->over)
		release(request);
	return !request->over;
}
