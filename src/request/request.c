/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions that all steps use: start and end of a request, failure, lookup of a path, and the source of the body. A
 * request lives from request_init() to request_fini(). The storage belongs to the caller (mhd/exchange.c). The request
 * owns its strings, its references to files, and its pins of extents. All functions run on the reactor's thread.
 *
 * If a body lies in one extent of the cache, the response points into that extent (REPLY_SPAN). The extent is pinned
 * until the client has received the response, so REPLY_SPAN is used only within the limits of pins.c. Otherwise a small
 * body is copied (REPLY_COPY), and a larger body becomes a transfer, which pins only its next pieces. If mhd/direct.c
 * sends the body, this also applies to bodies of more than REQUEST_SPAN_MAX_BYTES in one extent.
 */
#include "request/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "base/log.h"
#include "http/status.h"

#define BLOCK_MAX ((size_t)256 * 1024)
#define EXTENT_MAX ((size_t)1024 * 1024) /* size of a piece that has the whole of a small file */
#define BLOCK_MIN ((size_t)16 * 1024)
#define SHORT_MAX BLOCK_MAX		    /* responses up to this size are read entirely in the class QUEUE_FIRST */
#define STALE_MAX_BYTES ((uint64_t)1 << 30) /* maximum size of a body whose extents are all looked up at once */
#define COPIES_MAX ((size_t)1024 * 1024)    /* memory for the copies of all transfers */
#define COPY_MAX BLOCK_MIN		    /* maximum size of a body that is copied at once, into connection memory */
#define PIN_RATIO_MAX 4			    /* a body is copied if its extent is larger than this many times the body */

enum step_result request_fail(struct request *request, unsigned status)
{
	struct reply *reply = &request->reply;
	bool head = request->input.method == METHOD_HEAD;

	if (request->search.error_status != 0) { /* the error page cannot be sent */
		log_fault(LOG_LEVEL_WARNING,
			  "error_page: /%s cannot be sent; replied with the built-in page of status %u",
			  request->path.file, request->search.error_status);
		reply_error_body(reply, request->search.error_status, head);
		return STEP_REPLY;
	}
	reply_error(reply, status, head);
	if (status == 405)
		reply_header(reply, "Allow", FIELDS_ALLOWED);
	if (status == 416) {
		reply_header(reply, "Accept-Ranges", "bytes");
		reply_header_format(reply, "Content-Range", "bytes */%" PRIu64, request->selected.file->version.size);
	}
	return STEP_REPLY;
}

static const char *error_text(int error)
{
	if (error == -ENOBUFS)
		return "all memory of the cache was in use for longer than disk_queue_timeout";
	if (error == -EBUSY)
		return "the device does not respond, or its queue is longer than disk_queue_timeout";
	return strerror(-error);
}

enum step_result request_fail_errno(struct request *request, int error, uint64_t offset)
{
	unsigned status = status_of_error(error);

	/* The loss of a root was logged before. */
	if (status >= 500 && (error != -ENODEV || files_has_root(request->lookup.files)))
		log_fault(LOG_LEVEL_ERROR, "/%s: at offset %" PRIu64 ": %s; replied with status %u", request->path.file,
			  offset, error_text(error),
			  request->search.error_status != 0 ? request->search.error_status : status);
	if (error == -EBUSY || error == -ETIMEDOUT)
		request_note_rejection(request, COUNTERS_DISK_QUEUE_TIMEOUT);
	else if (error == -ENOMEM || error == -ENOBUFS)
		request_note_rejection(request, COUNTERS_MEMORY);
	else if (status == 503)
		request_note_rejection(request, COUNTERS_STORAGE);
	return request_fail(request, status);
}

static void release(struct request *request);

static void lookup_done(struct files_want *want)
{
	struct request *request = container_of(want, struct request, lookup.want);

	request->lookup.pending = false;
	if (!request->abandoned) {
		request->wake(request);
		return;
	}
	release(request);
	request->ended(request);
}

