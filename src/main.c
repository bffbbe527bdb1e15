/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main thread: makes what all workers share, starts them, then waits for signals. SIGTERM and SIGINT drain, after
 * drain_delay: listening stops, what is being sent is finished within drain_timeout, then exit 0; a second one cuts.
 * SIGHUP starts a reload (reload.c), SIGUSR1 reopens the logs, SIGUSR2 logs what has been counted. Everything is taken
 * apart in the reverse order, except when a disk hangs: a read in flight can be neither cancelled nor waited for, so
 * then the process leaves without ending its contexts.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/report.h"
#include "base/clock.h"
#include "base/keyed_hash.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/explain.h"
#include "daemon/logs.h"
#include "daemon/notify.h"
#include "daemon/passwords.h"
#include "daemon/privileges.h"
#include "daemon/reload.h"
#include "daemon/root.h"
#include "daemon/site_roots.h"
#include "daemon/startup_signals.h"
#include "daemon/syscalls.h"
#include "daemon/system_limits.h"
#include "daemon/systemd_status.h"
#include "daemon/worker.h"
#include "mhd/server.h"
#include "net/passed.h"

#define LET_GO_MS 5000	    /* between looks for open files that were deleted */
#define RELOAD_LOOK_MS 1000 /* the same while a reload is under way, which may be slow */
#define STOP_SLACK_MS 10000 /* for taking everything apart, and the logs */
#define CUT_GRACE_MS 2000   /* for reads in flight, after the connections were cut */

struct daemon {
	int argc;
	char **argv;
	struct process process;
	struct generation *generations; /* the current one first, then those that are not over yet */
	struct admin_listener *admin;
	struct reload *reload;
	bool retired; /* a generation waits for generation_sweep() */
	struct privileges privileges;
	int signal_fd;
	unsigned running; /* workers */
	uint64_t ended;	  /* of them */
};

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
}

static const struct config *config_of(const struct daemon *daemon)
{
	return generation_config(daemon->generations);
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
	return daemon->signal_fd < 0 ? fail("signalfd", -errno) : 0;
}

static int make_workers(struct daemon *daemon)
{
	struct process *process = &daemon->process;

	process->workers = calloc(process->count, sizeof(struct worker *));
	process->acceptors = calloc(process->count, sizeof(struct acceptor *));
	if (process->workers == NULL || process->acceptors == NULL)
		return fail("start", -ENOMEM);
	for (unsigned i = 0; i < process->count; i++) {
		int error = worker_new(&process->workers[i], daemon->generations, i);

		if (error != 0)
			return fail("can't make a worker", error);
	}
	return 0;
}

static int start_workers(struct daemon *daemon)
{
	for (; daemon->running < daemon->process.count; daemon->running++) {
		int error = worker_start(daemon->process.workers[daemon->running]);

		if (error != 0)
			return fail("can't start a worker", error);
	}
	return 0;
}

/* To a person at a terminal: what is served, where. */
static void greet(const struct daemon *daemon)
{
	const struct sockets *sockets = daemon->generations->sockets;
	char address[300], size[32];

	if (!isatty(STDOUT_FILENO))
		return;
	printf("ranged %s serves %s\n", PACKAGE_VERSION, site_roots_first(&config_of(daemon)->rules));
	for (size_t i = 0; i < sockets_count(sockets); i++) {
		bool tls = strncmp(sockets_address(sockets, i, address, sizeof(address)), "tls:", 4) == 0;
		const char *bare = address + (tls ? 4 : 0);

		if (strncmp(bare, "unix:", 5) == 0)
			printf("  %s\n", address);
		else
			printf("  %s://%s/\n", tls ? "https" : "http", bare);
	}
	printf("with %u worker%s and %s of memory for data; Ctrl-C ends it.\n", daemon->process.count,
	       daemon->process.count == 1 ? "" : "s",
	       units_format_size(config_of(daemon)->cache_size_bytes, size, sizeof(size)));
	fflush(stdout);
}

/* For those who asked for the addresses. */
static int write_addresses(const struct daemon *daemon)
{
	const char *file = config_of(daemon)->address_file;
	int error = file != NULL ? sockets_write_addresses(daemon->generations->sockets, file) : 0;

	return error == 0 ? 0 : fail(file, error);
}

static int announce(const struct daemon *daemon)
{
	log_info("ranged %s (libmicrohttpd %s) serves %s with %u workers", PACKAGE_VERSION, server_library_version(),
		 site_roots_first(&config_of(daemon)->rules), daemon->process.count);
	return write_addresses(daemon);
}

