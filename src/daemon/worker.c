/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker owns one reactor thread and connects these parts: reactor, disk, queue, store, server and acceptor. The
 * worker watches the descriptors of the parts and calls their functions, so that the parts need not depend on the event
 * loop.
 *
 * One iteration of the event loop has this order:
 *
 * 1. Wait for events. Then handle completions of reads, new connections, messages and timers. Each of these events may
 *    resume requests.
 *
 * 2. HTTP: call server_run(), which returns when the server has no more work or its time is used up.
 *
 * 3. The queue dispatches reads, and one io_submit(2) for each device submits them.
 *
 * 4. Call server_send(), which sends parts of long bodies for a bounded time. If these bodies need further reads,
 *    repeat step 3. The reads of small requests therefore do not wait for long bodies.
 *
 * The main thread creates and frees the worker. The main thread communicates with the running thread only through
 * messages (drain, abort, update). The worker's thread writes the counters, and any thread may read the counters.
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
#include "base/container_of.h"
#include "base/log.h"
#include "daemon/acceptor.h"
#include "daemon/readiness.h"
#include "daemon/system_limits.h"
#include "engine/disk.h"
#include "engine/reactor.h"
#include "mhd/server.h"
#include "store/store.h"

#define RING_RETRY_MS 10 /* delay before a retry if the kernel accepted no read and no completion is expected */

struct worker {
	struct process *process;
	unsigned index;
	pthread_t thread;
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct store *store;
	struct server *server;
	struct acceptor *acceptor;
	struct reactor_watch disk_watch, server_watches[SERVER_FDS];
	struct reactor_message announce_message, drain_message, abort_message;
	uint64_t grace_ms; /* written before drain_message is posted */
	bool draining;	   /* used only by the worker's thread */
	/*
	 * Counters (base/counter.h). The worker's thread writes the counters, and any thread may read the counters.
	 * Relaxed order; the counters publish no other data.
	 */
	struct counters counters;
	_Atomic uint64_t iterations, stalls[WORKER_SECTIONS], longest_ns[WORKER_SECTIONS];
	_Atomic uint64_t queued, in_flight; /* at the end of the last iteration */
	_Atomic uint64_t last_iteration_ns; /* see worker_last_iteration_ns() */
};

/* A message that sends a generation to a worker. */
struct worker_update {
	struct reactor_message message;
	struct worker *worker;
	struct generation *generation; /* a reference */
};

static void on_disk_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	disk_reap(worker->disk);
}

/*
 * Called when the epoll set of an MHD daemon is readable. Sets a hint for server_run(), which runs in every iteration.
 */
static void on_server_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	server_set_readable(worker->server, 0);
}

static void on_tls_server_ready(void *context, uint32_t events)
{
	struct worker *worker = context;

	(void)events;
	server_set_readable(worker->server, 1);
}

static void on_announce_drain(struct reactor_message *message)
{
	struct worker *worker = container_of(message, struct worker, announce_message);

	if (worker->server != NULL)
		server_announce_drain(worker->server);
}

static void on_drain(struct reactor_message *message)
{
	struct worker *worker = container_of(message, struct worker, drain_message);

	worker->draining = true;
	acceptor_drain(worker->acceptor, worker->grace_ms);
	server_drain(worker->server, worker->grace_ms);
}

static void on_abort(struct reactor_message *message)
{
	struct worker *worker = container_of(message, struct worker, abort_message);

	if (worker->server == NULL) /* the worker ended before the message was delivered */
		return;
	acceptor_abort(worker->acceptor);
	server_abort(worker->server);
}

void worker_report(const struct worker *worker, struct worker_report *report)
{
	store_stats(worker->store, &report->store);
	report->connections = acceptor_connections(worker->acceptor);
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
	static const char *const names[WORKER_SECTIONS] = { "events", "http", "queue", "submit", "send" };

	return names[section];
}

/* Returns the maximum time that epoll_wait(2) may wait. -1 means no limit. */
static int wait_ms(const struct worker *worker)
{
	int ms = server_wait_ms(worker->server);

	if (ms == 0 || disk_in_flight(worker->disk) > 0 ||
	    (disk_queued(worker->disk) == 0 && queue_length(worker->queue) == 0))
		return ms;
	return ms >= 0 && ms < RING_RETRY_MS ? ms : RING_RETRY_MS;
}

