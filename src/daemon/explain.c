/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The explained request runs through the same table of steps as the requests of a server (steps/steps.c). The request
 * has its own reactor and stops before its body is read. So the result is the response that a client would receive.
 * Only the content of the cache of a running process is unknown.
 *
 * explain_report.c prints the result of each step.
 */
#include "daemon/explain.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/container_of.h"
#include "base/escape.h"
#include "daemon/explain_report.h"
#include "daemon/passwords.h"
#include "daemon/site_roots.h"
#include "steps/gate.h"
#include "steps/signing.h"
#include "steps/steps.h"
#include "store/names.h"

#define CACHE_BYTES ((size_t)16 << 20)
#define DESCRIPTORS_MAX 16

/* The objects of a process that a request needs. */
struct environment {
	struct options *options;
	struct reactor *reactor;
	struct offload *offload;
	struct names *names;
	struct descriptors *descriptors;
	struct devices *devices;
	struct cache *cache;
	struct directory_table *directories;
	struct mime *mime;
	struct signing *signing;
	struct login *login;
	struct request_site site;
	struct peer peer;
	atomic_uint transfers;
	struct bucket total;
};

static bool woken;

static void wake(struct request *request)
{
	(void)request;
	woken = true;
}

static void ended(struct request *request)
{
	(void)request;
}

static void trace(const struct request *request, const struct request_step *step, enum step_result result)
{
	const struct environment *environment = container_of(request->site, struct environment, site);

	explain_report_step(environment->options, request, step, result);
}

/* Adds a header field "Name: value". Returns 0 or an exit status. */
static int add_field(struct request *request, char *text)
{
	char *colon = strchr(text, ':'), *value;

	if (colon == NULL) {
		escape_print_line(stderr, "ranged: --header \"%s\" is not of the form \"Name: value\"", text);
		return EX_USAGE;
	}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	return fields_add(&request->input.fields, text, (size_t)(colon - text), value) == 0 ? 0 : EX_OSERR;
}

/* Returns the first listener that serves the requested site. */
static unsigned find_listener(const struct options *options, const char *host, size_t length)
{
	const struct config *config = &options->config;

	for (unsigned i = 0; i < config->listen_count; i++)
		if (rules_find_site(&config->rules, i, host, length) != NULL)
			return i;
	return 0;
}

/* Parses the request. Sets *done if the request was rejected. Returns 0 or an exit status. */
static int fill(struct environment *environment, struct request *request, bool *done)
{
	const char *host = NULL;
	size_t length = 0;
	unsigned status_code;

	for (size_t i = 0; i < environment->options->field_count; i++) {
		int status = add_field(request, environment->options->fields[i]);

		if (status != 0)
			return status;
	}
	path_parse(environment->options->explain, &request->path, &host, &length);
	if (host == NULL && request->input.fields.host != NULL) {
		host = request->input.fields.host;
		length = strlen(host);
	}
	environment->peer.listener = find_listener(environment->options, host, host != NULL ? length : 0);
	request->origin.client_address = environment->peer.from;
	gate_identify(request);
	status_code = fields_refuse(&request->input.fields, &environment->site.config.header_limits,
				    request->input.method, true, strlen(environment->options->explain), 0);
	*done = status_code != 0;
	if (status_code != 0)
		steps_reject(request, status_code);
	return 0;
}

/* Runs the request and prints its results. Returns 0 or an exit status. */
static int run_request(struct environment *environment)
{
	static struct request request; /* too large for the stack */
	bool done;
	int status;

	if (request_init(&request, &environment->site, steps, environment->options->explain) != 0)
		return EX_OSERR;
	request.wake = wake;
	request.ended = ended;
	request.origin.peer = &environment->peer;
	request.origin.secure = environment->peer.tls;
	request.trace = trace;
	request.dry = true;
	status = fill(environment, &request, &done);
	if (status == 0) {
		explain_report_request(environment->options->explain);
		while (!done && steps_run(&request) == REQUEST_WAITS)
			for (woken = false; !woken;)
				reactor_iterate(environment->reactor, -1);
		explain_report_reply(&request);
	}
	request_fini(&request);
	return status;
}

