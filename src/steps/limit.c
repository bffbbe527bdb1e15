/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rate limits by token buckets. Before a response sends a chunk, it reserves the bytes in each bucket that applies: the
 * buckets of the process, the client, the file, and the response. The response then sleeps until the last of the
 * reservations is due. Reservations are in order of arrival, so all responses that share a bucket get equal rates. Each
 * response sleeps once for each chunk, regardless of the number of responses. A chunk is the number of bytes that the
 * slowest bucket grants in 1/CHUNKS_PER_S second. This size keeps wake-ups rare, and bounds the bytes in flight when a
 * connection is aborted.
 *
 * A client has one bucket for all of its responses. If blocks of the configuration set different rates, each chunk is
 * charged at the rate of its own block.
 *
 * Only this file writes request->limits. All functions run on the reactor's thread. All threads share the buckets of
 * the process, the clients and the files.
 */
#include "steps/limit.h"

#include "base/clock.h"
#include "base/log.h"

#define BURST_NS (200 * CLOCK_NS_PER_MS)   /* burst that compensates for a late timer */
#define RECHECK_NS (500 * CLOCK_NS_PER_MS) /* maximum sleep before checking whether other responses have ended */
#define MOVE_UP_NS (10 * CLOCK_NS_PER_MS)  /* a reservation is renewed only if it gains this time */
#define CHUNKS_PER_S 50
#define CHUNK_MIN_BYTES UINT64_C(16384) /* below 64 KiB/s, a chunk has the bytes of 1/4 second */
#define CHUNK_MAX_BYTES ((uint64_t)256 * 1024)

/*
 * Returns the rate limit of the response in bytes per second (0: unlimited). This is the lower one of the limits of its
 * block and of its signature.
 */
static uint64_t response_rate(const struct request *request)
{
	uint64_t rate = request_settings(request)->rate_bytes;

	return request->signature.rate_bytes > 0 && (rate == 0 || request->signature.rate_bytes < rate)
		       ? request->signature.rate_bytes
		       : rate;
}

static void log_dry_run(const struct request *request, const char *what)
{
	log_fault(LOG_LEVEL_WARNING, "/%s: limits_dry_run: %s", request->path.file, what);
}

static bool is_limited(const struct request *request)
{
	const struct settings *settings = request_settings(request);

	return request->site->config.rate_total_bytes > 0 || settings->rate_client_bytes > 0 ||
	       settings->rate_file_bytes > 0 || response_rate(request) > 0;
}

/*
 * Counts the request. Returns 0 if it is within the limits. Otherwise sets *reason and returns the seconds until a
 * retry.
 */