/* The next signal, or 0 when until_ns has passed or all workers have ended. */
static int next_signal(struct daemon *daemon, uint64_t until_ns)
{
	struct process *process = &daemon->process;
	struct pollfd fds[] = { { .fd = daemon->signal_fd, .events = POLLIN },
				{ .fd = process->ended_fd, .events = POLLIN },
				{ .fd = process->retired_fd, .events = POLLIN },
				{ .fd = reload_fd(daemon->reload), .events = POLLIN } };
	struct signalfd_siginfo info;

	while (daemon->ended < daemon->running) {
		uint64_t now = clock_now_ns(), n;
		int wait = until_ns <= now ? 0 : (int)((until_ns - now) / CLOCK_NS_PER_MS) + 1;

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait) == 0)
			return 0;
		if (read(process->ended_fd, &n, sizeof(n)) == sizeof(n))
			daemon->ended += n;
		reload_proceed(daemon->reload, &daemon->generations);
		if (read(process->retired_fd, &n, sizeof(n)) == sizeof(n))
			daemon->retired = true;
		if (daemon->retired && !reload_is_running(daemon->reload)) {
			daemon->retired = false;
			generation_sweep(&daemon->generations);
		}
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

/* The next signal that ends it, or 0 as above. */
static int next_end(struct daemon *daemon, uint64_t wait_ms)
{
	uint64_t until_ns = clock_now_ns() + wait_ms * CLOCK_NS_PER_MS;
	int signal_number;

	do {
		signal_number = next_signal(daemon, until_ns);
		if (signal_number == SIGHUP)
			reload_start(daemon->reload, daemon->generations);
		else if (signal_number == SIGUSR1)
			log_reopen();
		else if (signal_number == SIGUSR2)
			report(daemon);
	} while (signal_number == SIGHUP || signal_number == SIGUSR1 || signal_number == SIGUSR2);
	return signal_number;
}

static void let_go(struct daemon *daemon)
{
	for (const struct generation *one = daemon->generations; one != NULL; one = one->next)
		site_roots_close_deleted(&generation_config(one)->rules);
	if (!reload_is_running(daemon->reload))
		process_finish_resize(&daemon->process);
}

/* Whoever chooses among servers finds that this one is not ready, and has time to. */
static void leave(struct daemon *daemon)
{
	uint64_t delay_ms = config_of(daemon)->drain_delay_ms;

	if (delay_ms == 0)
		return;
	process_set_state(&daemon->process, PROCESS_LEAVING);
	log_info("not ready any more: serving for %llu ms yet", (unsigned long long)delay_ms);
	next_end(daemon, delay_ms);
}

/* True when all workers have ended. */
static bool serve(struct daemon *daemon)
{
	struct process *process = &daemon->process;
	uint64_t timeout_ms;
	int signal_number;

	while ((signal_number = next_end(daemon, reload_is_running(daemon->reload) ? RELOAD_LOOK_MS : LET_GO_MS)) == 0)
		let_go(daemon);
	notify_stopping(config_of(daemon)->drain_delay_ms + config_of(daemon)->drain_timeout_ms + CUT_GRACE_MS +
			STOP_SLACK_MS);
	leave(daemon);
	timeout_ms = config_of(daemon)->drain_timeout_ms;
	log_info("%s: finishing %u connections within %llu ms", strsignal(signal_number),
		 clients_count(process->clients), (unsigned long long)timeout_ms);
	process_set_state(process, PROCESS_DRAINING);
	if (!reload_is_running(daemon->reload)) /* it could be about to take some of them */
		passed_close();
	generation_stop_listening(daemon->generations);
	for (unsigned i = 0; i < process->count; i++)
		worker_drain(process->workers[i]);
	next_end(daemon, timeout_ms);
	if (daemon->ended == daemon->running)
		return true;
	log_warning("cutting %u connections", clients_count(process->clients));
	login_stop(process->login);
	for (unsigned i = 0; i < process->count; i++)
		worker_abort(process->workers[i]);
	directory_table_stop(process->directories); /* what reads a folder ends now, too */
	next_end(daemon, CUT_GRACE_MS);
	return daemon->ended == daemon->running;
}

/* What was not made is NULL. Offload threads end before the reactors that they post to are freed. */
static void take_apart(struct daemon *daemon)
{
	struct process *process = &daemon->process;

	notify_stop();
	for (unsigned i = 0; i < daemon->running; i++)
		worker_join(process->workers[i]);
	admin_stop(daemon->admin);
	process_stop(process);
	for (unsigned i = 0; process->workers != NULL && i < process->count; i++)
		worker_free(process->workers[i]);
	free(process->workers);
	free(process->acceptors);
	for (struct generation *one = daemon->generations; one != NULL; one = one->next) {
		generation_stop_listening(one);
		generation_close_files(one);
	}
	process_close(process);
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

/* First what root may have to do, and with the roots nothing of that. */
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
		error = process_open(process, config, config_workers(config));
	if (error == 0)
		error = open_all(daemon);
	if (error == 0 && !system_limits_check_aio(config, process->count))
		error = -EAGAIN;
	if (error != 0)
		return error;
	process_calibrate(process, config, site_roots_first_fd(&config->rules));
	error = make_workers(daemon);
	if (error != 0)
		return error;
	generation_make_current(daemon->generations, NULL);
	error = start_workers(daemon);
	return error == 0 ? announce(daemon) : error;
}

static bool stop_admin(struct daemon *daemon)
{
	struct admin_listener *admin = daemon->admin;

	daemon->admin = NULL;
	return admin_stop(admin);
}

