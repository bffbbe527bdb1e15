/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main thread: makes what all workers share, starts them, then waits for signals. SIGTERM and SIGINT drain: listening
 * stops, what is being sent is finished within drain_timeout, then exit 0; a second one cuts. SIGHUP reads certificates and
 * keys again, SIGUSR1 reopens the logs, SIGUSR2 logs what has been counted.
 * Everything is taken apart in the reverse order, except when a disk hangs: a read in flight can be neither cancelled nor
 * waited for, so then the process leaves without ending its contexts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/depths.h"
#include "daemon/explain.h"
#include "daemon/limits.h"
#include "daemon/logs.h"
#include "daemon/options.h"
#include "daemon/passwords.h"
#include "daemon/roots.h"
#include "daemon/worker.h"
#include "http/server.h"

#define REVALIDATE_MS 1000
#define LET_GO_MS 5000	   /* between looks for open files that were deleted */
#define CUT_GRACE_MS 2000 /* for reads in flight, after the connections were cut */
#define TRANSIENT_BYTES ((size_t)16 << 20) /* memory for what is on its way when nothing is kept */
#define DEPTH_DEFAULT 32 /* of a device that was not calibrated */
#define DEPTH_BYTES_DEFAULT (UINT64_C(16) << 20)

struct daemon {
	struct config *config;
	struct workshop workshop;
	struct depths depths;
	int signal_fd;
	unsigned running; /* workers */
};

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(-error));
	return error;
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

/* From the reactor that saw it. */
static void device_demoted(const struct device *device)
{
	log_warning("device %u:%u: asynchronous submits block (%llu of %llu took more than 20 ms, one %llu ms): it is read by the offload "
		    "threads from now on",
		    major(device->id), minor(device->id), (unsigned long long)device->slow_submits, (unsigned long long)device->submits,
		    (unsigned long long)(device->submit_max_ns / CLOCK_NS_PER_MS));
}

static int make_devices(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	uint64_t most = cache_bytes(daemon->workshop.cache) / 4; /* a disk that hangs keeps what it has in flight */
	struct devices_options options = {
		.depth = config->disk_depth > 0 ? config->disk_depth : DEPTH_DEFAULT,
		.depth_bytes = config->disk_bytes > 0 ? config->disk_bytes : DEPTH_BYTES_DEFAULT,
		.measured = config->disk_depth > 0,
		.demoted = device_demoted,
	};

	if (options.depth_bytes > most)
		options.depth_bytes = most;
	return devices_new(&daemon->workshop.devices, &options);
}

static void version_gone(void *context, const struct file_version *version)
{
	struct daemon *daemon = context;

	cache_forget(daemon->workshop.cache, version);
}

static void file_opened(void *context, struct file *file)
{
	struct daemon *daemon = context;

	depths_opened(&daemon->depths, file);
}

/* What is not set by hand is found now. */
static void calibrate(struct daemon *daemon)
{
	daemon->depths = (struct depths){ .devices = daemon->workshop.devices,
					  .offload = daemon->workshop.offload,
					  .root_fd = roots_first_fd(&daemon->config->rules),
					  .most_bytes = cache_bytes(daemon->workshop.cache) / 4 };
	if (daemon->config->disk_depth == 0)
		depths_start(&daemon->depths);
}

/* NULL with the fault in the log, or because no listener is for TLS. */
static struct certificates *load_certificates(const struct config *config)
{
	char fault[CERTIFICATES_FAULT_BYTES];
	struct certificates *set;

	if (config_tls_listeners(config) == 0)
		return NULL;
	if (certificates_load(&set, config->tls.list, config->tls.count, fault) == 0)
		return set;
	log_error("%s", fault);
	return NULL;
}

static void say_reloaded(const char *what, bool reloaded)
{
	if (reloaded)
		log_info("%s reloaded", what);
	else
		log_warning("the %s stay as they were", what);
}

/* Whoever is connected keeps the certificates that it knows. */
static void reload(struct daemon *daemon)
{
	struct workshop *workshop = &daemon->workshop;
	struct certificates *set;
	struct signing *signing = NULL;
	int error = 0;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(clock_now_ns() / 1000));
	set = load_certificates(daemon->config);
	signing_new(&signing, &daemon->config->rules);
	for (unsigned i = 0; i < workshop->count && error == 0; i++)
		error = worker_renew(workshop->workers[i], set, signing);
	if (error != 0)
		fail("reload", error);
	if (workshop->certificates != NULL)
		say_reloaded("certificates", set != NULL && error == 0);
	if (!signing_is_empty(workshop->signing))
		say_reloaded("keys of signatures", signing != NULL && error == 0);
	certificates_unref(set);
	signing_unref(signing);
	sd_notify(0, "READY=1");
}

