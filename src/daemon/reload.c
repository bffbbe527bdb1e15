/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread of a reload does everything that can fail or wait: it reads the configuration, opens logs, keys, roots
 * and sockets, and resizes the cache. Then it waits for the main thread, which makes the new generation known to the
 * workers, one after another; for a moment some of them accept connections under the old one. At last the thread waits
 * for the workers and writes the address file.
 *
 * A reload that hangs in the storage is not ended by anything: the process can only exit without joining its thread.
 * Both generations live as long as it does.
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
#include "daemon/logs.h"
#include "daemon/notify.h"
#include "daemon/system_limits.h"
#include "daemon/worker.h"
#include "net/passed.h"

#define PATIENCE_S 2
#define SLOW_S 3 /* a reload that takes longer is logged */

/*
 *            reload_start()          thread              main thread            thread              main thread
 *   IDLE ------------------> OPENING --------> OPENED ------------------> KNOWN --------> ENDED ------------------>
 * IDLE |                 | (the process ends)                      ^
 *                               +-----------------+-----------------------------------------+
 */
enum state { IDLE, OPENING, OPENED, KNOWN, ENDED };

struct reload {
	struct process *process;
	int argc;
	char **argv;
	int fd; /* an eventfd: OPENED or ENDED was reached */
	pthread_t thread;
	sem_t decided; /* by the main thread, on OPENED: KNOWN, or still OPENED if the process ends */
	_Atomic enum state state;
	_Atomic(const char *) opening; /* for the log */
	bool again, reported;
	uint64_t started_ns;
	struct generation *before, *generation;
	struct worker_update **updates;
	bool opened;
};

