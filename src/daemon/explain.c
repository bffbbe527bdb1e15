/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The request is a real one: it goes through the table of steps of http/steps.c, on a reactor of its own, and stops
 * where bytes would be read. After each step what has been found since is printed, so what is said here is what a
 * client would get, by construction; only what lies in the memory of another process can't be known.
 */
#include "daemon/explain.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "base/log.h"
#include "base/units.h"
#include "config/config_key.h"
#include "daemon/passwords.h"
#include "daemon/site_roots.h"
#include "http/negotiate.h"
#include "http/status.h"
#include "steps/gate.h"
#include "steps/signing.h"
#include "steps/steps.h"
#include "steps/variant.h"
#include "store/span.h"

#define CACHE_BYTES ((size_t)16 << 20)
#define READS_SHOWN 8

/* All that a request needs of a process. */
struct scene {
	struct options *options;
	struct reactor *reactor;
	struct offload *offload;
	struct devices *devices;
	struct cache *cache;
	struct directory_table *folders;
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

/* --- what is printed --- */

static void say(const char *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const char *subject, const char *format, ...)
{
	va_list arguments;

	printf("%-15s ", subject);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static const char *config_name(const struct options *options)
{
	return options->config_path != NULL ? options->config_path : "command line";
}

static void say_settings(const struct settings *settings)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_key_setting(i) != SETTING_COUNT && settings_has(settings, config_key_setting(i)))
			printf(" %s", config_key(i));
	putchar('\n');
}

static void say_site(const struct options *options, const struct site *site)
{
	if (site->host != NULL)
		say("site", "\"%s\" (%s:%u)", site->host, config_name(options), site->line);
	else
		say("site", "the top level (%s)", config_name(options));
}

static void say_blocks(const struct options *options, const struct match *match)
{
	for (unsigned i = 0; i < match->count; i++) {
		const struct rule *rule = match->rules[i];

		if (rule != NULL)
			printf("%-15s %s:%u: location \"%s\":", i == 0 ? "blocks" : "", config_name(options),
			       rule->line, rule->pattern);
		else
			printf("%-15s %s:", i == 0 ? "blocks" : "", i == 0 ? "outside of all" : "the site itself");
		say_settings(match->chain[i]);
	}
}

static void say_file(const struct request *request)
{
	const struct file *file = request->selected.file;
	time_t seconds = (time_t)(file->version.mtime_ns / (int64_t)CLOCK_NS_PER_S);
	char time[32];
	struct tm tm;

	strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &tm));
	say("file", "%s/%s",
	    request->match.site->root != NULL ? request->match.site->root : request->site->config.rules->sites[0].root,
	    request->path.file);
	say("", "%" PRIu64 " bytes, last changed %s UTC", file->version.size, time);
	if (file->direct)
		say("", "read with O_DIRECT, aligned to %u", file->offset_alignment);
	else
		say("", "read by the offload threads: its filesystem has no O_DIRECT");
}

static void say_address(const struct request *request, enum step_result result)
{
	const struct settings *settings = request_settings(request);
	char text[ADDRESS_TEXT_BYTES];

	if (settings_has(settings, SETTING_ALLOW) || settings_has(settings, SETTING_DENY))
		say("address", "%s %s come in (allow, deny)", address_format(&request->origin.client_address, text),
		    result == STEP_NEXT ? "may" : "may not");
}

static void say_password(const struct request *request, enum step_result result)
{
	const char *file = request_settings(request)->auth_file;

	if (file == NULL || result == STEP_WAIT)
		return;
	if (request->login.user == NULL)
		say("password", "none was given (%s)", file);
	else
		say("password", "of \"%s\", %s (%s)", request->login.user, result == STEP_NEXT ? "right" : "wrong",
		    file);
}

static void say_signature(const struct request *request)
{
	say("signature", "%s (%s)", signature_description(request->signature.verdict),
	    request_settings(request)->sign_keys);
	if (request->signature.rate_bytes > 0)
		say("", "which limits the answer to %" PRIu64 " bytes/s", request->signature.rate_bytes);
}

/* Why there is no file. */
static const char *lookup_words(const struct request *request)
{
	const struct site *site = request->match.site->root != NULL ? request->match.site
								    : &request->site->config.rules->sites[0];
	int error = request->lookup.want.error;

	if (error == -EISDIR)
		return "a folder";
	if (error == -EXDEV)
		return "a symbolic link leads out of the root";
	if (error == -ENOENT &&
	    beneath_is_misspelled(site->root_fd, request->path.file, request->site->config.symlinks))
		return "the filesystem has it, but its folder spells it in another way";
	return strerror(-error);
}