static unsigned over_limit(struct request *request, struct client *client, enum counters_reason *reason)
{
	const struct settings *settings = request_settings(request);
	struct bucket_rate rate = { .units = settings->requests_per_client, .burst_ns = CLOCK_NS_PER_S };
	uint64_t wait_ns;

	if (settings->requests_per_client > 0) {
		wait_ns = bucket_try(&client->requests, &rate, 1, clock_now_ns());
		if (wait_ns > 0) {
			*reason = COUNTERS_REQUESTS_PER_CLIENT;
			return (unsigned)((wait_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S);
		}
	}
	*reason = COUNTERS_TRANSFERS_PER_CLIENT;
	if (settings->transfers_per_client == 0)
		return 0;
	/*
	 * The memory order is the default. A relaxed order would suffice, because the counter publishes no other data.
	 */
	if (atomic_fetch_add(&client->transfers, 1) < settings->transfers_per_client || settings->limits_dry_run) {
		request->limits.transfer_owner = client;
		return atomic_load(&client->transfers) > settings->transfers_per_client ? 1 : 0;
	}
	atomic_fetch_sub(&client->transfers, 1);
	return 1;
}

void limit_pace(struct request *request)
{
	if (!is_limited(request))
		return;
	request->limits.limited = true;
	request->not_reusable = true;
}

/* Counts the request and paces its response. Returns 0, or the seconds until the client may retry. */
static unsigned enter(struct request *request)
{
	const struct settings *settings = request_settings(request);
	struct client *client = request_client(request);
	enum counters_reason reason;
	unsigned seconds = 0;

	limit_pace(request);
	if ((settings->requests_per_client > 0 || settings->transfers_per_client > 0) && client != NULL &&
	    !client->local)
		seconds = over_limit(request, client, &reason);
	if (seconds > 0 && settings->limits_dry_run) {
		log_dry_run(request, "the request would be rejected with 429");
		return 0;
	}
	if (seconds > 0)
		request_note_rejection(request, reason);
	return seconds;
}

static void add_link(struct request *request, struct bucket *bucket, uint64_t rate)
{
	if (rate > 0)
		request->limits.links[request->limits.link_count++] =
			(struct bucket_link){ .bucket = bucket, .rate = { .units = rate, .burst_ns = BURST_NS } };
}

/* Collects the buckets of the next chunk. */
static void make_chain(struct request *request, uint64_t sent_bytes)
{
	const struct settings *settings = request_settings(request);
	struct client *client = request_client(request);

	request->limits.link_count = 0;
	add_link(request, request->site->process.total, request->site->config.rate_total_bytes);
	if (client != NULL && !client->local)
		add_link(request, &client->bytes, settings->rate_client_bytes);
	if (request->selected.file != NULL)
		add_link(request, &request->selected.file->rate, settings->rate_file_bytes);
	if (sent_bytes >= settings->rate_after_bytes)
		add_link(request, &request->limits.pace, response_rate(request));
}

static uint64_t chunk_bytes(const struct request *request)
{
	uint64_t least = CHUNK_MAX_BYTES;

	for (unsigned i = 0; i < request->limits.link_count; i++) {
		uint64_t rate = request->limits.links[i].rate.units, chunk = rate / CHUNKS_PER_S;

		if (chunk < CHUNK_MIN_BYTES)
			chunk = rate / 4 < CHUNK_MIN_BYTES ? rate / 4 : CHUNK_MIN_BYTES;
		if (chunk < least)
			least = chunk;
	}
	return least > 0 ? least : 1;
}

static void return_grant(struct request *request)
{
	for (unsigned i = 0; i < request->limits.link_count; i++)
		bucket_return(request->limits.links[i].bucket, &request->limits.links[i].rate,
			      request->limits.granted_bytes);
}

static void reserve_in_buckets(struct request *request, uint64_t now_ns)
{
	request->limits.granted_ns = 0;
	for (unsigned i = 0; i < request->limits.link_count; i++) {
		const struct bucket_link *link = &request->limits.links[i];
		uint64_t at_ns = bucket_reserve(link->bucket, &link->rate, request->limits.granted_bytes, now_ns);

		if (at_ns > request->limits.granted_ns)
			request->limits.granted_ns = at_ns;
	}
}

/*
 * Renews the reservation if a new reservation would be due earlier. This happens when other responses have ended and
 * returned their reservations. Without a renewal, a new response would be served before this response.
 */
static void move_up(struct request *request, uint64_t now_ns)
{
	uint64_t again_ns = 0;

	for (unsigned i = 0; i < request->limits.link_count; i++) {
		uint64_t at_ns = bucket_ready_ns(request->limits.links[i].bucket, &request->limits.links[i].rate,
						 request->limits.granted_bytes);

		if (at_ns > again_ns)
			again_ns = at_ns;
	}
	if (again_ns + MOVE_UP_NS >= request->limits.granted_ns)
		return;
	return_grant(request);
	reserve_in_buckets(request, now_ns);
}

/* Reserves the next chunk. `left` is the number of bytes that are still to be sent. */
static void reserve(struct request *request, uint64_t left, uint64_t sent_bytes, uint64_t now_ns)
{
	const struct settings *settings = request_settings(request);
	uint64_t chunk;

	make_chain(request, sent_bytes);
	chunk = chunk_bytes(request);
	if (sent_bytes < settings->rate_after_bytes && chunk > settings->rate_after_bytes - sent_bytes)
		chunk = settings->rate_after_bytes - sent_bytes; /* the rate changes at this offset */
	request->limits.granted_bytes = chunk < left ? chunk : left;
	reserve_in_buckets(request, now_ns);
	if (request->limits.granted_ns > now_ns && settings->limits_dry_run) {
		if (!request->limits.dry_run_logged)
			log_dry_run(request, "the rate of the response would be limited");
		request->limits.dry_run_logged = true;
		request->limits.granted_ns = 0;
	}
}

size_t limit_grant(struct request *request, size_t length, uint64_t sent_bytes, uint64_t *wait_ns)
{
	uint64_t now_ns;

	if (request->limits.granted_bytes == 0 || request->limits.granted_ns > 0) {
		now_ns = clock_now_ns();
		if (request->limits.granted_bytes == 0)
			reserve(request,
				request->body.listing != NULL ? UINT64_MAX : request->reply.length - sent_bytes,
				sent_bytes, now_ns);
		else if (request->limits.granted_ns > now_ns)
			move_up(request, now_ns);
		if (request->limits.granted_ns > now_ns) {
			*wait_ns = request->limits.granted_ns - now_ns < RECHECK_NS
					   ? request->limits.granted_ns - now_ns
					   : RECHECK_NS;
			return 0;
		}
		request->limits.granted_ns = 0;
	}
	return request->limits.granted_bytes < length ? (size_t)request->limits.granted_bytes : length;
}

void limit_use(struct request *request, size_t bytes)
{
	request->limits.granted_bytes -= bytes;
}

void limit_leave(struct request *request)
{
	if (request->limits.granted_bytes > 0)
		return_grant(request);
	request->limits.granted_bytes = 0;
	if (request->limits.transfer_owner != NULL)
		atomic_fetch_sub(&request->limits.transfer_owner->transfers, 1);
	if (request->origin.client != NULL)
		clients_leave_request(request->site->process.clients, request->origin.client);
	request->limits.transfer_owner = request->origin.client = NULL;
}

enum step_result limit_check(struct request *request)
{
	unsigned seconds = 0;

	if (request->search.inner)
		limit_pace(request); /* the request was counted with its requested path */
	else
		seconds = enter(request);
	if (seconds == 0)
		return STEP_NEXT;
	request_fail(request, 429);
	reply_header_format(&request->reply, "Retry-After", "%u", seconds);
	return STEP_REPLY;
}
