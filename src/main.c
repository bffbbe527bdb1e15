/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main thread creates the process, starts the workers, handles signals, and stops the process.
 *
 * SIGTERM and SIGINT shut the process down. During drain_delay, /readyz reports 503 and connections are still accepted.
 * Then the workers stop accepting connections and finish the responses in progress within drain_timeout. A second
 * signal, or the end of drain_timeout, closes the remaining connections. SIGHUP starts a reload (daemon/reload.c),
 * SIGUSR1 reopens the logs, SIGUSR2 logs the statistics. After an interactive start (config/options.c), SIGHUP stops
 * the process.
 *
 * At the end, the main thread frees all objects in the reverse order of their creation. If a disk hangs, no objects are
 * freed, because a read in flight can be neither cancelled nor waited for (daemon/forced_exit.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/monitor.h"
#include "admin/report.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/keyed_hash.h"
#include "base/log.h"
#include "base/units.h"
#include "config/config_warnings.h"
#include "daemon/cache_state.h"
#include "daemon/check.h"
#include "daemon/explain.h"
#include "daemon/forced_exit.h"
#include "daemon/greeting.h"
#include "daemon/logs.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/reload.h"
#include "daemon/root.h"
#include "daemon/site_roots.h"
#include "daemon/sizing.h"
#include "daemon/startup_signals.h"
#include "daemon/syscalls.h"
#include "daemon/system_limits.h"
#include "daemon/systemd_status.h"
#include "daemon/workers.h"
#include "mhd/server.h"
#include "net/passed.h"

#define CLEANUP_MS 5000	     /* interval of clean_up() */
#define RELOAD_CHECK_MS 1000 /* interval of clean_up() during a reload, so that a slow reload is logged soon */
/*
 * If storage hangs, the process exits within 2 s after the drain: one of the first two limits applies, and then that of
 * the logs (FORCED_EXIT_LOG_MS).
 */
#define ABORT_MS 1000	/* maximum wait for reads in flight after the connections were closed */
#define FREE_MS 1000	/* maximum time for freeing all objects */
#define PATIENCE_MS 500 /* maximum wait for a thread that may wait for storage */
#define EXIT_MS 12000	/* maximum time after the drain if storage responds slowly, for systemd */
/* During a drain, time in which a client may send a further request on an idle connection. */
#define GRACE_MS 2000

struct daemon {
	int argc;
	char **argv;
	struct process process;
	struct generation *generations; /* the current generation, then former ones that are still in use */
	struct admin_listener *admin;
	struct monitor *monitor;
	struct reload *reload;
	bool retired; /* generation_sweep() can free a generation */
	struct privileges privileges;
	int signal_fd;
	unsigned running; /* number of workers whose thread was started */
	uint64_t ended;	  /* number of workers whose thread has ended */
};

static const struct config *config_of(const struct daemon *daemon)
{
	return generation_config(daemon->generations);
}

/* Returns true if a user started ranged at a terminal, without a configuration file. */
static bool is_interactive(const struct daemon *daemon)
{
	return daemon->generations->options.interactive;
}

static int block_signals(struct daemon *daemon)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	daemon->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return daemon->signal_fd < 0 ? log_failure("cannot create a signalfd", -errno) : 0;
}

static int write_addresses(const struct daemon *daemon)
{
	const char *file = config_of(daemon)->address_file;
	int error = file != NULL ? sockets_write_addresses(daemon->generations->sockets, file) : 0;

	if (error != 0)
		log_error("address_file: cannot write %s: %s", file, strerror(-error));
	return error;
}

static int announce(const struct daemon *daemon)
{
	log_info("ranged %s (libmicrohttpd %s) serves %s with %u worker%s", PACKAGE_VERSION, server_library_version(),
		 site_roots_first(&config_of(daemon)->rules), daemon->process.count,
		 units_plural(daemon->process.count));
	return write_addresses(daemon);
}

/* Handles all events that other threads have signalled to the main thread. */
static void handle_events(struct daemon *daemon)
{
	struct process *process = &daemon->process;
	uint64_t n;

	if (read(process->ended_fd, &n, sizeof(n)) == sizeof(n))
		daemon->ended += n;
	reload_proceed(daemon->reload, &daemon->generations);
	if (read(process->retired_fd, &n, sizeof(n)) == sizeof(n))
		daemon->retired = true;
	if (daemon->retired && !reload_is_running(daemon->reload)) {
		daemon->retired = false;
		generation_sweep(&daemon->generations);
	}
}