static void say_found(const struct request *request)
{
	if (request->selected.file != NULL)
		say_file(request);
	else
		say("", "%s", lookup_words(request));
}

static void say_refusals(const struct file_siblings *siblings)
{
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++)
		if (siblings->faults[i] != ENCODING_FINE)
			say("", "%s is not sent: %s", sibling_suffix((enum sibling)i),
			    encoding_fault_text((enum encoding_fault)siblings->faults[i]));
}

static const char *variant_words(const struct request *request, const struct variant *variant, unsigned quality)
{
	if (variant == request->selected.variant)
		return "this one";
	if (quality == 0)
		return "not accepted";
	return request->selected.as_is ? "not for a range, unless If-Range has its tag" : "not as good, or gone";
}

/* The variants beside the file, the quality that the client gives to each, and which one is sent. */
static void say_variants(const struct request *request, enum step_result result)
{
	const struct file *original = request->selected.original != NULL ? request->selected.original
									 : request->selected.file;
	const struct file_siblings *siblings = &original->siblings;
	const char *field = request->input.fields.accept_encoding;
	unsigned identity = negotiate_encoding(field, "identity");

	if (!request_settings(request)->precompressed) {
		say("variants", "precompressed is off");
		return;
	}
	if (siblings->variants == 0) {
		say("variants", "none (.zst, .br, .gz)");
		say_refusals(siblings);
		return;
	}
	say("variants", "Accept-Encoding: %s", field != NULL ? field : "(not sent)");
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		const struct variant *variant = variant_of((enum sibling)i);
		unsigned quality = negotiate_encoding(field, variant->coding);

		if (siblings->variants >> i & 1)
			say("", "%s, q=%u.%03u: %s", variant->coding, quality / 1000, quality % 1000,
			    variant_words(request, variant, quality));
	}
	say_refusals(siblings);
	say("", "as it is, q=%u.%03u: %s", identity / 1000, identity % 1000,
	    result == STEP_REPLY		? "refused"
	    : request->selected.variant != NULL ? "not as good"
	    : request->selected.as_is		? "this one, because of Range"
						: "this one");
}

static void say_condition(const char *name, const char *value, bool *any)
{
	if (value == NULL)
		return;
	say(*any ? "" : "preconditions", "%s: %s", name, value);
	*any = true;
}

static void say_preconditions(const struct request *request, enum step_result result)
{
	const struct precondition_fields *fields = &request->input.fields.conditions;
	bool any = false;

	if (request->validator.etag[0] != '\0')
		say("validators", "ETag %s%s", request->validator.etag,
		    request->validator.weak
			    ? " (weak: the file, or its digest, changed just now and may change again with the same mtime; If-Range does not match)"
			    : "");
	say_condition("If-Match", fields->if_match, &any);
	say_condition("If-Unmodified-Since", fields->if_unmodified_since, &any);
	say_condition("If-None-Match", fields->if_none_match, &any);
	say_condition("If-Modified-Since", fields->if_modified_since, &any);
	say_condition("If-Range", fields->if_range, &any);
	if (!any)
		say("preconditions", "none");
	else if (result == STEP_REPLY)
		say("", "decided: %u", request->reply.status);
	else if (fields->if_range != NULL)
		say("", request->content.whole ? "If-Range does not fit: the whole file"
					       : "If-Range fits: the range is served");
	else
		say("", "none of them decides");
}

static void say_ranges(const struct request *request, enum step_result result)
{
	if (request->input.fields.range == NULL) {
		say("ranges", "none asked for");
		return;
	}
	say("ranges", "asked: %s%s", request->input.fields.range,
	    request->input.fields.ranges > 1 ? " and more Range fields: ignored" : "");
	if (result == STEP_REPLY)
		return;
	if (request->reply.status != 206) {
		say("", "the whole file is served");
		return;
	}
	for (unsigned i = 0; i < request->content.ranges.count; i++)
		say("", "served: %" PRIu64 "-%" PRIu64, request->content.ranges.ranges[i].first,
		    request->content.ranges.ranges[i].last);
}

/* One span; returns whether it is in memory. */
static void say_read(const struct request *request, uint64_t offset, size_t length)
{
	const struct file *file = request->selected.file;
	struct cache_span span = { .version = &file->version,
				   .alignment = file->direct ? file->offset_alignment : 1,
				   .offset = offset,
				   .length = length };
	struct cache_extent *extent;
	struct span read;

	if (cache_find(request->site->process.cache, &span, &extent, &read) == CACHE_MISS)
		say("", "%" PRIu64 "-%" PRIu64 ": reads %zu bytes at %" PRIu64, offset, offset + length - 1,
		    read.length, read.offset);
}

