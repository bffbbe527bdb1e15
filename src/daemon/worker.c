/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One turn of the loop, in this order: wait; completions of reads, new connections, messages, timers (all of which may
 * resume requests); then HTTP, until it wants nothing more; then the reads whose turn it is, and one io_submit of them.
 * A connection is served by the worker that has the fewest, whoever accepted it: the kernel wakes the same waiter again
 * and again as long as it keeps up, and connections live long.
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
#include "base/networks.h"
#include "daemon/system_limits.h"
#include "engine/disk.h"
#include "engine/reactor.h"
#include "http/status.h"
#include "mhd/exchange_log.h"
#include "mhd/server.h"
#include "net/listener.h"
#include "net/proxy_protocol.h"
#include "request/rejection.h"
#include "store/store.h"

#define LOAD_SLACK 2	 /* connections a worker may have more than the least loaded before it hands one over */
#define RING_RETRY_MS 10 /* when the kernel took no read and none of ours is there to end */

struct worker {
	struct process *process;
	unsigned index;
	pthread_t thread;
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct store *store;
	struct server *server;
	struct listener *listener;
	struct request_site *heard; /* under which the listener hears; one hold */
	struct proxy_protocol *preface;
	struct reactor_watch disk_watch, server_watches[SERVER_FDS];
	struct reactor_message drain_message, cut_message;
	struct counters counters;
	_Atomic uint64_t iterations, stalls[WORKER_SECTIONS], longest_ns[WORKER_SECTIONS];
	_Atomic uint64_t queued, in_flight; /* as the last turn left them */
	atomic_uint load;		    /* connections here or on their way here */
	_Atomic uint64_t last_iteration_ns;
	bool draining;
};

/* One connection on its way to another worker. */
struct handover {
	struct reactor_message message;
	struct worker *to;
	struct generation *generation; /* a reference */
	struct arrival arrival;
};

/* One generation on its way to a worker. */
struct worker_renewal {
	struct reactor_message message;
	struct worker *worker;
	struct generation *generation; /* a reference */
};

static void connection_closed(void *context, void *token, bool rejected)
{
	struct worker *worker = context;

	if (rejected)
		clients_leave_rejected(worker->process->clients, token);
	else
		clients_leave(worker->process->clients, token);
	atomic_fetch_sub(&worker->load, 1);
}

static void serve(struct worker *worker, const struct arrival *arrival)
{
	int error = server_add(worker->server, arrival);

	if (error != 0)
		log_fault(LOG_LEVEL_ERROR, "can't serve a connection: %s", strerror(-error));
}

static void handed_over(struct reactor_message *message)
{
	struct handover *handover = (struct handover *)message;

	if (handover->to->server != NULL) {
		serve(handover->to, &handover->arrival);
	} else { /* it ended as this was on its way */
		close(handover->arrival.fd);
		connection_closed(handover->to, handover->arrival.client, false);
	}
	generation_unref(handover->generation);
	free(handover);
}

static struct worker *least_loaded(struct worker *worker)
{
	struct process *process = worker->process;
	struct worker *best = worker;

	if (atomic_load(&process->state) == PROCESS_DRAINING)
		return worker;
	for (unsigned i = 0; i < process->count; i++)
		if (atomic_load(&process->workers[i]->load) + LOAD_SLACK <= atomic_load(&best->load) ||
		    (best != worker && atomic_load(&process->workers[i]->load) < atomic_load(&best->load)))
			best = process->workers[i];
	return best;
}

static enum counters_reason reason_of(int error)
{
	switch (error) {
	case -EUSERS:
		return COUNTERS_MAX_CONNECTIONS;
	case -EDQUOT:
		return COUNTERS_MAX_CONNECTIONS_PER_CLIENT;
	case -EMFILE:
	case -ENFILE:
		return COUNTERS_DESCRIPTORS;
	default:
		return COUNTERS_MEMORY;
	}
}

