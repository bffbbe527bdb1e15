/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new generation is published after all steps that can fail, so a rejected configuration has no effect.
 *
 * A generation is referenced by:
 * - the main thread, while the generation is the current generation;
 * - the site of each worker, while the acceptor of the worker or a connection uses the site;
 * - each listing, each connection that is being handed over to another worker, and each admin request that reads the
 *   generation.
 *
 * The thread that drops the last reference notifies the main thread, which frees the generation in generation_sweep().
 */
#include "daemon/generation.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/logs.h"
#include "daemon/passwords.h"
#include "daemon/site_roots.h"
#include "net/passed.h"

static void site_ref(void *configuration)
{
	generation_ref(configuration);
}

static void site_unref(void *configuration)
{
	generation_unref(configuration);
}

struct generation *generation_new(struct process *process)
{
	struct generation *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return NULL;
	made->process = process;
	made->references = 1;
	sem_init(&made->applied, 0, 0);
	return made;
}

static int load_certificates(struct generation *generation)
{
	const struct config *config = generation_config(generation);
	char fault[CERTIFICATES_FAULT_BYTES];
	int error = config_needs_certificates(config)
			    ? certificates_load(&generation->certificates, config->tls.list, config->tls.count, fault)
			    : 0;

	if (error != 0)
		log_error("%s", fault);
	return error;
}

/* Sets all fields of a site except the fields that the worker sets. */
static void fill_site(struct generation *generation, struct request_site *site)
{
	struct process *process = generation->process;
	const struct config *config = generation_config(generation);

	*site = (struct request_site){
		.config = { .owner = generation,
			    .ref = site_ref,
			    .unref = site_unref,
			    .rules = &config->rules,
			    .mime = generation->mime,
			    .certificates = generation->certificates,
			    .signing = generation->signing,
			    .trusted_proxies = &config->trusted_proxies,
			    .header_limits = { .target_bytes = config->max_target_bytes,
					       .header_bytes = config->max_header_bytes,
					       .headers = config->max_headers },
			    .max_ranges = config->max_ranges,
			    .rate_total_bytes = config->rate_total_bytes,
			    .prebuilt_bytes = process_cache_bytes(config) / 8 / process->count,
			    .symlinks = config->symlinks,
			    .health = config->health,
			    .dotfiles = config->dotfiles },
		.process = { .cache = process->cache,
			     .storage_timeout_ns = devices_latency_ns(process->devices),
			     .directories = process->directories,
			     .clients = process->clients,
			     .login = process->login,
			     .total = &process->total,
			     .transfers = &process->transfers,
			     .health_status = &process->health_status },
	};
}

int generation_read_secrets(struct generation *generation)
{
	int error = load_certificates(generation);

	if (error == 0)
		error = signing_new(&generation->signing, &generation->options.config.rules);
	if (error == 0)
		error = passwords_add(generation->process->login, generation_config(generation));
	return error;
}

int generation_open(struct generation *generation, const struct generation *before)
{
	struct process *process = generation->process;
	struct rules *rules = &generation->options.config.rules;
	const struct config *config = generation_config(generation);
	struct files_options files = process_files_options(process, config);
	int error = site_roots_open(rules, config->symlinks,
				    before != NULL ? SITE_ROOTS_TIMEOUT_MS : SITE_ROOTS_START_TIMEOUT_MS);

	if (error != 0)
		return error;
	error = mime_new(&generation->mime, config->mime_types);
	if (error != 0) {
		log_error("mime_types: cannot read %s: %s", config->mime_types, strerror(-error));
		return error;
	}
	generation->sites = calloc(process->count, sizeof(*generation->sites));
	error = generation->sites != NULL
			? site_roots_make_files(rules, before != NULL ? &before->options.config.rules : NULL, &files)
			: -ENOMEM;
	if (error != 0)
		return log_failure("cannot open the roots", error);
	for (unsigned i = 0; i < process->count; i++)
		fill_site(generation, &generation->sites[i]);
	return 0;
}

/* Stores the bound ports in the rules, because a configured port may be 0. */
static void store_ports(struct generation *generation)
{
	struct rules *rules = &generation->options.config.rules;
	const struct sockets *sockets = generation->sockets;

	for (size_t i = 0; i < sockets_count(sockets); i++)
		rules->ports[sockets_listener(sockets, i)] = sockets_port(sockets, i);
	for (size_t i = 0; i < rules->site_count; i++) {
		uint64_t listeners = 0;

		for (size_t j = 0; j < generation_config(generation)->listen_count; j++)
			listeners |= (rules->listeners[j] >> i & 1) << j;
		rules->sites[i].https_port = sockets_tls_port(sockets, listeners);
	}
}

/*
 * Logs a warning for passed sockets that no address uses. The kernel accepts connections on these sockets, but no
 * thread serves them.
 */
static void warn_of_unnamed(const struct config *config)
{
	for (const char *const *name = passed_names(); *name != NULL; name++)
		if (!config_names_passed(config, *name))
			log_warning("sockets were passed as \"%s\", but no listen key uses this name; add "
				    "listen = \"fd:%s\", or remove them from the socket unit",
				    *name, *name);
}

