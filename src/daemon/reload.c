/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread of a reload executes all steps that can fail or block. The thread reads the configuration, opens logs,
 * keys, roots and sockets, and resizes the cache. Then the thread waits for the main thread, which makes the new
 * generation the current generation and sends it to the workers. For a moment some workers still accept connections
 * under the former generation. Finally the thread waits for the workers and writes the address file.
 *
 * A reload that waits for storage cannot be cancelled. The process can only exit without joining the thread of the
 * reload. Both generations live as long as the thread runs.
 */
#include "daemon/reload.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config_warnings.h"
#include "daemon/cache_state.h"
#include "daemon/logs.h"
#include "daemon/notify.h"
#include "daemon/sizing.h"
#include "daemon/system_limits.h"
#include "daemon/worker.h"
#include "net/passed.h"

#define APPLY_TIMEOUT_S 2
#define SLOW_S 3 /* a reload that takes longer is logged */

/*
 * The states of a reload, and the thread that enters each state:
 *
 *   IDLE -> OPENING        main thread, reload_start()
 *   OPENING -> IDLE        main thread: the thread cannot be started
 *   OPENING -> OPENED      thread of the reload: everything is open
 *   OPENING -> ENDED       thread of the reload: a step failed
 *   OPENED -> PUBLISHED    main thread: the new generation is the current one
 *   OPENED -> ENDED        thread of the reload: the process is shutting down
 *   PUBLISHED -> ENDED     thread of the reload: the workers have applied the generation
 *   ENDED -> IDLE          main thread: the thread was joined
 */
enum state { IDLE, OPENING, OPENED, PUBLISHED, ENDED };

struct reload {
	struct process *process;
	int argc;
	char **argv;
	int fd; /* eventfd, written when OPENED or ENDED is reached */
	pthread_t thread;
	/* Posted by the main thread. The state is then PUBLISHED, or still OPENED if the generation is discarded. */
	sem_t decided;
	/* Sequentially consistent. The stores of OPENED and ENDED publish the fields that the thread has written. */
	_Atomic enum state state;
	/*
	 * The step that the thread is executing, as a constant string for the log. The atomic publishes no other data.
	 */
	_Atomic(const char *) opening;
	bool again, reported; /* `again`: another reload was requested; `reported`: a slow reload was logged */
	uint64_t started_ns;
	struct generation *before, *generation;
	struct worker_update **updates;
	bool opened; /* all steps that can fail succeeded */
};

