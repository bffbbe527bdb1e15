/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A timer runs the steps of the rounds (rounds.c). The server owns the struct.
 *
 * A request may reach the server at the moment at which the server closes an idle connection, and is then lost. A
 * client that reuses connections cannot prevent that, and a load balancer that forwards bytes cannot repeat the
 * request. Therefore a drain first lets clients know by "Connection: close" in their next response. It closes a
 * connection that stays idle only after a grace period, and only if no input is unread.
 */
#include "mhd/sweep.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "mhd/records.h"
#include "mhd/sender.h"
#include "request/transfer.h"

#define ROUND_MS 500
#define ROUND_DRAINING_MS 100 /* so that the process stops soon after the last connection is idle */
#define ROUND_ABORTING_MS 50

/* Aborts a connection. MHD does not detect the abort of a suspended connection, so the connection is resumed. */
static void abort_connection(struct connection *connection)
{
	log_debug("connection aborted: %s", counters_reason_name(connection->reason));
	if (connection->exchange != NULL)
		exchange_abort(connection->exchange);
	else
		connection_abort(connection);
}

/* Notes and counts why the connection ends. The first reason counts. */
static void note_end(struct connection *connection, enum counters_reason reason)
{
	if (connection->reason != COUNTERS_NO_REASON)
		return;
	connection->reason = reason;
	if (reason >= COUNTERS_REJECTIONS)
		counters_disconnect(connection->counters, reason);
}

/*
 * Ends a connection. A connection that waits for a request is closed in order, and aborted if it is still open at the
 * next visit. All other connections are aborted at once.
 */
static void end_connection(struct connection *connection, enum counters_reason reason)
{
	const bool waits = connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEAD;

	note_end(connection, reason);
	if (connection->phase == CONNECTION_SEND)
		connection_discard_unsent(connection); /* its client notices the abort at once */
	if (!waits || !connection_close_idle(connection))
		abort_connection(connection);
}

/*
 * Returns true if the client has closed its connection during a listing, so that the resources can be released. A
 * listing may take long before it sends a byte.
 */
static bool is_abandoned(const struct connection *connection)
{
	const struct exchange *exchange = connection->exchange;

	return connection->suspended && exchange != NULL && exchange->request.body.listing != NULL &&
	       connection_is_closed_by_client(connection);
}

/* Releases cache memory that is pinned for a client that has stalled or is paused. */
static void release_stalled(struct connection *connection)
{
	struct exchange *exchange = connection->exchange;
	struct transfer *transfer = exchange != NULL ? exchange->request.body.transfer : NULL;
	bool memory_is_short, stalled;

	if (transfer == NULL || connection->phase != CONNECTION_SEND)
		return;
	memory_is_short = cache_waiting(exchange->site->process.cache) > 0;
	stalled = exchange_connection_bytes(connection) == connection->swept_bytes;
	if (exchange_is_paused(exchange) && memory_is_short)
		transfer_release_window(transfer);
	else if (stalled && !connection_waits(connection))
		transfer_release_window(transfer);
	else if (stalled && memory_is_short) /* waits for memory: see transfer_release_readahead() */
		transfer_release_readahead(transfer);
}

static bool is_over_transfer_time(const struct exchange *exchange, uint64_t now_ns)
{
	uint64_t max_ms = request_settings(&exchange->request)->max_transfer_time_ms;

	return max_ms > 0 && (now_ns - exchange->start_ns) / CLOCK_NS_PER_MS >= max_ms;
}

/*
 * Returns true if the client had closed its side when the connection became idle. MHD does not detect that if the end
 * of the input arrived together with the last request. Later ends are detected by MHD, so one check is enough.
 */
static bool is_left_idle(struct connection *connection)
{
	if (connection->phase != CONNECTION_IDLE || connection->idle_checked)
		return false;
	connection->idle_checked = true;
	return connection_is_closed_by_client(connection);
}

/* Ends a connection that the client has closed. exchange_log.c counts it, if a request was in progress. */
static void close_abandoned(struct connection *connection)
{
	const bool is_idle = connection->phase == CONNECTION_IDLE;

	if (connection->phase == CONNECTION_SEND)
		connection_discard_unsent(connection);
	if (!is_idle || !connection_close_idle(connection))
		abort_connection(connection);
}