static int make_shared(struct daemon *daemon)
{
	struct workshop *workshop = &daemon->workshop;
	const struct config *config = daemon->config;
	struct files_options files = {
		.symlinks = config->symlinks, .max_files = config->open_files, .revalidate_ms = REVALIDATE_MS, .siblings = true
	};
	int error;

	error = roots_open(&daemon->config->rules);
	if (error != 0)
		return error;
	workshop->certificates = load_certificates(config);
	if (workshop->certificates == NULL && config_tls_listeners(config) != 0)
		return -EINVAL;
	error = mime_new(&workshop->mime, config->mime_types);
	if (error != 0)
		return fail(config->mime_types, error);
	error = signing_new(&workshop->signing, &config->rules);
	if (error != 0)
		return error;
	error = cache_new(&workshop->cache, config->cache_size_bytes > 0 ? config->cache_size_bytes : TRANSIENT_BYTES,
			  config->cache_size_bytes > 0);
	if (error != 0)
		return fail("can't map cache_size of memory", error);
	error = make_devices(daemon);
	if (error != 0)
		return fail("start", error);
	error = offload_new(&workshop->offload, config->offload_threads);
	if (error != 0)
		return fail("can't start offload_threads", error);
	error = folder_table_new(&workshop->folders, &(struct folder_table_options){ .offload = workshop->offload });
	if (error != 0)
		return fail("start", error);
	error = passwords_open(&workshop->login, config, workshop->offload);
	if (error != 0)
		return error;
	calibrate(daemon);
	files.offload = workshop->offload;
	files.devices = workshop->devices;
	files.gone = version_gone;
	files.opened = file_opened;
	files.context = daemon;
	error = roots_make_files(&daemon->config->rules, &files);
	if (error == 0)
		error = clients_new(&workshop->clients, config->max_connections, config->max_connections_per_client);
	return error == 0 ? 0 : fail("start", error);
}

static int make_workers(struct daemon *daemon)
{
	struct workshop *workshop = &daemon->workshop;
	int error;

	workshop->workers = calloc(workshop->count, sizeof(struct worker *));
	workshop->reports = calloc(workshop->count, sizeof(*workshop->reports));
	workshop->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (workshop->workers == NULL || workshop->reports == NULL || workshop->ended_fd < 0)
		return fail("start", -ENOMEM);
	for (unsigned i = 0; i < workshop->count; i++) {
		error = worker_new(&workshop->workers[i], workshop, i);
		if (error != 0)
			return fail("can't make a worker", error);
	}
	return 0;
}

/* The configuration may have said 0. */
static void note_ports(struct daemon *daemon)
{
	struct rules *rules = &daemon->config->rules;
	const struct sockets *sockets = daemon->workshop.sockets;

	for (size_t i = 0; i < sockets_count(sockets); i++)
		rules->ports[sockets_listener(sockets, i)] = sockets_port(sockets, i);
	for (size_t i = 0; i < rules->site_count; i++) {
		uint64_t listeners = 0;

		for (size_t j = 0; j < daemon->config->listen_count; j++)
			listeners |= (rules->listeners[j] >> i & 1) << j;
		rules->sites[i].https_port = sockets_tls_port(sockets, listeners);
	}
}

static int open_sockets(struct daemon *daemon)
{
	struct config *config = daemon->config;
	char fault[SOCKETS_FAULT_BYTES];
	int error = sockets_open(&daemon->workshop.sockets, config->listen, config->listen_count, daemon->workshop.count, fault);

	if (error != 0)
		log_error("%s", fault);
	else
		note_ports(daemon);
	return error;
}

static int start_workers(struct daemon *daemon)
{
	for (; daemon->running < daemon->workshop.count; daemon->running++) {
		int error = worker_start(daemon->workshop.workers[daemon->running]);

		if (error != 0)
			return fail("can't start a worker", error);
	}
	return 0;
}

static const char *root_name(const struct daemon *daemon)
{
	const struct rules *rules = &daemon->config->rules;

	return rules->sites[0].root != NULL ? rules->sites[0].root : rules->sites[1].root;
}

