/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One turn of the loop, in this order: wait; completions of reads, new connections, messages, timers (all of which may resume
 * requests); then HTTP, until it wants nothing more; then the reads whose turn it is, and one io_submit of them. A connection is
 * served by the worker that has the fewest, whoever accepted it: the kernel wakes the same waiter again and again as long as it
 * keeps up, and connections live long.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/limits.h"
#include "daemon/listener.h"
#include "daemon/preface.h"
#include "engine/disk.h"
#include "engine/reactor.h"
#include "http/server.h"
#include "http/status.h"
#include "store/store.h"

#define LOAD_SLACK 2	 /* connections a worker may have more than the least loaded before it hands one over */
#define RING_RETRY_MS 10 /* when the kernel took no read and none of ours is there to end */

struct worker {
	struct workshop *workshop;
	unsigned index;
	pthread_t thread;
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct store *store;
	struct server *server;
	struct listener *listener;
	struct preface *preface;
	struct request_site site;
	struct reactor_watch disk_watch, server_watches[SERVER_FDS];
	struct reactor_message drain_message, cut_message, report_message;
	struct report_worker counts;
	atomic_uint load; /* connections here or on their way here */
	bool draining;
};

/* One connection on its way to another worker. */
struct handover {
	struct reactor_message message;
	struct worker *to;
	struct client *client;
	int fd;
	unsigned listener;
	socklen_t length;
	struct sockaddr_storage peer;
};

static void connection_closed(void *context, void *token)
{
	struct worker *worker = context;

	clients_leave(worker->workshop->clients, token);
	atomic_fetch_sub(&worker->load, 1);
}

static void serve(struct worker *worker, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length, struct client *client)
{
	int error = server_add(worker->server, fd, listener, peer, length, client);

	if (error != 0)
		log_fault(LOG_LEVEL_ERROR, "can't serve a connection: %s", strerror(-error));
}

static void handed_over(struct reactor_message *message)
{
	struct handover *handover = (struct handover *)message;

	if (handover->to->server != NULL) {
		serve(handover->to, handover->fd, handover->listener, (struct sockaddr *)&handover->peer, handover->length, handover->client);
	} else { /* it ended as this was on its way */
		close(handover->fd);
		connection_closed(handover->to, handover->client);
	}
	free(handover);
}

static struct worker *least_loaded(struct worker *worker)
{
	struct workshop *workshop = worker->workshop;
	struct worker *best = worker;

	if (atomic_load(&workshop->draining))
		return worker;
	for (unsigned i = 0; i < workshop->count; i++)
		if (atomic_load(&workshop->workers[i]->load) + LOAD_SLACK <= atomic_load(&best->load) ||
		    (best != worker && atomic_load(&workshop->workers[i]->load) < atomic_load(&best->load)))
			best = workshop->workers[i];
	return best;
}

static void refuse(int fd, bool tls, int error)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
				   "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\n\r\n503 Service Unavailable\n";
	char asked[4096];

	log_fault(LOG_LEVEL_WARNING, "a connection was refused: %s",
		  error == -EUSERS ? "max_connections is reached" :
		  error == -EDQUOT ? "its client has max_connections_per_client" : strerror(-error));
	if (tls) { /* nothing can be said without a handshake */
		close(fd);
		return;
	}
	if (send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	/* What stays unread would reset the connection, and the answer with it; who sends more than a header may be reset. */
	for (unsigned i = 0; i < 8 && recv(fd, asked, sizeof(asked), MSG_DONTWAIT) > 0; i++)
		;
	close(fd);
}