/* Logs each line of the text as an error. */
static void log_lines(char *text)
{
	for (char *rest, *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		log_error("%s", line);
}

/* Reads the command line and the configuration file. Errors are logged. */
static bool parse(struct options *options, int argc, char **argv)
{
	char *text = NULL;
	size_t length;
	FILE *faults = open_memstream(&text, &length);
	int status;

	if (faults == NULL)
		return false;
	status = options_parse(argc, argv, passed_names(), options, faults);
	if (fclose(faults) == 0)
		log_lines(text);
	free(text);
	return status == 0;
}

static bool are_same(const struct text_list *a, const struct text_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = strcmp(a->list[i], b->list[i]) == 0;
	return same;
}

static void warn_if_changed(const char *key, bool changed)
{
	if (changed)
		log_warning("%s: changed; takes effect after a restart", key);
}

/* Warns of changed keys whose threads and memory are allocated only at the start. */
static void warn_of_fixed_keys(const struct config *now, const struct config *before)
{
	warn_if_changed("workers", config_workers(now) != config_workers(before));
	warn_if_changed("offload_threads", now->offload_threads != before->offload_threads);
	warn_if_changed("disk_depth", now->disk_depth != before->disk_depth);
	warn_if_changed("disk_inflight_bytes", now->disk_inflight_bytes != before->disk_inflight_bytes);
	warn_if_changed("max_header_bytes", now->max_header_bytes > FIELDS_HEADER_USUAL &&
						    now->max_header_bytes > before->max_header_bytes);
	warn_if_changed("admin", !are_same(&now->admin, &before->admin));
	warn_if_changed("monitor", !are_same(&now->monitor, &before->monitor));
	warn_if_changed("user", (now->user == NULL) != (before->user == NULL) ||
					(now->user != NULL && strcmp(now->user, before->user) != 0));
	warn_if_changed("disk_queue_timeout", now->disk_queue_timeout_ms != before->disk_queue_timeout_ms);
}

static void set_step(struct reload *reload, const char *opening)
{
	atomic_store(&reload->opening, opening);
}

/*
 * Opens the sockets of the new generation. Meanwhile the function references the sockets of the former generation,
 * because the main thread may release its own reference when the process begins to drain.
 */
static int open_sockets(struct generation *generation, struct generation *before)
{
	int error = generation_ref_sockets(before) ? 0 : -ECANCELED;

	if (error != 0)
		return error;
	error = generation_listen(generation, before);
	generation_unref_sockets(before);
	return error;
}

static bool open_all(struct reload *reload)
{
	struct generation *generation = reload->generation;
	char fault[LOGS_FAULT_BYTES];
	int error;

	set_step(reload, "opening the logs");
	error = logs_open(&generation->options.config, fault);
	if (error != 0)
		log_error("%s", fault);
	set_step(reload, "reading keys, certificates and passwords");
	if (error == 0)
		error = generation_read_secrets(generation);
	set_step(reload, "opening the roots");
	if (error == 0)
		error = generation_open(generation, reload->before);
	set_step(reload, "opening the listening sockets");
	if (error == 0)
		error = open_sockets(generation, reload->before);
	return error == 0;
}

/* Creates the updates of the workers. */
static bool create_updates(struct reload *reload)
{
	struct process *process = reload->process;
	int error = 0;

	reload->updates = calloc(process->count, sizeof(struct worker_update *));
	if (reload->updates == NULL)
		return false;
	for (unsigned i = 0; i < process->count && error == 0; i++)
		error = worker_update_new(&reload->updates[i], process->workers[i], reload->generation);
	return error == 0;
}

/* Resizes the cache. Resizing is the last step that can fail, because it changes the running process. */
static bool resize(struct generation *generation, const struct generation *before)
{
	const struct config *config = generation_config(generation);

	return config->cache_size_bytes == generation_config(before)->cache_size_bytes ||
	       process_resize(generation->process, config) == 0;
}

/* Makes the new generation the current generation, and sends it to the workers. Cannot fail. */
static void publish(struct generation *generation, struct generation *before, struct worker_update *const *updates)
{
	struct process *process = generation->process;
	const struct config *config = generation_config(generation);

	warn_of_fixed_keys(config, generation_config(before));
	clients_set_limits(process->clients, config->max_connections, config->max_connections_per_client);
	process_set_file_limits(process, config);
	logs_use(&generation->options.config);
	cache_state_set_file(process->cache_state, config->cache_state, false);
	generation_make_current(generation, before);
	for (unsigned i = 0; i < process->count; i++)
		worker_update_post(updates[i]);
}

/*
 * Waits until all workers have applied the generation, so that success is logged only once the new configuration is in
 * use. Waits for at most APPLY_TIMEOUT_S for a worker whose event loop is stuck.
 */
static void wait_for_workers(struct generation *generation)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += APPLY_TIMEOUT_S;
	for (unsigned i = 0; i < generation->process->count; i++) {
		int error;

		while ((error = sem_clockwait(&generation->applied, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR)
			;
		if (error != 0) {
			log_warning("a worker has not applied the new configuration within %d s", APPLY_TIMEOUT_S);
			return;
		}
	}
}

/* Executes all steps that can fail. Errors are logged. */
static bool open_generation(struct reload *reload)
{
	struct process *process = reload->process;
	struct generation *generation = reload->generation;

	set_step(reload, "reading the configuration");
	if (!parse(&generation->options, reload->argc, reload->argv))
		return false;
	sizing_apply(&generation->options.config);
	sizing_log(&generation->options.config);
	config_warnings_log(&generation->options.config);
	system_limits_raise_descriptors(&generation->options.config, process->count);
	if (!system_limits_fit_memory(&generation->options.config) || !open_all(reload) || !create_updates(reload))
		return false;
	set_step(reload, "resizing the cache");
	return resize(generation, reload->before);
}

static void enter(struct reload *reload, enum state state)
{
	const uint64_t one = 1;

	atomic_store(&reload->state, state); /* publishes the fields of the reload */
	if (write(reload->fd, &one, sizeof(one)) < 0)
		log_error("reload: cannot signal the main thread: %s", strerror(errno));
}

static void write_addresses(const struct generation *generation)
{
	const char *file = generation_config(generation)->address_file;
	int error = file != NULL ? sockets_write_addresses(generation->sockets, file) : 0;

	if (error != 0)
		log_error("address_file: cannot write %s: %s", file, strerror(-error));
}

static void *run(void *context)
{
	struct reload *reload = context;

	reload->opened = open_generation(reload);
	if (reload->opened) {
		enter(reload, OPENED);
		while (sem_wait(&reload->decided) != 0)
			;
	}
	if (atomic_load(&reload->state) == PUBLISHED) {
		wait_for_workers(reload->generation);
		write_addresses(reload->generation);
	}
	enter(reload, ENDED);
	return NULL;
}

/* --- main thread --- */

int reload_new(struct reload **reload, struct process *process, int argc, char **argv)
{
	struct reload *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->process = process;
	made->argc = argc;
	made->argv = argv;
	made->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (made->fd < 0) {
		free(made);
		return -errno;
	}
	sem_init(&made->decided, 0, 0);
	*reload = made;
	return 0;
}

int reload_fd(const struct reload *reload)
{
	return reload->fd;
}

static void report_failure(struct reload *reload)
{
	log_error("reload failed; keeping the running configuration");
	atomic_fetch_add(&reload->process->reload_failures, 1);
}

static void finish(struct reload *reload, bool succeeded)
{
	atomic_store(&reload->state, IDLE);
	atomic_store(&reload->process->reloading, false);
	if (process_state(reload->process) == PROCESS_SERVING)
		notify_reloaded(succeeded);
}

static void begin(struct reload *reload, struct generation *current)
{
	int error = -ENOMEM;

	notify_reloading();
	atomic_store(&reload->process->reloading, true);
	reload->again = reload->reported = reload->opened = false;
	reload->started_ns = clock_now_ns();
	reload->updates = NULL;
	reload->before = current;
	reload->generation = generation_new(reload->process);
	if (reload->generation != NULL) {
		set_step(reload, "reading the configuration");
		atomic_store(&reload->state, OPENING);
		error = pthread_create(&reload->thread, NULL, run, reload);
	}
	if (error == 0) {
		pthread_setname_np(reload->thread, "ranged-reload");
		return;
	}
	generation_free(reload->generation);
	report_failure(reload);
	finish(reload, false);
}

void reload_start(struct reload *reload, struct generation *current)
{
	if (process_state(reload->process) != PROCESS_SERVING) {
		log_warning("reload ignored: the process is shutting down");
	} else if (reload_is_running(reload)) {
		log_info("a reload is in progress; another one will follow");
		reload->again = true;
	} else {
		begin(reload, current);
	}
}

/*
 * Replaces the current generation with the new generation, even if the process begins to drain before the workers apply
 * it.
 */
static void replace_generation(struct reload *reload, struct generation **all)
{
	struct generation *before = reload->before;

	publish(reload->generation, before, reload->updates);
	reload->generation->next = before;
	*all = reload->generation;
	generation_stop_listening(before);
	generation_unref(before);
}

/*
 * Called when the thread has opened all files. Publishes the generation, or discards it if the process is shutting
 * down.
 */
static void decide(struct reload *reload, struct generation **all)
{
	if (process_state(reload->process) == PROCESS_SERVING) {
		replace_generation(reload, all);
		atomic_store(&reload->state, PUBLISHED);
	}
	sem_post(&reload->decided);
}

/* Frees the new generation if the reload has failed or the process is shutting down. */
static void discard(struct reload *reload)
{
	for (unsigned i = 0; reload->updates != NULL && i < reload->process->count; i++)
		worker_update_free(reload->updates[i]);
	generation_free(reload->generation);
	if (reload->opened)
		log_warning("reload cancelled: the process is shutting down");
	else
		report_failure(reload);
}

static void end(struct reload *reload, struct generation **all)
{
	bool succeeded = reload->generation->published;

	pthread_join(reload->thread, NULL);
	if (succeeded) {
		atomic_fetch_add(&reload->process->reloads, 1);
		log_info("configuration reloaded: generation %u", reload->generation->number);
	} else {
		discard(reload);
	}
	free(reload->updates);
	reload->generation = reload->before = NULL;
	finish(reload, succeeded);
	if (reload->again && process_state(reload->process) == PROCESS_SERVING)
		begin(reload, *all);
}

void reload_proceed(struct reload *reload, struct generation **all)
{
	uint64_t count;

	if (read(reload->fd, &count, sizeof(count)) != sizeof(count))
		return;
	if (atomic_load(&reload->state) == OPENED)
		decide(reload, all);
	else if (atomic_load(&reload->state) == ENDED)
		end(reload, all);
}

bool reload_is_running(struct reload *reload)
{
	if (atomic_load(&reload->state) == IDLE)
		return false;
	if (!reload->reported && clock_now_ns() - reload->started_ns > SLOW_S * CLOCK_NS_PER_S) {
		reload->reported = true;
		log_warning("reload: %s has taken more than %d s so far; the running configuration stays in use",
			    atomic_load(&reload->opening), SLOW_S);
	}
	return true;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	sem_destroy(&reload->decided);
	close(reload->fd);
	free(reload);
}
