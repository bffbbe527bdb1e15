/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a site does not say of its log, the top level says. Sites that name the same target share a log, each with lines of its own
 * form. The formats were found to be good when the configuration was read.
 */
#include "daemon/logs.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "http/access_format.h"

static struct access_format *formats[RULES_SITES_MAX];

/* The place of the target in the list, to which it is added; -1: there is no room. */
static int place_of(struct log_options *options, const char **targets, const char *target)
{
	for (unsigned i = 0; i < options->target_count; i++)
		if (strcmp(targets[i], target) == 0)
			return (int)i;
	if (options->target_count == LOG_REQUESTS_MAX)
		return -1;
	targets[options->target_count] = target;
	return (int)options->target_count++;
}

static int prepare_site(struct site *site, const struct site *top, struct access_format **format, struct log_options *options,
			const char **targets)
{
	const char *target = site->access_log != NULL ? site->access_log : top->access_log;
	const char *text = site->access_format != NULL ? site->access_format : top->access_format;
	char fault[ACCESS_FORMAT_FAULT_BYTES];

	site->logged = target != NULL && *target != '\0';
	if (!site->logged)
		return 0;
	int place = place_of(options, targets, target);
	int error = place < 0 ? -E2BIG : access_format_new(text, format, fault);
	if (error != 0)
		return error;
	site->log = (unsigned)place;
	site->log_form = access_format_form(*format);
	return 0;
}

int logs_start(struct config *config, const char **failed)
{
	const char *targets[LOG_REQUESTS_MAX];
	struct log_options options = { .level = config->log_level, .error_path = config->error_log, .targets = targets };
	struct rules *rules = &config->rules;
	int error = 0;

	*failed = NULL;
	for (size_t i = 0; i < rules->site_count && error == 0; i++)
		error = prepare_site(&rules->sites[i], &rules->sites[0], &formats[i], &options, targets);
	if (error == 0)
		error = log_start(&options, failed);
	if (error != 0)
		logs_stop(config);
	return error;
}

void logs_stop(struct config *config)
{
	bool taken = log_stop();

	for (size_t i = 0; i < config->rules.site_count; i++) {
		config->rules.sites[i].logged = false;
		if (!taken)
			continue; /* a writer that was left behind may come to it yet */
		access_format_free(formats[i]);
		formats[i] = NULL;
	}
}