/* As the plan of a transfer cuts it: no piece crosses the end of an extent. */
static void say_reads(const struct request *request)
{
	unsigned shown = 0;
	uint64_t left = 0;

	if (request->reply.length == 0)
		return;
	say("cache", "%s; a process that has just started holds nothing of it",
	    (const char *const[]){ "kept as it is asked for (auto)", "not kept (never)",
				   "kept before all others (pin)" }[request_settings(request)->cache]);
	printf("%-15s from the disk, aligned:\n", "reads");
	for (unsigned i = 0; i < request->content.ranges.count; i++) {
		const struct byte_range *range = &request->content.ranges.ranges[i];
		bool one = cache_in_one_extent(&request->selected.file->version, range->first, range->last);

		for (uint64_t at = range->first; at <= range->last;) {
			uint64_t end = one ? range->last : align_down(at, SHARD_EXTENT_BYTES) + SHARD_EXTENT_BYTES - 1;

			if (end > range->last)
				end = range->last;
			if (shown++ < READS_SHOWN)
				say_read(request, at, (size_t)(end - at + 1));
			else
				left++;
			at = end + 1;
		}
	}
	if (left > 0)
		say("", "and %" PRIu64 " more", left);
}

static void say_reply(const struct request *request)
{
	const struct reply *reply = &request->reply;

	say("status", "%u", reply->status);
	for (unsigned i = 0; i < reply->header_count; i++)
		printf("%-15s %s: %s\n", i == 0 ? "fields" : "", reply->headers[i].name, reply->headers[i].value);
	if (reply->listing && reply->status == 200)
		say("", "Transfer-Encoding: chunked");
	else if (reply->status != 204 && !reply->listing)
		say("", "Content-Length: %" PRIu64, reply->length);
}

/* For request.trace: a step has been run. */
static void trace(const struct request *request, const struct request_step *step, enum step_result result)
{
	const struct scene *scene = container_of(request->site, struct scene, site);

	if (strcmp(step->name, "target") == 0 && request->lookup.files != NULL)
		say_site(scene->options, request->match.site);
	else if (strcmp(step->name, "signature") == 0 && request_settings(request)->sign_keys != NULL)
		say_signature(request);
	else if (strcmp(step->name, "address") == 0)
		say_address(request, result);
	else if (strcmp(step->name, "password") == 0)
		say_password(request, result);
	else if (strcmp(step->name, "find") == 0)
		say("looks for", "/%s", request->path.file);
	else if (strcmp(step->name, "rules") == 0)
		say_blocks(scene->options, &request->match);
	else if (strcmp(step->name, "found") == 0 && result != STEP_WAIT)
		say_found(request);
	else if (strcmp(step->name, "variant") == 0 && result != STEP_WAIT)
		say_variants(request, result);
	else if (strcmp(step->name, "preconditions") == 0)
		say_preconditions(request, result);
	else if (strcmp(step->name, "range") == 0)
		say_ranges(request, result);
	else if (strcmp(step->name, "listing") == 0 && result != STEP_WAIT)
		say("lists", "/%s", request->path.file);
	else if (strcmp(step->name, "read") == 0)
		say_reads(request);
}

/* --- the request --- */

/* "Name: value", as curl's -H takes it. */
static int add_field(struct request *request, char *text)
{
	char *colon = strchr(text, ':'), *value;

	if (colon == NULL) {
		fprintf(stderr, "ranged: \"%s\" is no field: \"Name: value\"\n", text);
		return EX_USAGE;
	}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	return fields_add(&request->input.fields, text, (size_t)(colon - text), value) == 0 ? 0 : EX_OSERR;
}

/* The first listener where the site that is meant can be had. */
static unsigned find_listener(const struct options *options, const char *host, size_t length)
{
	const struct config *config = &options->config;

	for (unsigned i = 0; i < config->listen_count; i++)
		if (rules_find_site(&config->rules, i, host, length) != NULL)
			return i;
	return 0;
}