/* Waits for a signal and returns its number. Returns 0 if the time until_ns is reached or all workers have ended. */
static int next_signal(struct daemon *daemon, uint64_t until_ns)
{
	struct process *process = &daemon->process;
	struct pollfd fds[] = { { .fd = daemon->signal_fd, .events = POLLIN },
				{ .fd = process->ended_fd, .events = POLLIN },
				{ .fd = process->retired_fd, .events = POLLIN },
				{ .fd = reload_fd(daemon->reload), .events = POLLIN } };
	struct signalfd_siginfo info;

	while (daemon->ended < daemon->running) {
		uint64_t now = clock_now_ns();
		int wait = until_ns <= now ? 0 : (int)((until_ns - now) / CLOCK_NS_PER_MS) + 1;

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait) == 0)
			return 0;
		handle_events(daemon);
		if (read(daemon->signal_fd, &info, sizeof(info)) == sizeof(info))
			return (int)info.ssi_signo;
	}
	return 0;
}

static void report(struct daemon *daemon)
{
	struct snapshot *snapshot;

	if (snapshot_take(&snapshot, &daemon->process, false) != 0)
		return;
	report_log(snapshot);
	snapshot_free(snapshot);
}

/*
 * Waits for SIGTERM or SIGINT and returns the number of the signal. Handles all other signals. Returns 0 after wait_ms,
 * or if all workers have ended.
 *
 * SIGHUP of an interactive start means that the terminal was closed. Without a terminal, the user would not know that
 * the directory is still served, and there is no configuration file to reload. SIGHUP therefore stops the process.
 */
static int next_stop_signal(struct daemon *daemon, uint64_t wait_ms)
{
	uint64_t until_ns = clock_now_ns() + wait_ms * CLOCK_NS_PER_MS;
	int signal_number;

	do {
		signal_number = next_signal(daemon, until_ns);
		if (signal_number == SIGHUP && is_interactive(daemon))
			return SIGHUP;
		if (signal_number == SIGHUP)
			reload_start(daemon->reload, daemon->generations);
		else if (signal_number == SIGUSR1)
			log_reopen();
		else if (signal_number == SIGUSR2)
			report(daemon);
	} while (signal_number == SIGHUP || signal_number == SIGUSR1 || signal_number == SIGUSR2);
	return signal_number;
}

/* Does the periodic work of the main thread: closes deleted files and continues a resize of the cache. */
static void clean_up(struct daemon *daemon)
{
	descriptors_close_deleted(daemon->process.descriptors);
	if (!reload_is_running(daemon->reload))
		process_finish_resize(&daemon->process);
}

/*
 * Waits for drain_delay. Meanwhile load balancers see that /readyz reports 503, and stop sending requests. Responses
 * have "Connection: close", so that clients do not reuse their connections.
 */
static void announce_drain(struct daemon *daemon)
{
	uint64_t delay_ms = config_of(daemon)->drain_delay_ms;

	if (delay_ms == 0)
		return;
	process_set_state(&daemon->process, PROCESS_LEAVING);
	workers_announce_drain(&daemon->process);
	log_info("draining: /readyz reports 503; still accepting connections for %llu ms",
		 (unsigned long long)delay_ms);
	next_stop_signal(daemon, delay_ms);
}

/* Stops accepting connections, and waits until the responses in progress are finished. */
static void drain(struct daemon *daemon)
{
	struct process *process = &daemon->process;
	uint64_t timeout_ms = config_of(daemon)->drain_timeout_ms;
	const unsigned connections = clients_count(process->clients);

	log_info("draining %u connection%s within %llu ms", connections, units_plural(connections),
		 (unsigned long long)timeout_ms);
	process_set_state(process, PROCESS_DRAINING);
	cache_state_begin_stop(process->cache_state);
	if (!reload_is_running(daemon->reload)) /* a reload may be duplicating passed sockets */
		passed_close();
	generation_stop_listening(daemon->generations);
	workers_drain(process, timeout_ms / 2 < GRACE_MS ? timeout_ms / 2 : GRACE_MS);
	next_stop_signal(daemon, timeout_ms);
}

/* Closes the remaining connections. */
static void abort_connections(struct daemon *daemon)
{
	struct process *process = &daemon->process;
	const unsigned connections = clients_count(process->clients);

	log_at(config_of(daemon)->drain_timeout_ms > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	       "closing %u connection%s still open", connections, connections == 1 ? " that is" : "s that are");
	login_stop(process->login);
	workers_abort(process);
	directory_table_stop(process->directories); /* also cancels reads of directories */
	next_stop_signal(daemon, ABORT_MS);
}