/*
 * Writes a command with another port to `text`, for a user whose port is in use or not allowed. The host stays the
 * same, so a directory that was private to this machine does not become public.
 */
static void suggest_port(const struct config *config, int error, char *text, size_t text_bytes)
{
	struct listen_address other = config->listen[0].address;
	unsigned port = (unsigned)atoi(other.port);
	char address[300];

	*text = '\0';
	if (config->listen_count != 1 || port == 0 || (error != -EADDRINUSE && error != -EACCES))
		return;
	port = error == -EACCES ? 8000 + port : port < UINT16_MAX ? port + 1 : 8080;
	snprintf(other.port, sizeof(other.port), "%u", port % (UINT16_MAX + 1));
	listen_address_format(&other, address, sizeof(address));
	snprintf(text, text_bytes, "; try another port, for example \"ranged %s\"",
		 address + (address[0] == ':')); /* ":8000" is the same as "8000" */
}

int generation_listen(struct generation *generation, const struct generation *before)
{
	const struct config *config = generation_config(generation);
	char fault[SOCKETS_FAULT_BYTES], address[300], suggestion[400] = "";
	int error;

	warn_of_unnamed(config);
	error = sockets_open(&generation->sockets, config->listen, config->listen_count, generation->process->count + 1,
			     before != NULL ? before->sockets : NULL, fault);

	if (error != 0) {
		if (generation->options.interactive)
			suggest_port(config, error, suggestion, sizeof(suggestion));
		log_error("%s%s", fault, suggestion);
		return error;
	}
	store_ports(generation);
	for (size_t i = 0; i < sockets_count(generation->sockets); i++)
		if (sockets_is_new(generation->sockets, i))
			log_info("listening on %s", sockets_address(generation->sockets, i, address, sizeof(address)));
	return 0;
}

void generation_make_current(struct generation *generation, struct generation *before)
{
	struct process *process = generation->process;

	if (before != NULL)
		sockets_inherit_files(generation->sockets, before->sockets);
	generation->published = generation->listens = true;
	generation->number = before != NULL ? before->number + 1 : 1;
	site_roots_watch(&generation->options.config.rules, &process->roots_replaced);
	pthread_mutex_lock(&process->lock);
	process->current = generation;
	pthread_mutex_unlock(&process->lock);
}

void generation_stop_listening(struct generation *generation)
{
	struct process *process = generation->process;

	/*
	 * The field is read without the lock, because only the main thread writes it, and the lock may be destroyed
	 * already.
	 */
	if (!generation->listens)
		return;
	pthread_mutex_lock(&process->lock);
	generation->listens = false;
	pthread_mutex_unlock(&process->lock);
	sockets_release(generation->sockets);
}

bool generation_ref_sockets(struct generation *generation)
{
	struct process *process = generation->process;
	bool listens;

	pthread_mutex_lock(&process->lock);
	listens = generation->listens;
	if (listens)
		sockets_ref(generation->sockets);
	pthread_mutex_unlock(&process->lock);
	return listens;
}

void generation_unref_sockets(struct generation *generation)
{
	sockets_release(generation->sockets);
}

struct generation *generation_ref(struct generation *generation)
{
	atomic_fetch_add(&generation->references, 1);
	return generation;
}

void generation_unref(struct generation *generation)
{
	const uint64_t one = 1;

	if (generation == NULL)
		return;

	const int retired_fd = generation->process->retired_fd;

	/*
	 * Acquire and release order, because the main thread frees memory that other threads have used. The main thread
	 * may free the generation at once.
	 */
	if (atomic_fetch_sub(&generation->references, 1) == 1 && write(retired_fd, &one, sizeof(one)) < 0)
		log_error("cannot signal that a configuration is no longer used: %s", strerror(errno));
}

struct generation *generation_current(struct process *process)
{
	struct generation *current;

	pthread_mutex_lock(&process->lock);
	current = generation_ref(process->current);
	pthread_mutex_unlock(&process->lock);
	return current;
}

void generation_sweep(struct generation **all)
{
	for (struct generation *one; (one = *all) != NULL;) {
		if (atomic_load(&one->references) > 0) {
			all = &one->next;
			continue;
		}
		*all = one->next;
		generation_free(one);
	}
}

void generation_close_files(struct generation *generation)
{
	site_roots_free_files(&generation->options.config.rules);
}

void generation_free(struct generation *generation)
{
	if (generation == NULL)
		return;
	generation_close_files(generation);
	if (!generation->published)
		sockets_discard(generation->sockets);
	generation_stop_listening(generation);
	mime_free(generation->mime);
	certificates_free(generation->certificates);
	signing_unref(generation->signing);
	site_roots_close(&generation->options.config.rules);
	logs_close(&generation->options.config);
	options_fini(&generation->options);
	free(generation->sites);
	sem_destroy(&generation->applied);
	free(generation);
}