int request_look_up(struct request *request, const char *path)
{
	int hit;

	request->lookup.want = (struct files_want){ .reactor = request->site->worker.reactor,
						    .since_ns = request->lookup.since_ns,
						    .revalidate_ms = request_settings(request)->revalidate_ms,
						    .skip_siblings = !request_settings(request)->siblings,
						    .stale_ns = request_settings(request)->stale_ms * CLOCK_NS_PER_MS,
						    .done = lookup_done };
	hit = files_find(request->lookup.files, request_path_below_root(request, path), &request->lookup.want);
	request->lookup.pending = hit == 0;
	return hit < 0 ? hit : 0;
}

enum step_result request_find(struct request *request)
{
	int error = request_look_up(request, request->path.file);

	return error == 0 ? STEP_NEXT : request_fail_errno(request, error, 0);
}

/* --- waits that take too long --- */

/* Returns the device for which the request waits, or NULL if it is unknown. */
static const struct device *awaited_device(const struct request *request)
{
	if (request->lookup.pending)
		return request->lookup.want.device;
	return request->selected.file != NULL ? request->selected.file->device : NULL;
}

static bool waits_for_storage(const struct request *request)
{
	return request->lookup.pending || request->body.want.file != NULL || request->body.transfer != NULL ||
	       request->body.listing != NULL;
}

bool request_is_overdue(const struct request *request, uint64_t now_ns)
{
	const uint64_t limit_ns = request->site->process.storage_timeout_ns;
	const struct device *device;
	uint64_t waited_ns;

	if (request->waiting_ns == 0 || now_ns < request->waiting_ns || !waits_for_storage(request))
		return false;
	waited_ns = now_ns - request->waiting_ns;
	device = awaited_device(request);
	return waited_ns > 2 * limit_ns || (waited_ns > limit_ns && device != NULL && devices_reject_reads(device));
}

void request_expire(struct request *request)
{
	if (!request->lookup.pending)
		request->expired = true;
	else if (files_expire(request->lookup.files, &request->lookup.want))
		request->lookup.pending = false;
	else
		return; /* the result has been posted */
	request->wake(request);
}

static void span_done(struct store_want *want)
{
	struct request *request = container_of(want, struct request, body.want);

	request->reply.body = REPLY_SPAN;
	request->wake(request);
}

static void transfer_wakes(void *context)
{
	struct request *request = context;

	request->wake(request);
}

/*
 * Sizes the window of a new transfer, whose pieces have at most options->block_bytes. The pieces of all transfers
 * together use at most a quarter of the cache, unless this would require pieces smaller than BLOCK_MIN. With more
 * transfers, the windows first have fewer pieces, and then smaller pieces. If whole extents for all transfers would
 * need more than half of the cache, only the pieces themselves are read (options->exact). A short response always has
 * pieces of BLOCK_MAX bytes, because the whole response is no larger than one piece of this size.
 */
static void size_window(size_t bytes, unsigned transfers, struct window_options *options)
{
	size_t share = bytes / 4 / (transfers + 1), window;

	while (!options->at_once && options->block_bytes > BLOCK_MIN && options->block_bytes * (WINDOW_MIN + 1) > share)
		options->block_bytes /= 2;
	options->exact = !options->at_once && BLOCK_MAX * WINDOW_MIN * (transfers + 1) > bytes / 2;
	window = share / options->block_bytes;
	options->size_max = window > WINDOW_MAX ? WINDOW_MAX : window < WINDOW_MIN ? WINDOW_MIN : (unsigned)window;
}

/*
 * Returns the size of one copy, in bytes. Copies are not part of the cache memory. The size is block_bytes, but at
 * most BLOCK_MAX, if there are few transfers. It decreases down to BLOCK_MIN so that all copies together do not exceed
 * COPIES_MAX.
 */
static size_t copy_bytes(size_t block_bytes, unsigned transfers)
{
	while (block_bytes > BLOCK_MAX || (block_bytes > BLOCK_MIN && block_bytes * transfers > COPIES_MAX))
		block_bytes /= 2;
	return block_bytes;
}

/* Returns true if more than half of the cache is not in use. */
static bool is_half_free(const struct request *request)
{
	return cache_in_use_bytes(request->site->process.cache) < cache_bytes(request->site->process.cache) / 2;
}

/* Returns true if mhd/direct.c sends the body from one extent. The transfer then has one piece. */
static bool is_direct_extent(const struct request *request)
{
	return request->direct && cache_is_one_extent(&request->selected.file->version);
}