/* Serves until a signal stops the process. Returns true if all workers have ended. */
static bool serve(struct daemon *daemon)
{
	int signal_number;

	while ((signal_number = next_stop_signal(daemon, reload_is_running(daemon->reload) ? RELOAD_CHECK_MS
											   : CLEANUP_MS)) == 0)
		clean_up(daemon);
	notify_stopping(config_of(daemon)->drain_delay_ms + config_of(daemon)->drain_timeout_ms + EXIT_MS);
	log_info("shutting down: received SIG%s", sigabbrev_np(signal_number));
	announce_drain(daemon);
	drain(daemon);
	if (daemon->ended < daemon->running)
		abort_connections(daemon);
	return daemon->ended == daemon->running;
}

/* Stops the admin listener and the monitor listener. Returns false if a thread of them does not end. */
static bool stop_admin(struct daemon *daemon)
{
	struct admin_listener *admin = daemon->admin;
	struct monitor *monitor = daemon->monitor;
	const bool stopped = admin_stop(admin);

	daemon->admin = NULL;
	daemon->monitor = NULL;
	return monitor_stop(monitor) && stopped;
}

/*
 * Frees all objects. Objects that were not created are NULL. The offload threads end before the reactors are freed,
 * because they post messages to the reactors.
 */
static void free_all(struct daemon *daemon)
{
	struct process *process = &daemon->process;

	notify_stop();
	workers_join(process, daemon->running);
	stop_admin(daemon);
	process_stop(process);
	workers_free(process);
	for (struct generation *one = daemon->generations; one != NULL; one = one->next) {
		generation_stop_listening(one);
		generation_close_files(one);
	}
	process_close(process);
	cache_state_free(process->cache_state);
	reload_free(daemon->reload);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
}

static int drop_privileges(struct daemon *daemon)
{
	const struct privileges *privileges = &daemon->privileges;
	char fault[PRIVILEGES_FAULT_BYTES];
	int error;

	if (privileges->name[0] != '\0' && geteuid() == 0)
		admin_give(daemon->admin, privileges->uid, privileges->gid);
	error = privileges_drop(privileges, fault);
	if (error != 0)
		log_error("%s", fault);
	return error;
}

/* Reads secrets and opens sockets with root privileges. Then drops the privileges and opens all other files. */
static int open_all(struct daemon *daemon)
{
	struct generation *generation = daemon->generations;
	int error = generation_read_secrets(generation);

	if (error == 0)
		error = generation_listen(generation, NULL);
	if (error == 0)
		error = drop_privileges(daemon);
	if (error == 0)
		error = generation_open(generation, NULL);
	return error;
}

static int start(struct daemon *daemon)
{
	struct process *process = &daemon->process;
	const struct config *config = config_of(daemon);
	int error = reload_new(&daemon->reload, process, daemon->argc, daemon->argv);

	if (error == 0)
		error = admin_start(&daemon->admin, process, &config->admin);
	if (error == 0)
		error = monitor_start(&daemon->monitor, process, config);
	if (error == 0)
		error = process_open(process, config, config_workers(config));
	if (error == 0)
		error = cache_state_new(&process->cache_state, process);
	if (error == 0)
		error = open_all(daemon);
	if (error == 0 && !system_limits_check_aio(config, process->count))
		error = -EAGAIN;
	if (error != 0)
		return error;
	process_calibrate(process, config, site_roots_first_fd(&config->rules));
	error = workers_new(process, daemon->generations);
	if (error != 0)
		return error;
	generation_make_current(daemon->generations, NULL);
	error = workers_start(process, &daemon->running);
	return error == 0 ? announce(daemon) : error;
}

/*
 * Waits for a reload that is still in progress although the workers have ended. Returns false if the reload waits for
 * storage that does not respond. The caller must then not free the objects that the reload uses.
 */
static bool end_reload(struct daemon *daemon)
{
	uint64_t until_ns = clock_now_ns() + PATIENCE_MS * CLOCK_NS_PER_MS;
	struct pollfd fd = { .fd = reload_fd(daemon->reload), .events = POLLIN };

	while (reload_is_running(daemon->reload) && clock_now_ns() < until_ns) {
		poll(&fd, 1, PATIENCE_MS / 10);
		reload_proceed(daemon->reload, &daemon->generations);
	}
	return !reload_is_running(daemon->reload);
}

