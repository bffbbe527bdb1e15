/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever wants to send reserves a piece in every bucket that it goes through, and sleeps until the last of them says
 * so. Reservations are in turn, so that all who share a bucket get the same from it, and each sleeps once a piece,
 * however many there are. A piece is what the slowest bucket gives in a PIECES_PER_S-th of a second: few wake-ups, and
 * no more than that on the way when a client is cut.
 *
 * A client has one bucket for all that it fetches: where blocks give it different rates, each piece costs it the time
 * that its block's rate takes.
 */
#include "steps/limit.h"

#include "base/clock.h"
#include "base/log.h"

#define BURST_NS (200 * CLOCK_NS_PER_MS)      /* what a late timer may catch up */
#define LOOK_AGAIN_NS (500 * CLOCK_NS_PER_MS) /* whether others have left */
#define MOVE_UP_NS (10 * CLOCK_NS_PER_MS)
#define PIECES_PER_S 50
#define PIECE_MIN_BYTES UINT64_C(16384) /* four times a second is often enough for less */
#define PIECE_MAX_BYTES ((uint64_t)256 * 1024)

/* The rate of the response alone: of its block, or of its signature. 0: any. */
static uint64_t response_rate(const struct request *request)
{
	uint64_t rate = request_settings(request)->rate_bytes;

	return request->rate_bytes > 0 && (rate == 0 || request->rate_bytes < rate) ? request->rate_bytes : rate;
}

static void say_dry(const struct request *request, const char *what)
{
	log_fault(LOG_LEVEL_WARNING, "/%s: limits_dry_run: this %s", request->path.file, what);
}

static bool is_limited(const struct request *request)
{
	const struct settings *settings = request_settings(request);

	return request->site->rate_total_bytes > 0 || settings->rate_client_bytes > 0 ||
	       settings->rate_file_bytes > 0 || response_rate(request) > 0;
}

/* The seconds until it may ask again, and what is against it; 0: it may now. */
static unsigned too_often(struct request *request, struct client *client, enum counters_reason *reason)
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
	if (atomic_fetch_add(&client->transfers, 1) < settings->transfers_per_client || settings->limits_dry_run) {
		request->counted = client;
		return atomic_load(&client->transfers) > settings->transfers_per_client ? 1 : 0;
	}
	atomic_fetch_sub(&client->transfers, 1);
	return 1;
}

void limit_pace(struct request *request)
{
	if (!is_limited(request))
		return;
	request->limited = true;
	request->not_reusable = true;
}

unsigned limit_enter(struct request *request)
{
	const struct settings *settings = request_settings(request);
	struct client *client = request_client(request);
	enum counters_reason reason;
	unsigned seconds = 0;

	limit_pace(request);
	if ((settings->requests_per_client > 0 || settings->transfers_per_client > 0) && client != NULL &&
	    !client->local)
		seconds = too_often(request, client, &reason);
	if (seconds > 0 && settings->limits_dry_run) {
		say_dry(request, "would be refused (429)");
		return 0;
	}
	if (seconds > 0)
		counters_reject(request->site->counters, reason);
	return seconds;
}

static void add_link(struct request *request, struct bucket *bucket, uint64_t rate)
{
	if (rate > 0)
		request->links[request->link_count++] =
			(struct bucket_link){ .bucket = bucket, .rate = { .units = rate, .burst_ns = BURST_NS } };
}

/* Whom the next piece goes through. */
static void make_chain(struct request *request, uint64_t taken_bytes)
{
	const struct settings *settings = request_settings(request);
	struct client *client = request_client(request);

	request->link_count = 0;
	add_link(request, request->site->total, request->site->rate_total_bytes);
	if (client != NULL && !client->local)
		add_link(request, &client->bytes, settings->rate_client_bytes);
	if (request->file != NULL)
		add_link(request, &request->file->rate, settings->rate_file_bytes);
	if (taken_bytes >= settings->rate_after_bytes)
		add_link(request, &request->pace, response_rate(request));
}