/* Waits for a reload that the end of the workers has overtaken. False: it hangs in storage, and uses what would be
 * taken apart. */
static bool end_reload(struct daemon *daemon)
{
	uint64_t until_ns = clock_now_ns() + CUT_GRACE_MS * CLOCK_NS_PER_MS;
	struct pollfd fd = { .fd = reload_fd(daemon->reload), .events = POLLIN };

	while (reload_is_running(daemon->reload) && clock_now_ns() < until_ns) {
		poll(&fd, 1, CUT_GRACE_MS / 10);
		reload_proceed(daemon->reload, &daemon->generations);
	}
	return !reload_is_running(daemon->reload);
}

static void leave_at_once(void)
{
	log_warning("a disk does not answer: leaving with reads in flight");
	log_stop();
	_exit(EXIT_SUCCESS);
}

/* The first thread to call it ends the process; another one waits here for that. */
static void claim_the_end(void)
{
	static atomic_flag claimed = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&claimed))
		pause();
}

static void *leave_in_time(void *context)
{
	const struct timespec patience = { .tv_sec = STOP_SLACK_MS / 2 / 1000 };

	(void)context;
	nanosleep(&patience, NULL);
	claim_the_end();
	leave_at_once();
	return NULL;
}

/* Closing a file waits for its filesystem, too (FUSE, NFS). Without a thread the service manager has to end what hangs.
 */
static void bound_the_end(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, leave_in_time, NULL) == 0)
		pthread_detach(thread);
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
		greet(daemon);
		process_set_state(&daemon->process, PROCESS_SERVING);
		if (systemd_status_start(&daemon->process) != 0)
			log_error("systemd is told nothing more: no thread can be started");
	}
	if (error == 0 &&
	    !(serve(daemon) && stop_admin(daemon) && end_reload(daemon) && root_stop_watching(CUT_GRACE_MS)))
		leave_at_once();
	if (error == 0)
		bound_the_end();
	if (error == 0 || daemon->running == 0) /* after a start that failed midway nobody ends the workers that run */
		take_apart(daemon);
	else
		admin_stop(daemon->admin);
	claim_the_end();
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
	int status;

	if (privileges_prepare(&daemon->privileges, config->user, user_fault) != 0) {
		fprintf(stderr, "ranged: %s\n", user_fault);
		return EX_CONFIG;
	}
	privileges_lend(
		&daemon->privileges); /* a link that this user has put there leads no further than the user may go */
	status = logs_open(config, fault);
	privileges_take_back(&daemon->privileges);
	if (status != 0) {
		fprintf(stderr, "ranged: %s\n", fault);
		return EX_CANTCREAT;
	}
	logs_use(config);
	system_limits_raise_descriptors(config, config_workers(config));
	status = system_limits_check_memory(config) ? run(daemon) : EX_UNAVAILABLE;
	log_info("ended");
	if (status == EXIT_SUCCESS || daemon->running == 0) /* else some may log requests still */
		free_generations(daemon);
	log_stop();
	return status;
}

static int check_user(const char *user)
{
	struct privileges privileges;
	char fault[PRIVILEGES_FAULT_BYTES];
	int error = privileges_find(&privileges, user, fault);

	if (error != 0)
		log_error("%s", fault);
	privileges_fini(&privileges);
	return error;
}

/* All that generation_open() and what goes before it would find wrong. */
static int check(struct options *options)
{
	struct config *config = &options->config;
	struct certificates *certificates = NULL;
	struct signing *signing = NULL;
	struct login *login = NULL;
	char fault[CERTIFICATES_FAULT_BYTES], log_fault[LOGS_FAULT_BYTES];
	int error = site_roots_open(&config->rules);

	if (error == 0)
		error = signing_new(&signing, &config->rules);
	signing_unref(signing);
	site_roots_close(&config->rules);
	if (error == 0)
		error = passwords_open(&login, config, NULL);
	login_free(login);
	if (config_tls_listeners(config) != 0 &&
	    certificates_load(&certificates, config->tls.list, config->tls.count, fault) != 0) {
		log_error("%s", fault);
		error = -EINVAL;
	}
	certificates_free(certificates);
	if (logs_check(config, log_fault) != 0) {
		log_error("%s", log_fault);
		error = -EINVAL;
	}
	if (error == 0)
		error = check_user(config->user);
	if (error != 0)
		return EX_CONFIG;
	printf("%s: ok\n", options->config_path != NULL ? options->config_path : "command line");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct daemon daemon = { .signal_fd = -1 };
	struct options *options;
	char fault[PASSED_FAULT_BYTES];
	int status = EX_OSERR, error;

	if (passed_init(fault) != 0) {
		fprintf(stderr, "ranged: %s\n", fault);
		return EX_UNAVAILABLE;
	}
	error = keyed_hash_init();
	if (error != 0) {
		fprintf(stderr, "ranged: getrandom: %s: no secret for the hash tables\n", strerror(-error));
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
		status = check(options);
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
