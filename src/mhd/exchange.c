/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates, suspends and ends exchanges. exchange.h describes their states. An exchange belongs to the server and runs
 * on the reactor's thread. The memory of an exchange is large, and each request needs an exchange, so the memory is
 * reused for the next exchange.
 *
 * When the last reference is dropped, a lookup may still be in flight. The memory is then freed when the lookup ends,
 * which may be after the server was freed.
 *
 * While a request waits, its connection is suspended. A connection is never suspended twice, because MHD does not count
 * suspensions. MHD_get_timeout() of 0.9.75 does not announce a resumed connection. Therefore wake() sets `rerun`, and
 * the event loop calls server_run() in every iteration.
 */
#include "mhd/exchange.h"

#include <assert.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "request/transfer.h"
#include "steps/limit.h"
#include "steps/steps.h"

#define SPARES_MAX 64
#define PAUSE_LONG_NS (20 * CLOCK_NS_PER_MS) /* a pause of at least this time releases memory */

void exchange_unref(struct exchange *exchange)
{
	struct exchange_shared *shared = exchange->shared;

	if (--exchange->refs > 0 || !request_fini(&exchange->request))
		return;
	request_site_unref(exchange->site);
	if (shared->spare_count == SPARES_MAX) {
		free(exchange);
		return;
	}
	exchange->next = shared->spares;
	shared->spares = exchange;
	shared->spare_count++;
}

/* Frees an exchange that ended while its lookup was in flight. The server may have been freed. */
static void ended(struct request *request)
{
	struct exchange *exchange = container_of(request, struct exchange, request);

	request_site_unref(exchange->site);
	free(exchange);
}

void exchange_resume(struct exchange *exchange)
{
	if (exchange->mhd == NULL || !exchange->connection->suspended)
		return;
	exchange->connection->suspended = false;
	exchange->shared->rerun[exchange->connection->peer.tls] = true;
	MHD_resume_connection(exchange->mhd);
}

/* Implements wake() of the request: lets the stream continue, or resumes the connection. */
static void wake(struct request *request)
{
	struct exchange *exchange = container_of(request, struct exchange, request);

	if (!exchange_is_streaming(exchange)) {
		exchange_resume(exchange);
		return;
	}
	exchange->direct.state = DIRECT_READY;
	exchange->connection->blocked = false;
	streams_ready(exchange->shared->streams, &exchange->direct.stream);
}

struct exchange *exchange_new(struct exchange_shared *shared, struct connection *connection, struct MHD_Connection *mhd,
			      const char *target)
{
	struct exchange *exchange = shared->spares;

	if (exchange != NULL) {
		shared->spares = exchange->next;
		shared->spare_count--;
	} else {
		exchange = malloc(sizeof(*exchange));
	}
	if (exchange == NULL || request_init(&exchange->request, connection->site, steps, target) != 0) {
		free(exchange);
		return NULL;
	}
	/* Clears all members after `request`, which request_init() has initialised. */
	memset((char *)exchange + sizeof(exchange->request), 0, sizeof(*exchange) - sizeof(exchange->request));
	exchange->request.wake = wake;
	exchange->request.ended = ended;
	exchange->shared = shared;
	exchange->site = connection->site;
	request_site_ref(exchange->site);
	exchange->connection = connection;
	exchange->request.direct = shared->direct && !connection->peer.tls;
	exchange->request.origin.peer = &connection->peer;
	exchange->request.origin.secure = connection->peer.tls;
	exchange->request.origin.client_address = connection->peer.from;
	connection->exchange = exchange;
	exchange->mhd = mhd;
	exchange->refs = 1;
	exchange->start_ns = clock_now_ns();
	return exchange;
}

void exchange_end(struct exchange *exchange)
{
	exchange->mhd = NULL;
	exchange_end_stream(exchange);
	reactor_timer_stop(exchange->shared->site->worker.reactor, &exchange->pause);
	pins_close(&exchange->request.body.pins); /* the client may be freed before the response */
	limit_leave(&exchange->request);
	exchange_unref(exchange);
}

void exchange_suspend(struct exchange *exchange)
{
	assert(!exchange->connection->suspended);
	exchange->connection->suspended = true;
	MHD_suspend_connection(exchange->mhd);
}

static void pause_ended(void *context)
{
	wake(context);
}

bool exchange_pause(struct exchange *exchange, uint64_t wait_ns)
{
	const struct request_site *site = exchange->site;
	struct transfer *transfer = exchange->request.body.transfer;

	assert(exchange->pause.slot == 0);
	exchange->pause = (struct reactor_timer){ .fn = pause_ended, .context = &exchange->request };
	if (reactor_timer_start(site->worker.reactor, &exchange->pause, wait_ns / CLOCK_NS_PER_MS + 1) != 0)
		return false;
	if (transfer != NULL && wait_ns >= PAUSE_LONG_NS && cache_waiting(site->process.cache) > 0)
		transfer_release_window(transfer);
	else if (transfer != NULL && wait_ns >= PAUSE_LONG_NS)
		/* Keeps the current extent pinned. With "cache = never", it would otherwise be read again. */
		transfer_release_readahead(transfer);
	exchange->connection->paused = true;
	if (exchange_is_streaming(exchange))
		exchange->direct.state = DIRECT_PAUSED;
	else
		exchange_suspend(exchange);
	return true;
}

bool exchange_is_paused(const struct exchange *exchange)
{
	return exchange->pause.slot != 0;
}

void exchange_end_stream(struct exchange *exchange)
{
	streams_close(exchange->shared->streams, &exchange->direct.stream);
	exchange->connection->blocked = false;
	if (!exchange_is_streaming(exchange))
		return;
	exchange->direct.state = DIRECT_DONE;
	exchange_resume(exchange);
}

void exchange_check_storage(struct exchange *exchange, uint64_t now_ns)
{
	if (exchange->mhd != NULL && exchange->connection->suspended && request_is_overdue(&exchange->request, now_ns))
		request_expire(&exchange->request);
}

void exchange_abort(struct exchange *exchange)
{
	connection_abort(exchange->connection);
	reactor_timer_stop(exchange->shared->site->worker.reactor, &exchange->pause);
	exchange_end_stream(exchange);
	exchange_resume(exchange);
}

uint64_t exchange_connection_bytes(const struct connection *connection)
{
	const struct exchange *exchange = connection->exchange;

	return connection->bodies_bytes + (exchange != NULL ? exchange->sent_bytes : 0);
}

void exchange_shutdown_write(const struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info != NULL)
		gnutls_bye(info->tls_session, GNUTLS_SHUT_WR);
	shutdown(exchange->connection->fd, SHUT_WR);
}

void exchange_free_spares(struct exchange_shared *shared)
{
	for (struct exchange *spare; (spare = shared->spares) != NULL;) {
		shared->spares = spare->next;
		free(spare);
	}
}