/* To a person at a terminal: what is served, where. */
static void greet(const struct daemon *daemon)
{
	const struct sockets *sockets = daemon->workshop.sockets;
	char address[300], size[32];

	if (!isatty(STDOUT_FILENO))
		return;
	printf("ranged %s serves %s\n", PACKAGE_VERSION, root_name(daemon));
	for (size_t i = 0; i < sockets_count(sockets); i++) {
		bool tls = strncmp(sockets_address(sockets, i, address, sizeof(address)), "tls:", 4) == 0;
		const char *bare = address + (tls ? 4 : 0);

		if (strncmp(bare, "unix:", 5) == 0)
			printf("  %s\n", address);
		else
			printf("  %s://%s/\n", tls ? "https" : "http", bare);
	}
	printf("with %u worker%s and %s of memory for data; Ctrl-C ends it.\n", daemon->workshop.count,
	       daemon->workshop.count == 1 ? "" : "s", units_format_size(daemon->config->cache_size_bytes, size, sizeof(size)));
	fflush(stdout);
}

static int announce(struct daemon *daemon)
{
	const struct sockets *sockets = daemon->workshop.sockets;
	char address[300];
	int error;

	for (size_t i = 0; i < sockets_count(sockets); i++)
		log_info("listening on %s", sockets_address(sockets, i, address, sizeof(address)));
	log_info("ranged %s (libmicrohttpd %s) serves %s with %u workers", PACKAGE_VERSION, server_library_version(),
		 root_name(daemon), daemon->workshop.count);
	if (daemon->config->address_file != NULL) {
		error = sockets_write_addresses(sockets, daemon->config->address_file);
		if (error != 0)
			return fail(daemon->config->address_file, error);
	}
	greet(daemon);
	sd_notify(0, "READY=1\nSTATUS=Serving");
	return 0;
}

/* The next signal, or 0 when until_ns has passed or all workers have ended. */
static int next_signal(struct daemon *daemon, uint64_t until_ns, uint64_t *ended)
{
	struct pollfd fds[2] = { { .fd = daemon->signal_fd, .events = POLLIN },
				 { .fd = daemon->workshop.ended_fd, .events = POLLIN } };
	struct signalfd_siginfo info;

	while (*ended < daemon->running) {
		uint64_t now = clock_now_ns(), n;
		int wait = until_ns <= now ? 0 : (int)((until_ns - now) / CLOCK_NS_PER_MS) + 1;

		if (poll(fds, 2, wait) == 0)
			return 0;
		if (read(daemon->workshop.ended_fd, &n, sizeof(n)) == sizeof(n))
			*ended += n;
		if (read(daemon->signal_fd, &info, sizeof(info)) == sizeof(info))
			return (int)info.ssi_signo;
	}
	return 0;
}

static int next_end(struct daemon *daemon, uint64_t until_ns, uint64_t *ended)
{
	int signal_number;

	do {
		signal_number = next_signal(daemon, until_ns, ended);
		if (signal_number == SIGHUP)
			reload(daemon);
		else if (signal_number == SIGUSR1)
			log_reopen();
		else if (signal_number == SIGUSR2)
			worker_report_all(&daemon->workshop);
	} while (signal_number == SIGHUP || signal_number == SIGUSR1 || signal_number == SIGUSR2);
	return signal_number;
}

/* True when all workers have ended. */
static bool serve(struct daemon *daemon)
{
	struct workshop *workshop = &daemon->workshop;
	uint64_t ended = 0, timeout_ms = daemon->config->drain_timeout_ms;
	int signal_number;

	while ((signal_number = next_end(daemon, clock_now_ns() + LET_GO_MS * CLOCK_NS_PER_MS, &ended)) == 0)
		roots_let_go(&daemon->config->rules);
	sd_notify(0, "STOPPING=1\nSTATUS=Draining");
	log_info("%s: finishing %u connections within %llu ms", strsignal(signal_number), clients_count(workshop->clients),
		 (unsigned long long)timeout_ms);
	atomic_store(&workshop->draining, true);
	for (unsigned i = 0; i < workshop->count; i++)
		worker_drain(workshop->workers[i]);
	next_end(daemon, clock_now_ns() + timeout_ms * CLOCK_NS_PER_MS, &ended);
	if (ended == daemon->running)
		return true;
	log_warning("cutting %u connections", clients_count(workshop->clients));
	login_stop(workshop->login);
	for (unsigned i = 0; i < workshop->count; i++)
		worker_cut(workshop->workers[i]);
	folder_table_stop(workshop->folders); /* what reads a folder ends now, too */
	next_end(daemon, clock_now_ns() + CUT_GRACE_MS * CLOCK_NS_PER_MS, &ended);
	return ended == daemon->running;
}