static uint64_t piece_bytes(const struct request *request)
{
	uint64_t least = PIECE_MAX_BYTES;

	for (unsigned i = 0; i < request->link_count; i++) {
		uint64_t rate = request->links[i].rate.units, piece = rate / PIECES_PER_S;

		if (piece < PIECE_MIN_BYTES)
			piece = rate / 4 < PIECE_MIN_BYTES ? rate / 4 : PIECE_MIN_BYTES;
		if (piece < least)
			least = piece;
	}
	return least > 0 ? least : 1;
}

static void give_back(struct request *request)
{
	for (unsigned i = 0; i < request->link_count; i++)
		bucket_return(request->links[i].bucket, &request->links[i].rate, request->granted_bytes);
}

static void take_turn(struct request *request, uint64_t now_ns)
{
	request->granted_ns = 0;
	for (unsigned i = 0; i < request->link_count; i++) {
		const struct bucket_link *link = &request->links[i];
		uint64_t at_ns = bucket_reserve(link->bucket, &link->rate, request->granted_bytes, now_ns);

		if (at_ns > request->granted_ns)
			request->granted_ns = at_ns;
	}
}

/* Others may have left, and given back what is before us: whoever comes now must not be served before us. */
static void move_up(struct request *request, uint64_t now_ns)
{
	uint64_t again_ns = 0;

	for (unsigned i = 0; i < request->link_count; i++) {
		uint64_t at_ns =
			bucket_ready_ns(request->links[i].bucket, &request->links[i].rate, request->granted_bytes);

		if (at_ns > again_ns)
			again_ns = at_ns;
	}
	if (again_ns + MOVE_UP_NS >= request->granted_ns)
		return;
	give_back(request);
	take_turn(request, now_ns);
}

/* The next piece, of `left` bytes at most. */
static void reserve(struct request *request, uint64_t left, uint64_t taken_bytes, uint64_t now_ns)
{
	const struct settings *settings = request_settings(request);
	uint64_t piece;

	make_chain(request, taken_bytes);
	piece = piece_bytes(request);
	if (taken_bytes < settings->rate_after_bytes && piece > settings->rate_after_bytes - taken_bytes)
		piece = settings->rate_after_bytes - taken_bytes; /* up to there at another speed than from there on */
	request->granted_bytes = piece < left ? piece : left;
	take_turn(request, now_ns);
	if (request->granted_ns > now_ns && settings->limits_dry_run) {
		if (!request->said_dry)
			say_dry(request, "would be slower");
		request->said_dry = true;
		request->granted_ns = 0;
	}
}

size_t limit_grant(struct request *request, size_t length, uint64_t taken_bytes, uint64_t *wait_ns)
{
	uint64_t now_ns;

	if (request->granted_bytes == 0 || request->granted_ns > 0) {
		now_ns = clock_now_ns();
		if (request->granted_bytes == 0)
			reserve(request, request->listing != NULL ? UINT64_MAX : request->reply.length - taken_bytes,
				taken_bytes, now_ns);
		else if (request->granted_ns > now_ns)
			move_up(request, now_ns);
		if (request->granted_ns > now_ns) {
			*wait_ns = request->granted_ns - now_ns < LOOK_AGAIN_NS ? request->granted_ns - now_ns
										: LOOK_AGAIN_NS;
			return 0;
		}
		request->granted_ns = 0;
	}
	return request->granted_bytes < length ? (size_t)request->granted_bytes : length;
}

void limit_use(struct request *request, size_t bytes)
{
	request->granted_bytes -= bytes;
}

void limit_leave(struct request *request)
{
	if (request->granted_bytes > 0)
		give_back(request);
	request->granted_bytes = 0;
	if (request->counted != NULL)
		atomic_fetch_sub(&request->counted->transfers, 1);
	if (request->client != NULL)
		clients_dismiss(request->site->clients, request->client);
	request->counted = request->client = NULL;
}