/* Returns true if a draining worker has no connection and no read left. */
static bool is_done(const struct worker *worker)
{
	return worker->draining && acceptor_connections(worker->acceptor) == 0 &&
	       server_connections(worker->server) == 0 && store_pending(worker->store) == 0;
}

/* Measures a section of the iteration that began at *since_ns. Sets *since_ns to the end of the section. */
static void measure_section(struct worker *worker, enum worker_section section, uint64_t *since_ns)
{
	uint64_t now_ns = clock_now_ns(), spent_ns = now_ns - *since_ns;

	counter_raise(&worker->longest_ns[section], spent_ns);
	if (spent_ns >= WORKER_STALL_NS)
		counter_add(&worker->stalls[section], 1);
	*since_ns = now_ns;
}

static void iterate(struct worker *worker)
{
	int result = reactor_iterate(worker->reactor, wait_ms(worker));
	uint64_t since_ns = reactor_woken_ns(worker->reactor);

	if (result < 0)
		log_fault(LOG_LEVEL_ERROR, "worker %u: epoll_wait failed: %s", worker->index, strerror(-result));
	counter_add(&worker->iterations, 1);
	measure_section(worker, WORKER_EVENTS, &since_ns);
	server_run(worker->server);
	measure_section(worker, WORKER_HTTP, &since_ns);
	queue_run(worker->queue);
	measure_section(worker, WORKER_QUEUE, &since_ns);
	disk_submit(worker->disk);
	measure_section(worker, WORKER_SUBMIT, &since_ns);
	server_send(worker->server);
	measure_section(worker, WORKER_SEND, &since_ns);
	if (queue_length(worker->queue) > 0) {
		queue_run(worker->queue);
		disk_submit(worker->disk);
		measure_section(worker, WORKER_SUBMIT, &since_ns);
	}
	counter_set(&worker->queued, queue_length(worker->queue));
	counter_set(&worker->in_flight, disk_in_flight(worker->disk));
	counter_set(&worker->last_iteration_ns, since_ns);
}

static void *run(void *context)
{
	struct worker *worker = context;
	uint64_t one = 1;

	while (!is_done(worker))
		iterate(worker);
	counter_set(&worker->last_iteration_ns, UINT64_MAX);
	if (write(worker->process->ended_fd, &one, sizeof(one)) < 0)
		log_error("worker %u: cannot signal that the worker has ended: %s", worker->index, strerror(errno));
	return NULL;
}

/*
 * Returns the fault that a health check reports. Every client of a data listener can read it, so it contains no paths.
 * /readyz of the admin listener reports the whole reason.
 */
static const char *find_fault(void *context)
{
	struct process *process = context;
	char reason[READINESS_REASON_BYTES];

	if (readiness_check(process, reason, sizeof(reason)))
		return NULL;
	switch (process_state(process)) {
	case PROCESS_STARTING:
		return "starting\n";
	case PROCESS_SERVING:
		return "storage is not ready\n";
	case PROCESS_LEAVING:
	case PROCESS_DRAINING:
		break;
	}
	return "draining\n";
}

/* Sets the fields of the site of this worker that the generation does not set. */
static struct request_site *fill_site(struct worker *worker, struct generation *generation)
{
	struct request_site *site = &generation->sites[worker->index];

	site->process.find_fault = find_fault;
	site->process.fault_context = worker->process;
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

static int make_parts(struct worker *worker, struct generation *generation)
{
	struct process *process = worker->process;
	const struct config *config = generation_config(generation);
	int error = reactor_new(&worker->reactor);

	if (error == 0)
		error = acceptor_new(&worker->acceptor, process, worker->index, worker->reactor, &worker->counters);
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
						  .closed = acceptor_connection_closed,
						  .context = worker->acceptor };
		struct server_terms terms;