/* Once for each connection that is refused; log_fault() limits the rate of the lines. */
static void note_refusal(struct worker *worker, const struct arrival *arrival, int error)
{
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	counters_reject(&worker->counters, reason_of(error));
	address_from_sockaddr((const struct sockaddr *)&arrival->address, &address);
	log_fault(LOG_LEVEL_WARNING, "a connection from %s was refused: %s", address_format(&address, text),
		  error == -EUSERS   ? "max_connections is reached"
		  : error == -EDQUOT ? "its client has max_connections_per_client"
				     : strerror(-error));
}

static void log_refusal(const struct arrival *arrival, unsigned status)
{
	struct peer peer = { .listener = arrival->listener, .tls = arrival->tls };

	address_from_sockaddr((const struct sockaddr *)&arrival->address, &peer.from);
	exchange_log_rejected(arrival->site, &peer, status);
}

/* Answers without reading a request that has not arrived yet; by TLS nothing can be said without a handshake. */
static void refuse(const struct arrival *arrival)
{
	char head[REJECTION_HEAD_BYTES], rest[4096], text[REJECTION_TEXT_BYTES];
	ssize_t got, sent = 0;

	if (!arrival->tls) {
		got = recv(arrival->fd, head, sizeof(head) - 1, MSG_DONTWAIT);
		head[got > 0 ? got : 0] = '\0';
		sent = send(arrival->fd, text,
			    rejection_write(arrival->site->config.rules, arrival->listener, head, text),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (sent > 0)
		shutdown(arrival->fd, SHUT_WR);
	/* What stays unread would reset the connection, and the answer with it; who sends more than a header may be
	 * reset. */
	for (unsigned i = 0; sent > 0 && i < 8 && recv(arrival->fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		;
	close(arrival->fd);
	log_refusal(arrival, 503);
}

/*
 * A connection over a limit. If there is room among those that are being refused it is served like any other, but with
 * 503 for its first request: then the answer has all the fields of its path, also by TLS, and the access log has the
 * request.
 */
static void turn_away(struct worker *worker, struct arrival *arrival, int error)
{
	struct client *client;

	note_refusal(worker, arrival, error);
	if ((error != -EUSERS && error != -EDQUOT) ||
	    clients_enter_rejected(worker->process->clients, (const struct sockaddr *)&arrival->address, &client) !=
		    0) {
		refuse(arrival);
		return;
	}
	arrival->client = client;
	arrival->rejected = true;
	atomic_fetch_add(&worker->load, 1);
	serve(worker, arrival);
}

/* Somebody whose address is known now: is there room for him, and with whom? */
static void admit(struct worker *worker, struct arrival *arrival)
{
	struct worker *to;
	struct handover *handover = NULL;
	struct client *client;
	int error = clients_enter(worker->process->clients, (const struct sockaddr *)&arrival->address, &client);

	if (error != 0) {
		turn_away(worker, arrival, error);
		return;
	}
	counter_add(&worker->counters.accepted, 1);
	arrival->client = client;
	to = least_loaded(worker);
	if (to != worker)
		handover = calloc(1, sizeof(*handover));
	if (handover == NULL)
		to = worker;
	atomic_fetch_add(&to->load, 1);
	if (handover == NULL) {
		serve(worker, arrival);
		return;
	}
	*handover = (struct handover){ .message = { .fn = handed_over }, .to = to, .arrival = *arrival };
	handover->generation = generation_ref(generation_of(arrival->site));
	handover->arrival.site = &handover->generation->sites[to->index];
	reactor_post(to->reactor, &handover->message);
}

/* A proxy has said whom it speaks for. While it had not it was counted, as nobody's. */
static void introduced(void *context, const struct arrival *arrival, bool rejected)
{
	struct worker *worker = context;
	struct arrival own = *arrival;

	if (rejected) {
		counters_reject(&worker->counters, COUNTERS_PROXY_PROTOCOL);
		log_refusal(arrival, 400);
	}
	connection_closed(worker, own.client, false);
	if (own.fd >= 0)
		admit(worker, &own);
	request_site_unref(arrival->site);
}

static bool is_proxy(const struct text_list *proxies, const struct sockaddr *peer)
{
	struct address address;

	address_from_sockaddr(peer, &address);
	return networks_narrowest(proxies, &address) >= 0;
}

static void came(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length,
		 int accept_error)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNIX };
	struct worker *worker = context;
	const struct config *config = generation_config(generation_of(worker->heard));
	struct arrival arrival = {
		.fd = fd, .listener = listener, .tls = config->listen[listener].address.tls, .site = worker->heard
	};
	struct client *client;
	int error;

	arrival.length = length < sizeof(arrival.address) ? length : sizeof(arrival.address);
	memcpy(&arrival.address, peer, arrival.length);
	if (accept_error != 0) {
		note_refusal(worker, &arrival, accept_error);
		refuse(&arrival);
		return;
	}
	if (config->proxy_protocol.count == 0 || !is_proxy(&config->proxy_protocol, peer)) {
		admit(worker, &arrival);
		return;
	}
	error = clients_enter(worker->process->clients, &nobody, &client);
	if (error != 0) {
		note_refusal(worker, &arrival, error); /* its first bytes are no request */
		refuse(&arrival);
		return;
	}
	arrival.client = client;
	atomic_fetch_add(&worker->load, 1);
	request_site_ref(arrival.site);
	proxy_protocol_add(worker->preface, &arrival);
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
	server_set_readable(worker->server, 0);
}

static void tls_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	server_set_readable(worker->server, 1);
}

static void stop_listening(struct worker *worker)
{
	if (worker->listener == NULL)
		return;
	listener_free(worker->listener);
	worker->listener = NULL;
	request_site_unref(worker->heard);
}

static void drain(struct reactor_message *message)
{
	struct worker *worker = (struct worker *)((char *)message - offsetof(struct worker, drain_message));

	worker->draining = true;
	stop_listening(worker);
	proxy_protocol_drain(worker->preface);
	server_drain(worker->server);
}

static void cut(struct reactor_message *message)
{
	struct worker *worker = (struct worker *)((char *)message - offsetof(struct worker, cut_message));

	if (worker->server == NULL) /* it had ended before this arrived */
		return;
	proxy_protocol_abort(worker->preface);
	server_abort(worker->server);
}

void worker_report(const struct worker *worker, struct worker_report *report)
{
	store_stats(worker->store, &report->store);
	report->connections = atomic_load(&worker->load);
	report->queued = (unsigned)counter_read(&worker->queued);
	report->in_flight = (unsigned)counter_read(&worker->in_flight);
	report->iterations = counter_read(&worker->iterations);
	report->last_iteration_ns = worker_last_iteration_ns(worker);
	for (unsigned i = 0; i < WORKER_SECTIONS; i++) {
		report->stalls[i] = counter_read(&worker->stalls[i]);
		report->longest_ns[i] = counter_read(&worker->longest_ns[i]);
	}
}

const struct counters *worker_counters(const struct worker *worker)
{
	return &worker->counters;
}

const char *worker_section_name(enum worker_section section)
{
	static const char *const names[WORKER_SECTIONS] = { "events", "http", "queue", "submit" };

	return names[section];
}

static int wait_ms(const struct worker *worker)
{
	int ms = server_wait_ms(worker->server);

	if (ms == 0 || disk_in_flight(worker->disk) > 0 ||
	    (disk_queued(worker->disk) == 0 && queue_length(worker->queue) == 0))
		return ms;
	return ms >= 0 && ms < RING_RETRY_MS ? ms : RING_RETRY_MS;
}

static bool is_done(const struct worker *worker)
{
	return worker->draining && atomic_load(&worker->load) == 0 && server_connections(worker->server) == 0 &&
	       store_pending(worker->store) == 0;
}

/* A part of the turn has ended, which began at *since_ns. */
static void note_section(struct worker *worker, enum worker_section section, uint64_t *since_ns)
{
	uint64_t now_ns = clock_now_ns(), spent_ns = now_ns - *since_ns;

	counter_raise(&worker->longest_ns[section], spent_ns);
	if (spent_ns >= WORKER_STALL_NS)
		counter_add(&worker->stalls[section], 1);
	*since_ns = now_ns;
}

static void turn(struct worker *worker)
{
	int result = reactor_iterate(worker->reactor, wait_ms(worker));
	uint64_t since_ns = reactor_woken_ns(worker->reactor);

	if (result < 0)
		log_fault(LOG_LEVEL_ERROR, "worker %u: epoll: %s", worker->index, strerror(-result));
	counter_add(&worker->iterations, 1);
	note_section(worker, WORKER_EVENTS, &since_ns);
	server_run(worker->server);
	note_section(worker, WORKER_HTTP, &since_ns);
	queue_run(worker->queue);
	note_section(worker, WORKER_QUEUE, &since_ns);
	disk_submit(worker->disk);
	note_section(worker, WORKER_SUBMIT, &since_ns);
	counter_set(&worker->queued, queue_length(worker->queue));
	counter_set(&worker->in_flight, disk_in_flight(worker->disk));
	counter_set(&worker->last_iteration_ns, since_ns);
}

static void *run(void *context)
{
	struct worker *worker = context;
	uint64_t one = 1;

	while (!is_done(worker))
		turn(worker);
	counter_set(&worker->last_iteration_ns, UINT64_MAX);
	if (write(worker->process->ended_fd, &one, sizeof(one)) < 0)
		log_error("worker %u: can't say that it has ended: %s", worker->index, strerror(errno));
	return NULL;
}

/* What is the worker's own of a generation's site. */
static struct request_site *fill_site(struct worker *worker, struct generation *generation)
{
	struct request_site *site = &generation->sites[worker->index];

	site->worker.reactor = worker->reactor;
	site->worker.store = worker->store;
	site->worker.counters = &worker->counters;
	return site;
}

static struct server_terms terms_of(const struct worker *worker, struct generation *generation)
{
	const struct config *config = generation_config(generation);

	return (struct server_terms){
		.site = &generation->sites[worker->index],
		.limits = { .header_timeout_ms = config->header_timeout_ms,
			    .idle_timeout_ms = config->idle_timeout_ms,
			    .min_rate_bytes = config->min_rate_bytes,
			    .stall_timeout_ms = config->stall_timeout_ms },
		.unsent_bytes = worker->process->unsent_bytes / worker->process->count,
	};
}

static int listen_to(struct worker *worker, struct generation *generation)
{
	struct request_site *site = &generation->sites[worker->index];
	struct listener *listener;
	int error = listener_new(&listener, worker->reactor, generation->sockets, came, worker);

	if (error != 0)
		return error;
	request_site_ref(site);
	stop_listening(worker); /* whoever came in there came in under what held there */
	worker->listener = listener;
	worker->heard = site;
	return 0;
}

static int make_parts(struct worker *worker, struct generation *generation)
{
	struct process *process = worker->process;
	const struct config *config = generation_config(generation);
	int error = reactor_new(&worker->reactor);

	if (error == 0)
		error = disk_new(&worker->disk, &(struct disk_options){ .depth = system_limits_reads_per_worker(config),
									.devices = process->devices });
	if (error == 0)
		error = queue_new(&worker->queue, (unsigned)config->disk_queue_timeout_ms);
	if (error == 0) {
		struct store_options options = { .reactor = worker->reactor,
						 .disk = worker->disk,
						 .queue = worker->queue,
						 .cache = process->cache,
						 .offload = process->offload,
						 .latency_ms = (unsigned)config->disk_queue_timeout_ms };

		error = store_new(&worker->store, &options);
	}
	if (error == 0) {
		struct server_options options = { .reactor = worker->reactor,
						  .closed = connection_closed,
						  .context = worker };
		struct server_terms terms;

		fill_site(worker, generation);
		terms = terms_of(worker, generation);
		error = server_new(&worker->server, &options, &terms);
	}
	if (error == 0)
		error = proxy_protocol_new(&worker->preface, worker->reactor, config->header_timeout_ms, introduced,
					   worker);
	return error == 0 ? listen_to(worker, generation) : error;
}

/* Those of MHD that are not watched yet. */
static int watch_server(struct worker *worker)
{
	int error = 0;

	for (unsigned i = 0; i < SERVER_FDS && error == 0; i++) {
		struct reactor_watch *watch = &worker->server_watches[i];

		if (watch->fn != NULL || server_fd(worker->server, i) < 0)
			continue;
		*watch = (struct reactor_watch){ .fd = server_fd(worker->server, i),
						 .fn = i == 0 ? server_ready : tls_ready,
						 .context = worker };
		error = reactor_add(worker->reactor, watch, EPOLLIN);
		if (error != 0)
			watch->fn = NULL;
	}
	return error;
}

static int watch_parts(struct worker *worker)
{
	int error;

	worker->disk_watch =
		(struct reactor_watch){ .fd = disk_eventfd(worker->disk), .fn = disk_ready, .context = worker };
	error = reactor_add(worker->reactor, &worker->disk_watch, EPOLLIN | EPOLLET);
	return error == 0 ? watch_server(worker) : error;
}

int worker_new(struct worker **worker, struct generation *generation, unsigned index)
{
	struct worker *w = calloc(1, sizeof(*w));
	int error;

	if (w == NULL)
		return -ENOMEM;
	w->process = generation->process;
	w->index = index;
	w->drain_message.fn = drain;
	w->cut_message.fn = cut;
	error = make_parts(w, generation);
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
	int error;

	counter_set(&worker->last_iteration_ns, clock_now_ns()); /* before anybody asks */
	error = pthread_create(&worker->thread, NULL, run, worker);

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

void worker_abort(struct worker *worker)
{
	reactor_post(worker->reactor, &worker->cut_message);
}

/* 0; or nothing has changed. */
static int take_up(struct worker *worker, struct generation *generation)
{
	struct server_terms terms = terms_of(worker, generation),
			    before = terms_of(worker, generation_of(worker->heard));
	int error = server_reload(worker->server, &terms);

	if (error != 0)
		return error;
	error = watch_server(worker);
	if (error == 0)
		error = listen_to(worker, generation);
	if (error == 0)
		proxy_protocol_set_timeout(worker->preface, generation_config(generation)->header_timeout_ms);
	else
		server_reload(worker->server, &before); /* whose daemons run */
	return error;
}

static void renew(struct reactor_message *message)
{
	struct worker_renewal *renewal = (struct worker_renewal *)message;
	struct worker *worker = renewal->worker;
	struct generation *generation = renewal->generation;
	int error = worker->draining || worker->server == NULL ? 0 : take_up(worker, generation);

	if (error != 0)
		log_error("worker %u goes on with the configuration before: %s", worker->index, strerror(-error));
	if (worker->listener == NULL || generation_of(worker->heard) != generation)
		sockets_release(generation->sockets);
	sem_post(&generation->taken_up);
	worker_forget_renewal(renewal);
}

int worker_prepare_renewal(struct worker *worker, struct generation *generation, struct worker_renewal **renewal)
{
	*renewal = malloc(sizeof(**renewal));
	if (*renewal == NULL)
		return -ENOMEM;
	fill_site(worker, generation);
	**renewal = (struct worker_renewal){ .message = { .fn = renew },
					     .worker = worker,
					     .generation = generation_ref(generation) };
	return 0;
}

void worker_forget_renewal(struct worker_renewal *renewal)
{
	if (renewal != NULL)
		generation_unref(renewal->generation);
	free(renewal);
}

void worker_renew(struct worker_renewal *renewal)
{
	reactor_post(renewal->worker->reactor, &renewal->message);
}

uint64_t worker_last_iteration_ns(const struct worker *worker)
{
	return counter_read(&worker->last_iteration_ns);
}

struct reactor *worker_reactor(const struct worker *worker)
{
	return worker->reactor;
}

struct store *worker_store(const struct worker *worker)
{
	return worker->store;
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	stop_listening(worker);
	if (worker->preface != NULL)
		proxy_protocol_abort(worker->preface);
	proxy_protocol_free(worker->preface);
	worker->preface = NULL;
	server_free(worker->server);
	worker->server = NULL;
	reactor_free(worker->reactor);
	store_free(worker->store);
	queue_free(worker->queue);
	disk_free(worker->disk);
	free(worker);
}