static void accepted(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length)
{
	struct worker *worker = context, *to;
	struct handover *handover = NULL;
	struct client *client;
	int error = clients_enter(worker->workshop->clients, peer, &client);

	if (error != 0) {
		refuse(fd, worker->workshop->config->listen[listener].address.tls, error);
		return;
	}
	to = least_loaded(worker);
	if (to != worker)
		handover = calloc(1, sizeof(*handover));
	if (handover == NULL)
		to = worker;
	atomic_fetch_add(&to->load, 1);
	if (handover == NULL) {
		serve(worker, fd, listener, peer, length, client);
		return;
	}
	*handover = (struct handover){ .message = { .fn = handed_over }, .to = to, .client = client, .fd = fd, .listener = listener, .length = length };
	memcpy(&handover->peer, peer, length);
	reactor_post(to->reactor, &handover->message);
}

/* A proxy has said whom it speaks for. While it had not it was counted, as nobody's. */
static void introduced(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length, void *token)
{
	struct worker *worker = context;

	connection_closed(worker, token);
	if (fd >= 0)
		accepted(worker, fd, listener, peer, length);
}

static bool is_proxy(const struct text_list *proxies, const struct sockaddr *peer)
{
	struct address address;

	address_from_sockaddr(peer, &address);
	return settings_narrowest(proxies, &address) >= 0;
}

static void came(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNIX };
	struct worker *worker = context;
	const struct text_list *proxies = &worker->workshop->config->proxy_protocol;
	struct client *client;
	int error;

	if (proxies->count == 0 || !is_proxy(proxies, peer)) {
		accepted(worker, fd, listener, peer, length);
		return;
	}
	error = clients_enter(worker->workshop->clients, &nobody, &client);
	if (error != 0) {
		refuse(fd, worker->workshop->config->listen[listener].address.tls, error);
		return;
	}
	atomic_fetch_add(&worker->load, 1);
	preface_take(worker->preface, fd, listener, peer, length, client);
}

static void disk_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	disk_reap(worker->disk);
}

/* An epoll set of MHD's has something; server_run() comes every turn. */
static void server_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	server_fired(worker->server, 0);
}

static void tls_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	server_fired(worker->server, 1);
}

static void drain(struct reactor_message *message)
{
	struct worker *worker = (struct worker *)((char *)message - offsetof(struct worker, drain_message));

	worker->draining = true;
	listener_free(worker->listener);
	worker->listener = NULL;
	preface_drain(worker->preface);
	server_drain(worker->server);
}

static void cut(struct reactor_message *message)
{
	struct worker *worker = (struct worker *)((char *)message - offsetof(struct worker, cut_message));

	if (worker->server == NULL) /* it had ended before this arrived */
		return;
	preface_cut(worker->preface);
	server_cut(worker->server);
}

/* Whoever is the last one logs what all of them have put down. */
static void report(struct reactor_message *message)
{
	struct worker *worker = (struct worker *)((char *)message - offsetof(struct worker, report_message));
	struct workshop *workshop = worker->workshop;

	store_stats(worker->store, &worker->counts.store);
	worker->counts.connections = atomic_load(&worker->load);
	worker->counts.queued = queue_length(worker->queue);
	worker->counts.in_flight = disk_in_flight(worker->disk);
	workshop->reports[worker->index] = worker->counts;
	if (atomic_fetch_sub(&workshop->reports_due, 1) > 2)
		return;
	report_log(workshop->reports, workshop->count, workshop->cache, &workshop->config->rules, workshop->devices);
	atomic_store(&workshop->reports_due, 0); /* only now may the next one begin */
}

void worker_report_all(struct workshop *workshop)
{
	unsigned due = 0;

	if (!atomic_compare_exchange_strong(&workshop->reports_due, &due, workshop->count + 1)) {
		log_warning("%u workers have not answered the last request for a report", due - 1);
		return;
	}
	for (unsigned i = 0; i < workshop->count; i++)
		reactor_post(workshop->workers[i]->reactor, &workshop->workers[i]->report_message);
}

static int wait_ms(const struct worker *worker)
{
	int ms = server_wait_ms(worker->server);

	if (ms == 0 || disk_in_flight(worker->disk) > 0 || (disk_queued(worker->disk) == 0 && queue_length(worker->queue) == 0))
		return ms;
	return ms >= 0 && ms < RING_RETRY_MS ? ms : RING_RETRY_MS;
}