/*
 * Serves, and ends all threads that may wait for storage. If one of them does not end, exits at once. Otherwise the
 * caller has FREE_MS to free all objects.
 */
static void serve_until_stopped(struct daemon *daemon)
{
	if (!serve(daemon) || !cache_state_end_stop(daemon->process.cache_state))
		forced_exit_now();
	forced_exit_after(FREE_MS);
	if (!stop_admin(daemon) || !end_reload(daemon) || !site_roots_respond(&config_of(daemon)->rules, PATIENCE_MS) ||
	    !root_stop_watching(PATIENCE_MS))
		forced_exit_now();
}

static int run(struct daemon *daemon)
{
	int error = block_signals(daemon);

	if (error == 0) {
		startup_signals_begin();
		error = start(daemon);
		startup_signals_end();
	}
	if (error == 0) {
		greeting_print(daemon->generations);
		process_set_state(&daemon->process, PROCESS_SERVING);
		cache_state_set_file(daemon->process.cache_state, config_of(daemon)->cache_state, true);
		if (systemd_status_start(&daemon->process) != 0)
			log_error("cannot start the thread that sends messages to systemd; no status or watchdog "
				  "messages are sent");
	}
	if (error == 0)
		serve_until_stopped(daemon);
	if (error == 0 || daemon->running == 0) /* after a failed start, workers may still run */
		free_all(daemon);
	else
		stop_admin(daemon);
	forced_exit_cancel();
	return error == 0 ? EXIT_SUCCESS : EX_UNAVAILABLE;
}

static void free_generations(struct daemon *daemon)
{
	for (struct generation *one; (one = daemon->generations) != NULL;) {
		daemon->generations = one->next;
		generation_free(one);
	}
}

static int run_with_logs(struct daemon *daemon)
{
	struct config *config = &daemon->generations->options.config;
	char fault[LOGS_FAULT_BYTES], user_fault[PRIVILEGES_FAULT_BYTES];
	const bool interactive = is_interactive(daemon);
	int status;

	if (privileges_prepare(&daemon->privileges, config->user, user_fault) != 0) {
		escape_print_line(stderr, "ranged: %s", user_fault);
		return EX_CONFIG;
	}
	/* A symbolic link that the user has put in place of a log must not lead to files of root. */
	privileges_lend(&daemon->privileges);
	status = logs_open(config, fault);
	privileges_take_back(&daemon->privileges);
	if (status != 0) {
		escape_print_line(stderr, "ranged: %s", fault);
		return EX_CANTCREAT;
	}
	logs_use(config);
	sizing_apply(config);
	sizing_log(config);
	config_warnings_log(config);
	system_limits_raise_descriptors(config, config_workers(config));
	status = system_limits_fit_memory(config) ? run(daemon) : EX_UNAVAILABLE;
	log_info("stopped");
	if (interactive && status == EXIT_SUCCESS)
		puts("\nStopped.");			    /* the terminal has printed "^C" without a newline */
	if (status == EXIT_SUCCESS || daemon->running == 0) /* otherwise running workers may still log requests */
		free_generations(daemon);
	if (status == EXIT_SUCCESS)
		log_stop_within(FORCED_EXIT_LOG_MS);
	else
		log_stop();
	return status;
}

int main(int argc, char **argv)
{
	static struct daemon daemon = { .signal_fd = -1 };
	struct options *options;
	char fault[PASSED_FAULT_BYTES];
	int status = EX_OSERR, error;

	if (passed_init(fault) != 0) {
		escape_print_line(stderr, "ranged: %s", fault);
		return EX_UNAVAILABLE;
	}
	error = keyed_hash_init();
	if (error != 0) {
		fprintf(stderr, "ranged: cannot get random bytes for the hash tables: %s\n", strerror(-error));
		return EX_UNAVAILABLE;
	}
	tzset();
	daemon.argc = argc;
	daemon.argv = argv;
	process_init(&daemon.process);
	daemon.generations = generation_new(&daemon.process);
	if (daemon.generations == NULL)
		return EX_OSERR;
	options = &daemon.generations->options;
	status = options_parse(argc, argv, passed_names(), options, stderr);
	if (status != 0)
		return status;
	if (!syscalls_check(stderr))
		status = EX_UNAVAILABLE;
	else if (options->check_only)
		status = check_run(options);
	else if (options->explain != NULL)
		status = explain_run(options);
	else
		status = run_with_logs(&daemon);
	if (daemon.running == 0)
		free_generations(&daemon);
	privileges_fini(&daemon.privileges);
	passed_close();
	return status;
}
