/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How an exchange is born, waits and ends. It lives on the server's reactor thread, in memory that is used again for
 * the next one.
 *
 * Two hold it: MHD's request (from handler_begin() to handler_completed()), and the reply, if that points into the
 * request's memory (from sender_send() until MHD frees it). NOTIFY_COMPLETED comes before the reply's free callback: an
 * exchange lives until both have come (`holds`). A lookup that is still under way then keeps the memory until it ends,
 * even if the server has gone.
 *
 * While it waits its connection is suspended, once. A resume is not announced by MHD_get_timeout(): it sets `rerun`,
 * and server_run() runs once every turn anyway.
 */
#include "mhd/exchange.h"

#include <assert.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "request/transfer.h"
#include "steps/limit.h"
#include "steps/steps.h"

#define SPARES_MAX 64
#define PAUSE_LONG_NS (20 * CLOCK_NS_PER_MS)

void exchange_release(struct exchange *exchange)
{
	struct exchange_shared *shared = exchange->shared;

	if (--exchange->holds > 0 || !request_fini(&exchange->request))
		return;
	request_site_drop(exchange->site);
	if (shared->spare_count == SPARES_MAX) {
		free(exchange);
		return;
	}
	exchange->next = shared->spares;
	shared->spares = exchange;
	shared->spare_count++;
}

/* Its lookup was under way when it was released. The server may have gone. */
static void ended(struct request *request)
{
	request_site_drop(((struct exchange *)request)->site);
	free(request);
}

static void wake(struct request *request)
{
	struct exchange *exchange = (struct exchange *)request;

	if (exchange->mhd == NULL || !exchange->connection->suspended)
		return;
	exchange->connection->suspended = false;
	exchange->shared->rerun[exchange->connection->peer.tls] = true;
	MHD_resume_connection(exchange->mhd);
}

/* What is not cleared is set here. */
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
	memset((char *)exchange + sizeof(exchange->request), 0, sizeof(*exchange) - sizeof(exchange->request));
	exchange->request.wake = wake;
	exchange->request.ended = ended;
	exchange->shared = shared;
	exchange->site = connection->site;
	request_site_hold(exchange->site);
	exchange->connection = connection;
	exchange->request.peer = &connection->peer;
	exchange->request.secure = connection->peer.tls;
	exchange->request.client_address = connection->peer.from;
	connection->exchange = exchange;
	exchange->mhd = mhd;
	exchange->holds = 1;
	exchange->start_ns = clock_now_ns();
	return exchange;
}

void exchange_end(struct exchange *exchange)
{
	reactor_timer_stop(exchange->shared->site->reactor, &exchange->pause);
	pins_close(&exchange->request.pins); /* the client may be gone before the reply is */
	limit_leave(&exchange->request);
	exchange->mhd = NULL;
	exchange_release(exchange);
}

void exchange_suspend(struct exchange *exchange)
{
	assert(!exchange->connection->suspended);
	exchange->connection->suspended = true;
	MHD_suspend_connection(exchange->mhd);
}

static void pause_over(void *context)
{
	wake(context);
}

bool exchange_pause(struct exchange *exchange, uint64_t wait_ns)
{
	const struct request_site *site = exchange->site;
	struct transfer *transfer = exchange->request.transfer;

	assert(exchange->pause.slot == 0);
	exchange->pause = (struct reactor_timer){ .fn = pause_over, .context = &exchange->request };
	if (reactor_timer_start(site->reactor, &exchange->pause, wait_ns / CLOCK_NS_PER_MS + 1) != 0)
		return false;
	if (transfer != NULL && wait_ns >= PAUSE_LONG_NS && cache_waiting(site->cache) > 0)
		transfer_shed(transfer);
	else if (transfer != NULL && wait_ns >= PAUSE_LONG_NS)
		transfer_rest(
			transfer); /* the piece it takes from would be read again each time where nothing is kept */
	exchange->connection->paused = true;
	exchange_suspend(exchange);
	return true;
}

bool exchange_is_paused(const struct exchange *exchange)
{
	return exchange->pause.slot != 0;
}

void exchange_hurry(struct exchange *exchange)
{
	if (!exchange_is_paused(exchange) && exchange->request.listing == NULL)
		return;
	reactor_timer_stop(exchange->shared->site->reactor, &exchange->pause);
	wake(&exchange->request);
}

void exchange_finish(const struct exchange *exchange)
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