static bool is_done(const struct worker *worker)
{
	return worker->draining && atomic_load(&worker->load) == 0 && server_connections(worker->server) == 0 &&
	       store_pending(worker->store) == 0;
}

/* A part of the turn has ended, which began at *since_ns. */
static void note_section(struct worker *worker, enum report_section section, uint64_t *since_ns)
{
	uint64_t now_ns = clock_now_ns(), spent_ns = now_ns - *since_ns;

	if (spent_ns > worker->counts.longest_ns[section])
		worker->counts.longest_ns[section] = spent_ns;
	worker->counts.stalls[section] += spent_ns >= REPORT_STALL_NS;
	*since_ns = now_ns;
}

static void turn(struct worker *worker)
{
	int result = reactor_turn(worker->reactor, wait_ms(worker));
	uint64_t since_ns = reactor_woken_ns(worker->reactor);

	if (result < 0)
		log_fault(LOG_LEVEL_ERROR, "worker %u: epoll: %s", worker->index, strerror(-result));
	worker->counts.turns++;
	note_section(worker, REPORT_EVENTS, &since_ns);
	server_run(worker->server);
	note_section(worker, REPORT_HTTP, &since_ns);
	queue_run(worker->queue);
	note_section(worker, REPORT_QUEUE, &since_ns);
	disk_submit(worker->disk);
	note_section(worker, REPORT_SUBMIT, &since_ns);
}

static void *run(void *context)
{
	struct worker *worker = context;
	uint64_t one = 1;

	while (!is_done(worker))
		turn(worker);
	if (write(worker->workshop->ended_fd, &one, sizeof(one)) < 0)
		log_error("worker %u: can't say that it has ended: %s", worker->index, strerror(errno));
	return NULL;
}

static int make_server(struct worker *worker)
{
	const struct config *config = worker->workshop->config;
	struct server_options options = {
		.site = &worker->site,
		.limits = { .header_timeout_ms = config->header_timeout_ms,
			    .idle_timeout_ms = config->idle_timeout_ms,
			    .min_rate_bytes = config->min_rate_bytes,
			    .stall_timeout_ms = config->stall_timeout_ms },
		.max_connections = config->max_connections + 64, /* the count of clients is the bound; MHD's must not come first */
		.tls_listeners = config_tls_listeners(config),
		.certificates = worker->workshop->certificates,
		.closed = connection_closed,
		.context = worker,
	};

	worker->site = (struct request_site){
		.reactor = worker->reactor,
		.store = worker->store,
		.folders = worker->workshop->folders,
		.mime = worker->workshop->mime,
		.rules = &config->rules,
		.signing = signing_ref(worker->workshop->signing),
		.cache = worker->workshop->cache,
		.ready_bytes = cache_bytes(worker->workshop->cache) / 8 / worker->workshop->count,
		.clients = worker->workshop->clients,
		.login = worker->workshop->login,
		.trusted_proxies = &config->trusted_proxies,
		.total = &worker->workshop->total,
		.rate_total_bytes = config->rate_total_bytes,
		.header_limits = { .target_bytes = config->max_target_bytes,
				   .header_bytes = config->max_header_bytes,
				   .headers = config->max_headers },
		.max_ranges = config->max_ranges,
		.transfers = &worker->workshop->transfers,
		.dotfiles = config->dotfiles,
		.symlinks = config->symlinks,
	};
	return server_new(&worker->server, &options);
}