/* What was not made is NULL. Offload threads end before the reactors that they post to are freed. */
static void take_apart(struct daemon *daemon)
{
	struct workshop *workshop = &daemon->workshop;

	for (unsigned i = 0; i < daemon->running; i++)
		worker_join(workshop->workers[i]);
	if (workshop->folders != NULL)
		folder_table_stop(workshop->folders);
	if (workshop->login != NULL)
		login_stop(workshop->login);
	if (workshop->offload != NULL)
		offload_stop(workshop->offload);
	for (unsigned i = 0; workshop->workers != NULL && i < workshop->count; i++)
		worker_free(workshop->workers[i]);
	free(workshop->workers);
	free(workshop->reports);
	clients_free(workshop->clients);
	roots_free_files(&daemon->config->rules);
	folder_table_free(workshop->folders);
	login_free(workshop->login);
	offload_free(workshop->offload);
	cache_free(workshop->cache);
	devices_free(workshop->devices);
	mime_free(workshop->mime);
	certificates_unref(workshop->certificates);
	signing_unref(workshop->signing);
	roots_close(&daemon->config->rules);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
	if (workshop->ended_fd >= 0)
		close(workshop->ended_fd);
}

static int run(struct daemon *daemon)
{
	int error = block_signals(daemon);

	if (error == 0)
		error = make_shared(daemon);
	if (error == 0 && !limits_check_aio(daemon->config, daemon->workshop.count))
		error = -EAGAIN;
	if (error == 0)
		error = open_sockets(daemon);
	if (error == 0)
		error = make_workers(daemon);
	if (error == 0)
		error = start_workers(daemon);
	if (error == 0)
		error = announce(daemon);
	if (error == 0 && !serve(daemon)) {
		log_warning("a disk does not answer: leaving with reads in flight");
		log_stop();
		_exit(EXIT_SUCCESS);
	}
	if (error == 0 || daemon->running == 0) /* after a start that failed midway nobody ends the workers that run */
		take_apart(daemon);
	return error == 0 ? EXIT_SUCCESS : EX_UNAVAILABLE;
}

static int run_with_logs(struct daemon *daemon)
{
	char fault[LOGS_FAULT_BYTES];
	int status;

	if (logs_open(daemon->config, fault) != 0) {
		fprintf(stderr, "ranged: %s\n", fault);
		return EX_CANTCREAT;
	}
	logs_use(daemon->config);
	limits_raise_descriptors(daemon->config, daemon->workshop.count);
	status = run(daemon);
	log_info("ended");
	if (status == EXIT_SUCCESS || daemon->running == 0) /* else some may log requests still */
		logs_close(daemon->config);
	log_stop();
	return status;
}

static int check(struct options *options)
{
	struct certificates *certificates = load_certificates(&options->config);
	bool fine = certificates != NULL || config_tls_listeners(&options->config) == 0;
	struct signing *signing = NULL;
	struct login *login = NULL;
	int error = roots_open(&options->config.rules);

	if (error == 0)
		error = signing_new(&signing, &options->config.rules);
	signing_unref(signing);
	certificates_unref(certificates);
	roots_close(&options->config.rules);
	if (error == 0)
		error = passwords_open(&login, &options->config, NULL);
	login_free(login);
	if (error != 0 || !fine)
		return EX_CONFIG;
	printf("%s: ok\n", options->config_path != NULL ? options->config_path : "command line");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	static struct daemon daemon = { .signal_fd = -1, .workshop = { .ended_fd = -1 } };
	int status = options_parse(argc, argv, &options);

	if (status != 0)
		return status;
	tzset();
	daemon.config = &options.config;
	daemon.workshop.config = &options.config;
	daemon.workshop.count = config_workers(&options.config);
	if (options.check_only) {
		status = check(&options);
	} else if (options.explain != NULL) {
		status = explain_run(&options);
	} else {
		status = run_with_logs(&daemon);
	}
	options_fini(&options);
	return status;
}