static int start_transfer(struct request *request)
{
	struct transfer_options options = {
		.window = { .store = request->site->worker.store,
			    .file = request->selected.file,
			    .set = &request->content.ranges,
			    .multipart = request->content.ranges.count > 1 ? &request->content.multipart : NULL,
			    .share_bytes = cache_bytes(request->site->process.cache) / 4,
			    .transfers = request->site->process.transfers,
			    .client = request_client(request),
			    .at_once = request->reply.length <= SHORT_MAX && is_half_free(request),
			    .transient = request_settings(request)->cache == RULE_CACHE_NEVER,
			    .pinned = request_settings(request)->cache == RULE_CACHE_PIN,
			    .pins = &request->body.pins },
		.revalidate_ms = request_settings(request)->revalidate_ms,
		.stale = request->selected.stale,
		.counters = request->site->worker.counters,
		.wake = transfer_wakes,
		.context = request,
	};
	/*
	 * The memory order does not matter, because the counter publishes no other data. An estimate is sufficient here
	 * and in request_copy_bytes().
	 */
	unsigned transfers = atomic_load(request->site->process.transfers);
	int error;

	options.window.block_bytes = is_direct_extent(request) ? EXTENT_MAX : BLOCK_MAX;
	size_window(cache_bytes(request->site->process.cache), transfers, &options.window);
	request->body.copy_bytes = copy_bytes(options.window.block_bytes, transfers + 1);
	error = transfer_new(&request->body.transfer, &options);
	if (error == 0)
		atomic_fetch_add(request->site->process.transfers, 1);
	return error;
}

/*
 * Returns true if the body may be sent directly from one extent. place_span() checks the limits of pins.c again when
 * the bytes are available.
 */
static bool fits_one_extent(const struct request *request)
{
	const struct byte_range *range = &request->content.ranges.ranges[0];

	if (request->limits.limited || request->content.ranges.count > 1 ||
	    (request->direct && request->reply.length > REQUEST_SPAN_MAX_BYTES) ||
	    !cache_in_one_extent(&request->selected.file->version, range->first, range->last))
		return false;
	return request->reply.length <= COPY_MAX || pins_allow(&request->body.pins, (size_t)request->reply.length);
}

static int want_span(struct request *request)
{
	request->body.want = (struct store_want){
		.file = request->selected.file,
		.offset = request->content.ranges.ranges[0].first,
		.length = (size_t)request->reply.length,
		.class = QUEUE_FIRST,
		.client = request_client(request),
		.transient = request_settings(request)->cache == RULE_CACHE_NEVER,
		.pinned = request_settings(request)->cache == RULE_CACHE_PIN,
		.divisible = request->reply.length > COPY_MAX,
		.rejectable = true,
		.done = span_done,
	};
	return store_want(request->site->worker.store, &request->body.want);
}

/*
 * The size of a copy depends on the current number of transfers, not on the number at the start of this transfer.
 * Otherwise transfers that started early would keep large blocks, and all transfers together would exceed COPIES_MAX.
 */
size_t request_copy_bytes(const struct request *request)
{
	return copy_bytes(request->body.copy_bytes,
			  atomic_load_explicit(request->site->process.transfers, memory_order_relaxed));
}

/*
 * Returns true if the device cannot be read now and the body is not completely in the cache. A transfer could then
 * begin with cached bytes and wait for the device after its header.
 */
static bool lacks_bytes(const struct request *request)
{
	const struct file *file = request->selected.file;
	const struct range_set *set = &request->content.ranges;
	uint64_t sum = 0;

	if (!request->selected.stale && !devices_reject_reads(file->device))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		sum += set->ranges[i].last - set->ranges[i].first + 1;
		if (sum > STALE_MAX_BYTES ||
		    !store_has(request->site->worker.store, file, set->ranges[i].first, set->ranges[i].last))
			return true;
	}
	return false;
}

int request_want_body(struct request *request)
{
	int result;

	if (lacks_bytes(request)) {
		devices_count(&request->selected.file->device->rejected, 1);
		return -EBUSY;
	}
	pins_open(&request->body.pins, request->site->worker.store, request_client(request));
	if (!fits_one_extent(request)) {
		request->reply.body = REPLY_TRANSFER;
		return start_transfer(request);
	}
	result = want_span(request);
	request->reply.body = result == 1 ? REPLY_SPAN : request->reply.body;
	return result < 0 ? result : 0;
}