static int make_parts(struct worker *worker)
{
	struct workshop *workshop = worker->workshop;
	int error = reactor_new(&worker->reactor);

	if (error == 0)
		error = disk_new(&worker->disk, &(struct disk_options){ .depth = limits_ring(workshop->config), .devices = workshop->devices });
	if (error == 0)
		error = queue_new(&worker->queue, (unsigned)workshop->config->disk_latency_ms);
	if (error == 0) {
		struct store_options options = { .reactor = worker->reactor,
						 .disk = worker->disk,
						 .queue = worker->queue,
						 .cache = workshop->cache,
						 .offload = workshop->offload };

		error = store_new(&worker->store, &options);
	}
	if (error == 0)
		error = make_server(worker);
	if (error == 0)
		error = preface_new(&worker->preface, worker->reactor, workshop->config->header_timeout_ms, introduced, worker);
	if (error == 0)
		error = listener_new(&worker->listener, worker->reactor, workshop->sockets, came, worker);
	return error;
}

static int watch_parts(struct worker *worker)
{
	int error;

	worker->disk_watch = (struct reactor_watch){ .fd = disk_eventfd(worker->disk), .fn = disk_ready, .context = worker };
	error = reactor_add(worker->reactor, &worker->disk_watch, EPOLLIN | EPOLLET);
	for (unsigned i = 0; i < SERVER_FDS && error == 0; i++) {
		worker->server_watches[i] = (struct reactor_watch){
			.fd = server_fd(worker->server, i), .fn = i == 0 ? server_ready : tls_ready, .context = worker
		};
		if (worker->server_watches[i].fd >= 0)
			error = reactor_add(worker->reactor, &worker->server_watches[i], EPOLLIN);
	}
	return error;
}

int worker_new(struct worker **worker, struct workshop *workshop, unsigned index)
{
	struct worker *w = calloc(1, sizeof(*w));
	int error;

	if (w == NULL)
		return -ENOMEM;
	w->workshop = workshop;
	w->index = index;
	w->drain_message.fn = drain;
	w->cut_message.fn = cut;
	w->report_message.fn = report;
	error = make_parts(w);
	if (error == 0)
		error = watch_parts(w);
	if (error != 0) {
		worker_free(w);
		return error;
	}
	*worker = w;
	return 0;
}

int worker_start(struct worker *worker)
{
	char name[16];
	int error = pthread_create(&worker->thread, NULL, run, worker);

	if (error != 0)
		return -error;
	snprintf(name, sizeof(name), "ranged-r%u", worker->index % 1000);
	pthread_setname_np(worker->thread, name);
	return 0;
}

void worker_drain(struct worker *worker)
{
	reactor_post(worker->reactor, &worker->drain_message);
}

void worker_cut(struct worker *worker)
{
	reactor_post(worker->reactor, &worker->cut_message);
}

struct renewal {
	struct reactor_message message;
	struct worker *worker;
	struct certificates *certificates;
	struct signing *signing;
};

static void renew(struct reactor_message *message)
{
	struct renewal *renewal = (struct renewal *)message;

	struct request_site *site = &renewal->worker->site;

	if (renewal->worker->server != NULL && renewal->certificates != NULL) /* else it had ended before this arrived */
		server_renew(renewal->worker->server, renewal->certificates);
	certificates_unref(renewal->certificates);
	if (renewal->signing != NULL) {
		signing_unref(site->signing);
		site->signing = renewal->signing;
	}
	free(renewal);
}

int worker_renew(struct worker *worker, struct certificates *certificates, struct signing *signing)
{
	struct renewal *renewal = malloc(sizeof(*renewal));

	if (renewal == NULL)
		return -ENOMEM;
	*renewal = (struct renewal){ .message = { .fn = renew }, .worker = worker,
				      .certificates = certificates_ref(certificates),
				      .signing = signing_ref(signing) };
	reactor_post(worker->reactor, &renewal->message);
	return 0;
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	listener_free(worker->listener);
	if (worker->preface != NULL)
		preface_cut(worker->preface);
	preface_free(worker->preface);
	worker->preface = NULL;
	server_free(worker->server);
	worker->server = NULL;
	reactor_free(worker->reactor);
	store_free(worker->store);
	queue_free(worker->queue);
	disk_free(worker->disk);
	signing_unref(worker->site.signing);
	free(worker);
}
