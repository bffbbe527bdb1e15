/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * First all that can fail: reading, opening, listening, memory for the messages. Then it is made known to the workers, one after another;
 * for a moment some of them meet connections under the old one still.
 */
#include "daemon/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "daemon/limits.h"
#include "daemon/logs.h"
#include "daemon/worker.h"

#define PATIENCE_S 2

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
	status = options_parse(argc, argv, options, faults);
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
	say_fixed("disk_bytes", now->disk_bytes != before->disk_bytes);
	say_fixed("max_header_bytes", now->max_header_bytes > FIELDS_HEADER_USUAL && now->max_header_bytes > before->max_header_bytes);
	say_fixed("admin", !are_same(&now->admin, &before->admin));
	say_fixed("user", (now->user == NULL) != (before->user == NULL) || (now->user != NULL && strcmp(now->user, before->user) != 0));
	say_fixed("disk_latency", now->disk_latency_ms != before->disk_latency_ms);
}

static bool open_all(struct generation *generation, const struct generation *before)
{
	char fault[LOGS_FAULT_BYTES];
	int error = logs_open(&generation->options.config, fault);

	if (error != 0)
		log_error("%s", fault);
	else
		error = generation_read_secrets(generation);
	if (error == 0)
		error = generation_open(generation, before);
	if (error == 0)
		error = generation_listen(generation, before);
	return error == 0;
}

static bool prepare(struct workshop *workshop, struct generation *generation, struct worker_renewal **renewals)
{
	int error = 0;

	for (unsigned i = 0; i < workshop->count && error == 0; i++)
		error = worker_prepare_renewal(workshop->workers[i], generation, &renewals[i]);
	return error == 0;
}

/* The last thing that can fail. */
static bool resize(struct generation *generation, const struct generation *before)
{
	const struct config *config = generation_config(generation);

	return config->cache_size_bytes == generation_config(before)->cache_size_bytes ||
	       workshop_resize(generation->workshop, config) == 0;
}

static void make_known(struct generation *generation, struct generation *before, struct worker_renewal *const *renewals)
{
	struct workshop *workshop = generation->workshop;
	const struct config *config = generation_config(generation);

	say_what_is_fixed(config, generation_config(before));
	clients_renew(workshop->clients, config->max_connections, config->max_connections_per_client);
	logs_use(&generation->options.config);
	generation_succeed(generation, before);
	for (unsigned i = 0; i < workshop->count; i++)
		worker_renew(renewals[i]);
}

/* So that whoever was told that it holds finds it so. A worker that does not turn holds nobody up for long. */
static void wait_for_workers(struct generation *generation)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	for (unsigned i = 0; i < generation->workshop->count; i++) {
		int error;

		while ((error = sem_clockwait(&generation->taken_up, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR)
			;
		if (error != 0) {
			log_warning("a worker has not taken the configuration up within %d s", PATIENCE_S);
			return;
		}
	}
}

static bool take(struct generation *generation, struct generation *before)
{
	struct workshop *workshop = generation->workshop;
	struct worker_renewal **renewals = calloc(workshop->count, sizeof(struct worker_renewal *));
	bool taken = renewals != NULL && limits_check_memory(generation_config(generation)) && open_all(generation, before) &&
		     prepare(workshop, generation, renewals) && resize(generation, before);

	if (taken) {
		make_known(generation, before, renewals);
		wait_for_workers(generation);
	}
	for (unsigned i = 0; !taken && renewals != NULL && i < workshop->count; i++)
		worker_forget_renewal(renewals[i]);
	free(renewals);
	return taken;
}

bool reload_configuration(struct generation **all, int argc, char **argv)
{
	struct generation *before = *all;
	struct workshop *workshop = before->workshop;
	struct generation *generation = generation_new(workshop);
	bool taken = generation != NULL && parse(&generation->options, argc, argv);

	if (taken) {
		limits_raise_descriptors(&generation->options.config, workshop->count);
		taken = take(generation, before);
	}
	if (!taken) {
		log_error("the configuration was not taken: what held goes on");
		atomic_fetch_add(&workshop->reload_failures, 1);
		generation_free(generation);
		return false;
	}
	generation->next = before;
	*all = generation;
	generation_stop_listening(before);
	generation_unref(before);
	atomic_fetch_add(&workshop->reloads, 1);
	return true;
}