/* What was said about it, line by line. */
static void log_faults(char *text)
{
	for (char *rest, *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		log_error("%s", line);
}

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
		log_faults(text);
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

static void say_fixed(const char *key, bool changed)
{
	if (changed)
		log_warning("%s: another value holds from the next start on", key);
}

/* What threads and memory were made for at the start. */
static void say_what_is_fixed(const struct config *now, const struct config *before)
{
	say_fixed("workers", config_workers(now) != config_workers(before));
	say_fixed("offload_threads", now->offload_threads != before->offload_threads);
	say_fixed("disk_depth", now->disk_depth != before->disk_depth);
	say_fixed("disk_inflight_bytes", now->disk_inflight_bytes != before->disk_inflight_bytes);
	say_fixed("max_header_bytes",
		  now->max_header_bytes > FIELDS_HEADER_USUAL && now->max_header_bytes > before->max_header_bytes);
	say_fixed("admin", !are_same(&now->admin, &before->admin));
	say_fixed("user", (now->user == NULL) != (before->user == NULL) ||
				  (now->user != NULL && strcmp(now->user, before->user) != 0));
	say_fixed("disk_queue_timeout", now->disk_queue_timeout_ms != before->disk_queue_timeout_ms);
}

static void note_step(struct reload *reload, const char *opening)
{
	atomic_store(&reload->opening, opening);
}

/* The main thread closes the sockets of the current generation when the process begins to drain. */
static int listen_again(struct generation *generation, struct generation *before)
{
	int error = generation_hold_sockets(before) ? 0 : -ECANCELED;

	if (error != 0)
		return error;
	error = generation_listen(generation, before);
	generation_drop_sockets(before);
	return error;
}

static bool open_all(struct reload *reload)
{
	struct generation *generation = reload->generation;
	char fault[LOGS_FAULT_BYTES];
	int error;

	note_step(reload, "the logs");
	error = logs_open(&generation->options.config, fault);
	if (error != 0)
		log_error("%s", fault);
	note_step(reload, "keys, certificates and passwords");
	if (error == 0)
		error = generation_read_secrets(generation);
	note_step(reload, "the roots");
	if (error == 0)
		error = generation_open(generation, reload->before);
	note_step(reload, "the listening sockets");
	if (error == 0)
		error = listen_again(generation, reload->before);
	return error == 0;
}

static bool prepare(struct reload *reload)
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

/* The last thing that can fail. */
static bool resize(struct generation *generation, const struct generation *before)
{
	const struct config *config = generation_config(generation);

	return config->cache_size_bytes == generation_config(before)->cache_size_bytes ||
	       process_resize(generation->process, config) == 0;
}

static void make_known(struct generation *generation, struct generation *before, struct worker_update *const *updates)
{
	struct process *process = generation->process;
	const struct config *config = generation_config(generation);

	say_what_is_fixed(config, generation_config(before));
	clients_set_limits(process->clients, config->max_connections, config->max_connections_per_client);
	logs_use(&generation->options.config);
	generation_succeed(generation, before);
	for (unsigned i = 0; i < process->count; i++)
		worker_update_post(updates[i]);
}

/* So that whoever was told that it holds finds it so. A worker that does not turn holds nobody up for long. */
static void wait_for_workers(struct generation *generation)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	for (unsigned i = 0; i < generation->process->count; i++) {
		int error;

		while ((error = sem_clockwait(&generation->applied, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR)
			;
		if (error != 0) {
			log_warning("a worker has not taken the configuration up within %d s", PATIENCE_S);
			return;
		}
	}
}

/* Everything that can fail. */
static bool open_generation(struct reload *reload)
{
	struct process *process = reload->process;
	struct generation *generation = reload->generation;

	note_step(reload, "the configuration");
	if (!parse(&generation->options, reload->argc, reload->argv))
		return false;
	system_limits_raise_descriptors(&generation->options.config, process->count);
	if (!system_limits_check_memory(generation_config(generation)) || !open_all(reload) || !prepare(reload))
		return false;
	note_step(reload, "memory for the cache");
	return resize(generation, reload->before);
}

static void enter(struct reload *reload, enum state state)
{
	const uint64_t one = 1;

	atomic_store(&reload->state, state); /* after what it publishes */
	if (write(reload->fd, &one, sizeof(one)) < 0)
		log_error("reload: eventfd: %s", strerror(errno));
}

static void write_addresses(const struct generation *generation)
{
	const char *file = generation_config(generation)->address_file;
	int error = file != NULL ? sockets_write_addresses(generation->sockets, file) : 0;

	if (error != 0)
		log_error("%s: %s", file, strerror(-error));
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
	if (atomic_load(&reload->state) == KNOWN) {
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
	log_error("the configuration was not taken: what held goes on");
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
		note_step(reload, "the configuration");
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
		log_warning("no other configuration is taken any more: this process ends");
	} else if (reload_is_running(reload)) {
		log_info("a reload is under way; another one follows it");
		reload->again = true;
	} else {
		begin(reload, current);
	}
}

/* From here on the new generation is the current one, also if the process begins to drain before the workers have it.
 */
static void succeed(struct reload *reload, struct generation **all)
{
	struct generation *before = reload->before;

	make_known(reload->generation, before, reload->updates);
	reload->generation->next = before;
	*all = reload->generation;
	generation_stop_listening(before);
	generation_unref(before);
}

static void decide(struct reload *reload, struct generation **all)
{
	if (process_state(reload->process) == PROCESS_SERVING) {
		succeed(reload, all);
		atomic_store(&reload->state, KNOWN);
	}
	sem_post(&reload->decided);
}

/* It failed, or the process ends. */
static void discard(struct reload *reload)
{
	for (unsigned i = 0; reload->updates != NULL && i < reload->process->count; i++)
		worker_update_free(reload->updates[i]);
	generation_free(reload->generation);
	if (reload->opened)
		log_warning("no other configuration is taken any more: this process ends");
	else
		report_failure(reload);
}

static void end(struct reload *reload, struct generation **all)
{
	bool succeeded = reload->generation->settled;

	pthread_join(reload->thread, NULL);
	if (succeeded) {
		atomic_fetch_add(&reload->process->reloads, 1);
		log_info("the configuration was taken: number %u", reload->generation->number);
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
		log_warning("reload: opening %s takes more than %d s; the running configuration goes on meanwhile",
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