static int fill(struct scene *scene, struct request *request, bool *done)
{
	const char *host = NULL;
	size_t length = 0;
	unsigned refused;

	for (size_t i = 0; i < scene->options->field_count; i++) {
		int status = add_field(request, scene->options->fields[i]);

		if (status != 0)
			return status;
	}
	path_parse(scene->options->explain, &request->path, &host, &length);
	if (host == NULL && request->input.fields.host != NULL) {
		host = request->input.fields.host;
		length = strlen(host);
	}
	scene->peer.listener = find_listener(scene->options, host, host != NULL ? length : 0);
	request->origin.client_address = scene->peer.from;
	gate_identify(request);
	refused = fields_refuse(&request->input.fields, &scene->site.config.header_limits, request->input.method, true,
				strlen(scene->options->explain), 0);
	*done = refused != 0;
	if (refused != 0)
		steps_reject(request, refused);
	return 0;
}

static int go(struct scene *scene)
{
	static struct request request; /* large */
	bool done;
	int status;

	if (request_init(&request, &scene->site, steps, scene->options->explain) != 0)
		return EX_OSERR;
	request.wake = wake;
	request.ended = ended;
	request.origin.peer = &scene->peer;
	request.origin.secure = scene->peer.tls;
	request.trace = trace;
	request.dry = true;
	status = fill(scene, &request, &done);
	if (status == 0) {
		say("request", "GET %s", scene->options->explain);
		while (!done && steps_run(&request) == REQUEST_WAITS)
			for (woken = false; !woken;)
				reactor_iterate(scene->reactor, -1);
		say_reply(&request);
	}
	request_fini(&request);
	return status;
}

static int set_scene(struct scene *scene)
{
	struct config *config = &scene->options->config;
	struct files_options files = {
		.symlinks = config->symlinks, .max_files = 16, .revalidate_ms = 1000, .siblings = true
	};
	int error = devices_new(
		&scene->devices,
		&(struct devices_options){ .depth = 1, .depth_bytes = CACHE_BYTES / 4, .depth_fixed = true });

	if (error == 0)
		error = offload_new(&scene->offload, 1);
	if (error == 0)
		error = directory_table_new(&scene->folders,
					    &(struct directory_table_options){ .offload = scene->offload });
	if (error == 0)
		error = cache_new(&scene->cache, CACHE_BYTES, true);
	if (error == 0)
		error = mime_new(&scene->mime, config->mime_types);
	if (error == 0)
		error = reactor_new(&scene->reactor);
	if (error == 0)
		error = passwords_open(&scene->login, config, scene->offload);
	files.offload = scene->offload;
	files.devices = scene->devices;
	if (error == 0)
		error = site_roots_make_files(&config->rules, NULL, &files);
	scene->peer = (struct peer){ .tls = strncmp(scene->options->explain, "https:", 6) == 0 };
	((struct sockaddr_in *)&scene->peer.address)->sin_family = AF_INET;
	((struct sockaddr_in *)&scene->peer.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address_from_sockaddr((const struct sockaddr *)&scene->peer.address, &scene->peer.from);
	scene->site = (struct request_site){
		.config = { .rules = &config->rules,
			    .mime = scene->mime,
			    .signing = scene->signing,
			    .trusted_proxies = &config->trusted_proxies,
			    .header_limits = { .target_bytes = config->max_target_bytes,
					       .header_bytes = config->max_header_bytes,
					       .headers = config->max_headers },
			    .max_ranges = config->max_ranges,
			    .symlinks = config->symlinks,
			    .dotfiles = config->dotfiles },
		.worker = { .reactor = scene->reactor },
		.process = { .cache = scene->cache,
			     .directories = scene->folders,
			     .login = scene->login,
			     .total = &scene->total,
			     .transfers = &scene->transfers },
	};
	return error;
}

static void clear_scene(struct scene *scene)
{
	directory_table_stop(scene->folders);
	offload_stop(scene->offload);
	reactor_free(scene->reactor);
	site_roots_free_files(&scene->options->config.rules);
	directory_table_free(scene->folders);
	offload_free(scene->offload);
	login_free(scene->login);
	mime_free(scene->mime);
	cache_free(scene->cache);
	devices_free(scene->devices);
}

int explain_run(struct options *options)
{
	struct scene scene = { .options = options };
	int status = site_roots_open(&options->config.rules) == 0 &&
				     signing_new(&scene.signing, &options->config.rules) == 0
			     ? 0
			     : EX_CONFIG;

	int error = status == 0 ? set_scene(&scene) : 0;

	if (error != 0) {
		fprintf(stderr, "ranged: %s\n", strerror(-error));
		return error == -ENOMEM ? EX_OSERR : EX_CONFIG;
	}
	if (status == 0) {
		status = go(&scene);
		clear_scene(&scene);
	}
	signing_unref(scene.signing);
	site_roots_close(&options->config.rules);
	return status;
}