static int set_up(struct environment *environment)
{
	struct config *config = &environment->options->config;
	struct files_options files = {
		.symlinks = config->symlinks, .revalidate_ms = 1000, .siblings = true, .variants = true
	};
	int error = devices_new(
		&environment->devices,
		&(struct devices_options){ .depth = 1, .depth_bytes = CACHE_BYTES / 4, .depth_fixed = true });

	if (error == 0)
		error = names_new(&environment->names, NAMES_MIN);
	if (error == 0)
		error = descriptors_new(&environment->descriptors, DESCRIPTORS_MAX);
	if (error == 0)
		error = offload_new(&environment->offload, 1);
	if (error == 0)
		error = directory_table_new(&environment->directories,
					    &(struct directory_table_options){ .offload = environment->offload });
	if (error == 0)
		error = cache_new(&environment->cache, CACHE_BYTES, true);
	if (error == 0)
		error = mime_new(&environment->mime, config->mime_types);
	if (error == 0)
		error = reactor_new(&environment->reactor);
	if (error == 0)
		error = passwords_open(&environment->login, config, environment->offload);
	files.offload = environment->offload;
	files.devices = environment->devices;
	files.names = environment->names;
	files.descriptors = environment->descriptors;
	if (error == 0)
		error = site_roots_make_files(&config->rules, NULL, &files);
	environment->peer = (struct peer){ .tls = strncmp(environment->options->explain, "https:", 6) == 0 };
	((struct sockaddr_in *)&environment->peer.address)->sin_family = AF_INET;
	((struct sockaddr_in *)&environment->peer.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address_from_sockaddr((const struct sockaddr *)&environment->peer.address, &environment->peer.from);
	environment->site = (struct request_site){
		.config = { .rules = &config->rules,
			    .mime = environment->mime,
			    .signing = environment->signing,
			    .trusted_proxies = &config->trusted_proxies,
			    .header_limits = { .target_bytes = config->max_target_bytes,
					       .header_bytes = config->max_header_bytes,
					       .headers = config->max_headers },
			    .max_ranges = config->max_ranges,
			    .symlinks = config->symlinks,
			    .health = config->health,
			    .dotfiles = config->dotfiles },
		.worker = { .reactor = environment->reactor },
		.process = { .cache = environment->cache,
			     .directories = environment->directories,
			     .login = environment->login,
			     .total = &environment->total,
			     .transfers = &environment->transfers },
	};
	return error;
}

static void clean_up(struct environment *environment)
{
	directory_table_stop(environment->directories);
	offload_stop(environment->offload);
	reactor_free(environment->reactor);
	site_roots_free_files(&environment->options->config.rules);
	directory_table_free(environment->directories);
	offload_free(environment->offload);
	names_free(environment->names);
	descriptors_free(environment->descriptors);
	login_free(environment->login);
	mime_free(environment->mime);
	cache_free(environment->cache);
	devices_free(environment->devices);
}

int explain_run(struct options *options)
{
	struct environment environment = { .options = options };
	int status = site_roots_open(&options->config.rules, options->config.symlinks, SITE_ROOTS_TIMEOUT_MS) == 0 &&
				     signing_new(&environment.signing, &options->config.rules) == 0
			     ? 0
			     : EX_CONFIG;

	int error = status == 0 ? set_up(&environment) : 0;

	if (error != 0) {
		fprintf(stderr, "ranged: cannot explain the request: %s\n", strerror(-error));
		return error == -ENOMEM ? EX_OSERR : EX_CONFIG;
	}
	if (status == 0) {
		status = run_request(&environment);
		clean_up(&environment);
	}
	signing_unref(environment.signing);
	site_roots_close(&options->config.rules);
	return status;
}