		fill_site(worker, generation);
		terms = terms_of(worker, generation);
		error = server_new(&worker->server, &options, &terms);
	}
	if (error != 0)
		return error;
	acceptor_set_server(worker->acceptor, worker->server);
	process->acceptors[worker->index] = worker->acceptor;
	return acceptor_listen(worker->acceptor, generation);
}

/* Watches the descriptors of the MHD daemons that are not watched yet. */
static int watch_server(struct worker *worker)
{
	int error = 0;

	for (unsigned i = 0; i < SERVER_FDS && error == 0; i++) {
		struct reactor_watch *watch = &worker->server_watches[i];

		if (watch->fn != NULL || server_fd(worker->server, i) < 0)
			continue;
		*watch = (struct reactor_watch){ .fd = server_fd(worker->server, i),
						 .fn = i == 0 ? on_server_ready : on_tls_server_ready,
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
		(struct reactor_watch){ .fd = disk_eventfd(worker->disk), .fn = on_disk_ready, .context = worker };
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
	w->announce_message.fn = on_announce_drain;
	w->drain_message.fn = on_drain;
	w->abort_message.fn = on_abort;
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

	counter_set(&worker->last_iteration_ns, clock_now_ns()); /* otherwise the watchdog would read 0 */
	error = pthread_create(&worker->thread, NULL, run, worker);

	if (error != 0)
		return -error;
	snprintf(name, sizeof(name), "ranged-r%u", worker->index % 1000);
	pthread_setname_np(worker->thread, name);
	return 0;
}

void worker_announce_drain(struct worker *worker)
{
	reactor_post(worker->reactor, &worker->announce_message);
}

void worker_drain(struct worker *worker, uint64_t grace_ms)
{
	worker->grace_ms = grace_ms;
	reactor_post(worker->reactor, &worker->drain_message);
}

void worker_abort(struct worker *worker)
{
	reactor_post(worker->reactor, &worker->abort_message);
}

/*
 * Applies the settings of a generation to new connections. Returns 0 or -errno. On failure the former settings remain
 * in use.
 */
static int apply(struct worker *worker, struct generation *generation)
{
	struct server_terms terms = terms_of(worker, generation),
			    before = terms_of(worker, acceptor_generation(worker->acceptor));
	int error = server_reload(worker->server, &terms);

	if (error != 0)
		return error;
	error = watch_server(worker);
	if (error == 0)
		error = acceptor_listen(worker->acceptor, generation);
	if (error != 0)
		server_reload(worker->server, &before); /* cannot fail, because its MHD daemons exist */
	return error;
}

static void on_update(struct reactor_message *message)
{
	struct worker_update *update = container_of(message, struct worker_update, message);
	struct worker *worker = update->worker;
	struct generation *generation = update->generation;
	int error = worker->draining || worker->server == NULL ? 0 : apply(worker, generation);

	if (error != 0)
		log_error("worker %u cannot apply the new configuration: %s; keeping the previous one", worker->index,
			  strerror(-error));
	if (acceptor_generation(worker->acceptor) != generation)
		sockets_release(generation->sockets);
	sem_post(&generation->applied);
	worker_update_free(update);
}

int worker_update_new(struct worker_update **update, struct worker *worker, struct generation *generation)
{
	*update = malloc(sizeof(**update));
	if (*update == NULL)
		return -ENOMEM;
	fill_site(worker, generation);
	**update = (struct worker_update){ .message = { .fn = on_update },
					   .worker = worker,
					   .generation = generation_ref(generation) };
	return 0;
}

void worker_update_free(struct worker_update *update)
{
	if (update != NULL)
		generation_unref(update->generation);
	free(update);
}

void worker_update_post(struct worker_update *update)
{
	reactor_post(update->worker->reactor, &update->message);
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

/*
 * Pending messages are delivered while the reactor is freed. Their callbacks then find no server and a closed acceptor.
 */
void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	acceptor_close(worker->acceptor);
	server_free(worker->server);
	worker->server = NULL;
	if (worker->acceptor != NULL)
		acceptor_set_server(worker->acceptor, NULL);
	reactor_free(worker->reactor);
	acceptor_free(worker->acceptor);
	store_free(worker->store);
	queue_free(worker->queue);
	disk_free(worker->disk);
	free(worker);
}