/* Returns the reason why the connection must be ended, or COUNTERS_NO_REASON. */
static enum counters_reason reason_to_end(const struct sweep *sweep, struct connection *connection, uint64_t now_ns)
{
	enum counters_reason reason = connection_timeout_reason(connection, &sweep->limits, now_ns);

	if (sweep->stage == SWEEP_ABORTING)
		return COUNTERS_SHUTDOWN;
	if (reason == COUNTERS_NO_REASON && connection->exchange != NULL &&
	    is_over_transfer_time(connection->exchange, now_ns))
		reason = COUNTERS_MAX_TRANSFER_TIME;
	return reason;
}

/* Returns true if a drain may close the connection. */
static bool is_over_grace(const struct sweep *sweep, const struct connection *connection, uint64_t now_ns)
{
	const uint64_t since_ns = connection->since_ns > sweep->announced_ns ? connection->since_ns
									     : sweep->announced_ns;

	return sweep->stage == SWEEP_DRAINING && now_ns >= since_ns + sweep->grace_ns &&
	       connection_is_quiet(connection) && !records_owed(connection->records);
}

static void visit(void *context, struct connection *connection, uint64_t now_ns)
{
	struct sweep *sweep = context;
	const enum counters_reason reason = reason_to_end(sweep, connection, now_ns);

	if (reason != COUNTERS_NO_REASON) {
		end_connection(connection, reason);
	} else if (is_abandoned(connection) || is_left_idle(connection)) {
		close_abandoned(connection);
	} else if (is_over_grace(sweep, connection, now_ns)) {
		note_end(connection, COUNTERS_DRAIN);
		shutdown(connection->fd, SHUT_RD); /* MHD still receives a request that arrived just now */
	}
	if (connection->exchange != NULL && connection->phase == CONNECTION_WORK)
		exchange_check_storage(connection->exchange, now_ns);
	unsent_sweep(&sweep->unsent, connection);
	release_stalled(connection);
	connection->swept_bytes = exchange_connection_bytes(connection);
}

static void begin_round(void *context)
{
	struct sweep *sweep = context;

	unsent_begin_sweep(&sweep->unsent, sweep->rounds.connections, sweep->rounds.count);
	sender_sweep(sweep->shared, sweep->shared->draining || cache_waiting(sweep->shared->site->process.cache) > 0);
}

static void end_round(void *context)
{
	struct sweep *sweep = context;

	unsent_end_sweep(&sweep->unsent);
}

static void on_timer(void *context)
{
	static const unsigned rounds_ms[] = {
		[SWEEP_SERVING] = ROUND_MS, [SWEEP_DRAINING] = ROUND_DRAINING_MS, [SWEEP_ABORTING] = ROUND_ABORTING_MS
	};
	struct sweep *sweep = context;
	const struct rounds_calls calls = { begin_round, visit, end_round, sweep };

	reactor_timer_start(sweep->reactor, &sweep->timer,
			    rounds_step(&sweep->rounds, rounds_ms[sweep->stage], &calls));
}

int sweep_start(struct sweep *sweep, struct reactor *reactor, struct exchange_shared *shared)
{
	sweep->reactor = reactor;
	sweep->shared = shared;
	sweep->timer = (struct reactor_timer){ .fn = on_timer, .context = sweep };
	return reactor_timer_start(reactor, &sweep->timer, ROUND_MS);
}

void sweep_stop(struct sweep *sweep)
{
	if (sweep->reactor != NULL)
		reactor_timer_stop(sweep->reactor, &sweep->timer);
}

/* Starts a round of the new stage at once. */
static void set_stage(struct sweep *sweep, enum sweep_stage stage)
{
	if (stage > sweep->stage)
		sweep->stage = stage;
	rounds_restart(&sweep->rounds);
	reactor_timer_start(sweep->reactor, &sweep->timer, 0);
}

void sweep_announce(struct sweep *sweep)
{
	if (sweep->announced_ns == 0)
		sweep->announced_ns = clock_now_ns();
}

void sweep_drain(struct sweep *sweep, uint64_t grace_ms)
{
	sweep_announce(sweep);
	sweep->grace_ns = grace_ms * CLOCK_NS_PER_MS;
	set_stage(sweep, SWEEP_DRAINING);
}

void sweep_abort(struct sweep *sweep)
{
	sweep_announce(sweep);
	set_stage(sweep, SWEEP_ABORTING);
}