/* Replaces the want of one extent by a transfer. Returns the same results as request_body_ready(). */
static int switch_to_transfer(struct request *request)
{
	int error;

	store_release(request->site->worker.store, &request->body.want);
	request->reply.body = REPLY_TRANSFER;
	request->reply.data = NULL;
	error = start_transfer(request);
	return error == 0 ? transfer_ready(request->body.transfer) : error;
}

/*
 * Decides how to send a body whose bytes are available in one pinned extent. A short body is copied if its extent is
 * much larger. Even a small pinned extent is costly, because one pinned page within a MiB of the arena prevents the use
 * of that MiB for a large extent.
 */
static int place_span(struct request *request)
{
	const size_t pinned_bytes = store_in_use_bytes(&request->body.want);
	const uint64_t length = request->reply.length;

	request->reply.data = request->body.want.data;
	if (length <= COPY_MAX && pinned_bytes > length * PIN_RATIO_MAX)
		request->reply.body = REPLY_COPY;
	else if (pins_allow(&request->body.pins, pinned_bytes) &&
		 !store_is_crowded(request->site->worker.store, &request->body.want))
		pins_set(&request->body.pins, pinned_bytes);
	else if (length <= COPY_MAX)
		request->reply.body = REPLY_COPY;
	else
		return switch_to_transfer(request);
	return 0;
}

int request_body_ready(struct request *request)
{
	if (request->reply.body == REPLY_TRANSFER)
		return transfer_ready(request->body.transfer);
	if (request->reply.body != REPLY_SPAN)
		return -EAGAIN;
	if (request->body.want.error == -ENOBUFS && request->body.want.divisible) {
		request->body.want.file = NULL; /* the want has failed and pins no extent */
		return switch_to_transfer(request);
	}
	return request->body.want.error == 0 ? place_span(request) : request->body.want.error;
}

/*
 * Returns the want that read the first bytes. This is body.want if want_span() had read them before the body became a
 * transfer.
 */
const struct store_want *request_first_want(const struct request *request)
{
	if (request->body.transfer != NULL && request->body.want.file == NULL)
		return transfer_first(request->body.transfer);
	return &request->body.want;
}

uint64_t request_body_offset(const struct request *request)
{
	return request->body.transfer != NULL ? transfer_offset(request->body.transfer) : request->body.want.offset;
}

void request_drop_body(struct request *request)
{
	store_release(request->site->worker.store, &request->body.want);
	request->body.want.file = NULL;
	pins_set(&request->body.pins, 0);
	if (request->body.transfer != NULL) {
		atomic_fetch_sub(request->site->process.transfers, 1);
		transfer_free(request->body.transfer);
		request->body.transfer = NULL;
	}
	listing_free(request->body.listing);
	request->body.listing = NULL;
	range_set_fini(&request->content.ranges);
}

int request_init(struct request *request, const struct request_site *site, const struct request_step *first,
		 const char *target)
{
	memset(request, 0, offsetof(struct request, limits.links));
	reply_init(&request->reply);
	request->path.file[0] = '\0';
	request->input.target = strdup(target);
	if (request->input.target == NULL)
		return -ENOMEM;
	request->site = site;
	request->match.site = NULL;
	request->match.settings = &site->config.rules->sites[0].settings;
	request->match.chain[0] = request->match.settings;
	request->match.rules[0] = NULL;
	request->match.count = 1;
	request->step = first;
	request->reason = COUNTERS_NO_REASON;
	return 0;
}

static void release(struct request *request)
{
	request_drop_body(request);
	file_unref(request->selected.file);
	file_unref(request->selected.original);
	file_unref(request->lookup.want.file);
	fields_fini(&request->input.fields);
	reply_fini(&request->reply);
	free(request->input.target);
	free(request->search.original_path);
	free(request->input.authority);
	free(request->login.user);
}

bool request_fini(struct request *request)
{
	if (request->login.gate != NULL)
		request->login.end_gate(request);
	request->abandoned = request->lookup.pending && !files_cancel(&request->lookup.want);
	if (!request->abandoned)
		release(request);
	return !request->abandoned;
}
