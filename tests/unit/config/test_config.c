/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranged.conf: valid files, error messages with their lines, and the precedence of file and command line. */
#include "config/config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "config/config_file.h"
#include "config/config_key.h"

#define MIB (UINT64_C(1) << 20)

static struct config config;
static char *messages;
static size_t messages_bytes;

static void init(void)
{
	ck_assert_int_eq(config_init(&config), 0);
}

static void fini(void)
{
	config_fini(&config);
	free(messages);
	messages = NULL;
}

static int parse(const char *text)
{
	FILE *faults = open_memstream(&messages, &messages_bytes);
	int error = config_file_parse(&config, "f", text, strlen(text), faults);
	fclose(faults);
	return error;
}

START_TEST(defaults)
{
	ck_assert_ptr_null(config.rules.sites[0].root);
	ck_assert_uint_eq(config.listen_count, 1);
	ck_assert_str_eq(config.listen[0].address.host, "127.0.0.1");
	ck_assert_str_eq(config.listen[0].address.port, "8080");
	ck_assert_uint_eq(config.workers, 0);
	ck_assert_uint_ge(config_workers(&config), 1);
	ck_assert_uint_eq(config.cache_size_bytes, 256 * MIB);
	ck_assert_uint_eq(config.offload_threads, 4);
	ck_assert_uint_eq(config.disk_depth, 0);
	ck_assert_uint_eq(config.disk_inflight_bytes, 0);
	ck_assert_uint_eq(config.disk_queue_timeout_ms, 5000);
	ck_assert_uint_eq(config.open_file_cache, 1024);
	ck_assert_uint_eq(config.name_cache, 1000000);
	ck_assert_uint_eq(config.max_connections, 4096);
	ck_assert_uint_eq(config.max_connections_per_client, 1024);
	ck_assert_uint_eq(config.header_timeout_ms, 20000);
	ck_assert_uint_eq(config.idle_timeout_ms, 75000);
	ck_assert_uint_eq(config.drain_timeout_ms, 30000);
	ck_assert_uint_eq(config.min_rate_bytes, 1024);
	ck_assert_uint_eq(config.stall_timeout_ms, 30000);
	ck_assert_int_eq(config.symlinks, FILE_SYMLINKS_BENEATH);
	ck_assert(!config.dotfiles);
	ck_assert_str_eq(config.mime_types, "/etc/mime.types");
	ck_assert_ptr_null(config.rules.sites[0].access_log);
	ck_assert_str_eq(config.rules.sites[0].access_format, "timing");
	ck_assert_ptr_null(config.error_log);
	ck_assert_ptr_null(config.address_file);
	ck_assert_ptr_null(config.user);
	ck_assert_uint_eq(config.drain_delay_ms, 0);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_INFO);
	ck_assert_uint_eq(config.rules.sites[0].count, 0);
}
END_TEST

START_TEST(every_key)
{
	ck_assert_int_eq(
		parse("root = /srv/files\n"
		      "listen = {\":80\", \"[::1]:0\", unix:/run/ranged.sock}\n"
		      "listen += {'files.example:8081'}\n"
		      "workers = 3\ncache_size = 4999K\noffload_threads = 64\ndisk_depth = 1\ndisk_inflight_bytes = "
		      "3M\ndisk_queue_timeout = 250ms\nopen_file_cache = 7\nname_cache = 1024\n"
		      "max_connections = 8\nmax_connections_per_client = 0\n"
		      "header_timeout = 250ms\nidle_timeout = 5m\ndrain_timeout = 0\ndrain_delay = 3s\nuser = a:b\n"
		      "min_rate = 0\nstall_timeout = 5\n"
		      "symlinks = none\ndotfiles = Yes\nmime_types = \"\"\n"
		      "access_log = \"-\"\nerror_log = '/var/log/a b'\nlog_level = debug\naddress_file = a # b\n"),
		0);
	ck_assert_str_eq(messages, "");
	ck_assert_str_eq(config.rules.sites[0].root, "/srv/files");
	ck_assert_uint_eq(config.listen_count, 4);
	ck_assert_str_eq(config.listen[0].address.host, "");
	ck_assert_str_eq(config.listen[1].address.host, "::1");
	ck_assert_str_eq(config.listen[1].address.port, "0");
	ck_assert_int_eq(config.listen[2].address.kind, LISTEN_ADDRESS_UNIX);
	ck_assert_str_eq(config.listen[2].address.path, "/run/ranged.sock");
	ck_assert_str_eq(config.listen[3].address.host, "files.example");
	ck_assert_uint_eq(config_workers(&config), 3);
	ck_assert_uint_eq(config.cache_size_bytes, 4 * MIB);
	ck_assert_uint_eq(config.disk_depth, 1);
	ck_assert_uint_eq(config.disk_inflight_bytes, 3 * MIB);
	ck_assert_uint_eq(config.disk_queue_timeout_ms, 250);
	ck_assert_uint_eq(config.open_file_cache, 7);
	ck_assert_uint_eq(config.name_cache, 1024);
	ck_assert_uint_eq(config.offload_threads, 64);
	ck_assert_uint_eq(config.max_connections_per_client, 0);
	ck_assert_uint_eq(config.header_timeout_ms, 250);
	ck_assert_uint_eq(config.idle_timeout_ms, 300000);
	ck_assert_uint_eq(config.drain_timeout_ms, 0);
	ck_assert_uint_eq(config.drain_delay_ms, 3000);
	ck_assert_str_eq(config.user, "a:b");
	ck_assert_uint_eq(config.min_rate_bytes, 0);
	ck_assert_uint_eq(config.stall_timeout_ms, 5000);
	ck_assert_int_eq(config.symlinks, FILE_SYMLINKS_NONE);
	ck_assert(config.dotfiles);
	ck_assert_ptr_null(config.mime_types);
	ck_assert_str_eq(config.rules.sites[0].access_log, "-");
	ck_assert_str_eq(config.error_log, "/var/log/a b");
	ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(config.address_file, "a");
}
END_TEST

static enum rule_cache cache_of(const char *path)
{
	struct match match;
	rules_finish(&config.rules);
	ck_assert_int_eq(rules_match(&config.rules, &config.rules.sites[0], path, false, &match), 0);
	return match.settings->cache;
}

START_TEST(locations)
{
	ck_assert_int_eq(parse("workers = 1\n"
			       "location \"/tiles/\" { cache = pin }\n"
			       "location '/bulk'{cache=never}\n"
			       "location / # all the rest\n{\n\tcache = \"auto\" # }\n}\n"
			       "location /nothing/messages {}\n"
			       "disk_depth = 2\n"),
			 0);
	ck_assert_str_eq(messages, "");
	ck_assert_uint_eq(config.workers, 1);
	ck_assert_uint_eq(config.disk_depth, 2);
	ck_assert_uint_eq(config.rules.sites[0].count, 4);
	ck_assert_int_eq(cache_of("tiles/1"), RULE_CACHE_PIN);
	ck_assert_int_eq(cache_of("bulk/a"), RULE_CACHE_NEVER);
	ck_assert_int_eq(cache_of("tiles"), RULE_CACHE_AUTO);
	ck_assert_int_eq(cache_of("nothing/messages"), RULE_CACHE_AUTO);
}
END_TEST

START_TEST(many_locations)
{
	char text[16384] = "", *end = text;
	for (int i = 0; i <= CONFIG_RULES_MAX; i++)
		end += sprintf(end, "location /%d { cache = pin }\n", i);
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_str_eq(messages, "f:257: location: \"/256\": too many locations; the maximum is 256\n");
	ck_assert_uint_eq(config.rules.sites[0].count, CONFIG_RULES_MAX);
	ck_assert_int_eq(cache_of("255/a"), RULE_CACHE_PIN);
}
END_TEST

#define NAMES "site: expected site {\"a\", \"b\"} { ... }\n"
#define GLOB "a path prefix must begin with a slash; a pattern for file names must contain \"*\", \"?\" or \"[\""

static const struct {
	const char *text;
	const char *messages; /* the error messages; "": the text is valid */
} files[] = {
	{ "", "" },
	{ "\n\n# nothing\n#\n", "" },
	{ "\n//\n/* nor\n here */\n",
	  "f:2: a comment begins with \"#\", not with \"//\"\nf:3: a comment begins with \"#\", not with \"/*\"\n" },
	{ "#root = /a\nroot = \"/a#b\" # c\n", "" },
	{ "root = /a//b\n", "" },
	{ "root = '/a\\'b'", "" },
	{ "listen = :80", "" },
	{ "workers = 4\r\ndisk_depth = 4\r\n", "" },

	{ "chache_size = 1G\n", "f:1: unknown key \"chache_size\" (did you mean \"cache_size\"?)\n" },
	{ "\n#\n# x\n#\nLISTEN = :80\n", "f:5: unknown key \"LISTEN\" (did you mean \"listen\"?)\n" },
	{ "symlink = none", "f:1: unknown key \"symlink\" (did you mean \"symlinks\"?)\n" },
	{ "drain = {}\n", "f:1: unknown key \"drain\"\n" },
	/* A name that is not similar to any key, or only to its opposite. */
	{ "max_rate_total = 1", "f:1: unknown key \"max_rate_total\"\n" },
	{ "nocache = 1", "f:1: unknown key \"nocache\"\n" },
	{ "rot = 1", "f:1: unknown key \"rot\" (did you mean \"root\"?)\n" },
	{ "cache_stats = 1", "f:1: unknown key \"cache_stats\"\n" },
	{ "max_conections_per_clinet = 1",
	  "f:1: unknown key \"max_conections_per_clinet\" (did you mean \"max_connections_per_client\"?)\n" },
	{ "cachesize = 1", "f:1: unknown key \"cachesize\" (did you mean \"cache_size\"?)\n" },
	{ "max-headers = 9", "f:1: unknown key \"max-headers\" (did you mean \"max_headers\"?)\n" },
	{ "listne = {:80, :81}\n", "f:1: unknown key \"listne\" (did you mean \"listen\"?)\n" },
	{ "disk_latency = 5s\n\ndisk_bytes = 0\nopen_files = 8",
	  "f:1: \"disk_latency\" was renamed to \"disk_queue_timeout\"\n"
	  "f:3: \"disk_bytes\" was renamed to \"disk_inflight_bytes\"\n"
	  "f:4: \"open_files\" was renamed to \"open_file_cache\"\n" },
	{ "site a {\nopen_files = 8\nlocation / {\ndisk_bytes = 1M } }",
	  "f:2: \"open_files\" was renamed to \"open_file_cache\"\n"
	  "f:4: \"disk_bytes\" was renamed to \"disk_inflight_bytes\"\n" },
	{ "location / { disk_latency = 1s }", "f:1: \"disk_latency\" was renamed to \"disk_queue_timeout\"\n" },
	{ "open_file = 8", "f:1: unknown key \"open_file\" (did you mean \"open_file_cache\"?)\n" },
	{ "name_cache = 1023", "f:1: name_cache: \"1023\" is not a whole number from 1024 to 100000000\n" },
	{ "name_cache = 1M", "f:1: name_cache: \"1M\" is not a whole number from 1024 to 100000000\n" },
	{ "name_cache = 100000000", "" },
	{ "names_cache = 5000", "f:1: unknown key \"names_cache\" (did you mean \"name_cache\"?)\n" },
	{ "workers = many", "f:1: workers: \"many\" is not a whole number from 0 to 256\n" },
	{ "workers = -1", "f:1: workers: \"-1\" is not a whole number from 0 to 256\n" },
	{ "workers = 257", "f:1: workers: \"257\" is not a whole number from 0 to 256\n" },
	{ "workers = 2.5", "f:1: workers: \"2.5\" is not a whole number from 0 to 256\n" },
	{ "workers = 4;", "f:1: remove the semicolon after \"4\"\n" },
	{ "workers = \"\"", "f:1: workers: \"\" is not a whole number from 0 to 256\n" },
	{ "offload_threads = 0", "f:1: offload_threads: \"0\" is not a whole number from 1 to 64\n" },
	{ "disk_depth = 99999999999999999999",
	  "f:1: disk_depth: \"99999999999999999999\" is not a whole number from 0 to 4096\n" },
	{ "cache_size = 12X", "f:1: cache_size: \"12X\" is not a valid size (examples: 65536, 64K, 256M, 2G)\n" },
	{ "cache_size = 4095K", "f:1: cache_size: \"4095K\" is less than the minimum, 4.0 MiB\n" },
	{ "cache_size = 0", "" },
	{ "cache_size = 1%", "" },
	{ "cache_size = 90%", "" },
	{ "cache_size = 0%", "f:1: cache_size: \"0%\" is not a whole percentage from 1% to 90%\n" },
	{ "cache_size = 91%", "f:1: cache_size: \"91%\" is not a whole percentage from 1% to 90%\n" },
	{ "\ncache_size = 2.5%", "f:2: cache_size: \"2.5%\" is not a whole percentage from 1% to 90%\n" },
	{ "cache_size = %", "f:1: cache_size: \"%\" is not a whole percentage from 1% to 90%\n" },
	{ "disk_inflight_bytes = 5%",
	  "f:1: disk_inflight_bytes: \"5%\" is not a valid size (examples: 65536, 64K, 256M, 2G)\n" },
	{ "disk_inflight_bytes = 1023K", "f:1: disk_inflight_bytes: \"1023K\" is less than the minimum, 1.0 MiB\n" },
	{ "disk_queue_timeout = 0", "f:1: disk_queue_timeout: \"0\" is less than the minimum, 10ms\n" },
	{ "cache_size = 17T", "f:1: cache_size: \"17T\" is more than the maximum, 16.0 TiB\n" },
	{ "cache_size = 99999999999T", "f:1: cache_size: \"99999999999T\" is more than the maximum, 16.0 TiB\n" },
	{ "idle_timeout = soon",
	  "f:1: idle_timeout: \"soon\" is not a valid duration (examples: 250ms, 30s, 5m, 2h, 7d)\n" },
	{ "idle_timeout = 0", "f:1: idle_timeout: \"0\" is less than the minimum, 100ms\n" },
	{ "header_timeout = 2h", "f:1: header_timeout: \"2h\" is more than the maximum, 60m\n" },
	{ "dotfiles = maybe", "f:1: dotfiles: \"maybe\" is neither true nor false\n" },
	{ "access_log = syslog\naccess_format = '%h %{Referer}i'\nsite a { access_log = '' access_format = json }",
	  "" },
	{ "access_format = ''",
	  "f:1: access_format: \"\": \"\" at byte 1: expected combined, timing, json, or a format string with a % "
	  "directive\n" },
	{ "\nsite a {\naccess_format = '%h %y' }",
	  "f:3: access_format: \"%h %y\": \"%y\" at byte 4: unknown directive\n" },
	{ "location / { require = /x }",
	  "f:1: require is not allowed in a location; set it in a site or outside all blocks\n" },
	{ "location / { access_log = x }", "f:1: access_log: \"x\" is not a valid value; write on or off\n" },
	{ "\"  \" = 4", "f:1: unknown key \"  \"\n" },
	{ "\" \" = 4", "f:1: unknown key \" \"\n" },
	{ "location / { \"  \" = 4 }", "f:1: unknown key \"  \" in a location\n" },
	{ "symlinks = bneath", "f:1: symlinks: \"bneath\" is not a valid value (did you mean \"beneath\"?)\n" },
	{ "log_level = WARN", "f:1: log_level: \"WARN\" is not a valid value (did you mean \"warning\"?)\n" },
	{ "listen = 8080", "" },
	{ "listen = \"443 ssl\"",
	  "f:1: listen: \"443 ssl\": options after an address are not supported; write \"tls::443\"\n" },
	{ "listen = {\n:80,\n\":x\"\n}", "f:3: listen: \":x\": the port is not a number\n" },
	{ "\nlisten = {}\n", "f:2: listen: the list is empty; remove the key, or write \"\" for no value\n" },
	{ "workers = 1\n\nworkers = 1\n", "f:3: workers: \"1\" is a second value; the key is already set in f:1\n" },
	{ "listen = :1\nlisten = :2\n", "f:2: listen: \":2\" is a second value; the key is already set in f:1\n" },
	{ "workers 4", "f:1: workers: \"=\" is missing; write workers = 4\n" },
	{ "workers = {4}", "f:1: workers takes one value, which is written without braces\n" },
	{ "\nworkers =\n", "f:2: workers: the value is missing\n" },
	{ "root = \"/a\nworkers = 4\n", "f:1: the string that begins with \"/a has no closing quote\n" },
	{ "= 4", "f:1: unexpected \"=\"; a setting has the form key = value\n" },
	{ "\"\" = 4", "f:1: syntax error; expected key = value\n" },
	{ "a|b = 4", "f:1: no sub-section title/index for 'a'\n" },

	{ "workers = 4\n\"\n", "f:2: the string that begins with \" has no closing quote\n" },

	/* Locations. */
	{ "location /a { cache = auto }\nlocation /a/ { cache = auto }", "" },
	{ "location '' {}", "f:1: location: \"\": the pattern is empty\n" },
	{ "location {}", "f:1: location needs a path or a glob: location \"/path/\" { ... }\n" },
	{ "location = /a",
	  "f:1: location = /a: a pattern is a path prefix or a glob, without \"=\", \"~\" and \"^~\": location "
	  "\"/path/\" { ... } or location \"*.ext\" { ... }\n" },
	{ "location /a",
	  "f:1: location /a: write one pattern, and the settings in braces: location \"/path/\" { ... }\n" },
	{ "location /a /b {}",
	  "f:1: location /a /b: write one pattern, and the settings in braces: location \"/path/\" { ... }\n" },
	{ "\nlocation a/ {\n}\n",
	  "f:2: location: \"a/\": a pattern without a leading slash is compared with a name, and no name contains a "
	  "slash; write \"/a/\"\n" },
	{ "location /a/../b {}",
	  "f:1: location: \"/a/../b\": a pattern with the name \".\" or \"..\" matches no path, because paths are "
	  "normalised; write \"/b\"\n" },
	{ "location '/a//b' {}", "f:1: location: \"/a//b\": a pattern with \"//\" matches no path, because paths are "
				 "normalised; write \"/a/b\"\n" },
	{ "location /a\n{\n\n}\nlocation /b {}\nlocation '/a' {\n}\nlocation \"/a\" {}",
	  "f:6: location: \"/a\" already has a block in f:2\n"
	  "f:8: location: \"/a\" already has a block in f:2\n" },
	{ "location /a {\n\tcache = pinned\n}",
	  "f:2: cache: \"pinned\" is not a valid value; write auto, never or pin\n" },
	{ "location /a { cache = Never }", "f:1: cache: \"Never\" is not a valid value (did you mean \"never\"?)\n" },
	{ "location /a { cache = '' }", "f:1: cache: \"\" is not a valid value; write auto, never or pin\n" },
	{ "location /a {\ncache = pin\ncache = never }",
	  "f:3: cache: \"never\" is a second value; the key is already set in f:2\n" },
	{ "location /a {\n# c\n# c\n chace = pin\n}",
	  "f:4: unknown key \"chace\" in a location (did you mean \"cache\"?)\n" },
	{ "location /a {\n x = {}\n}", "f:2: unknown key \"x\" in a location\n" },
	{ "location /a {\n cache {}\n}", "f:2: cache: \"=\" is missing; write cache = {...}\n" },
	{ "location /a {\n cache = {pin}\n}", "f:2: cache takes one value, which is written without braces\n" },
	{ "location /a {\n cache = pin, \n}", "f:2: cache: unexpected \",\" after \"pin\"; cache takes one value\n" },
	{ "location /a {\n cache =\n}", "f:2: cache: the value is missing\n" },
	{ "location /a {\n cache = pin\n\n", "f:1: the block that begins here is not closed\n" },
	{ "location /a {}\n\nlocation /b { # }", "f:3: the block that begins here is not closed\n" },
	{ "location /a {\n cache = pin \"}\n", "f:2: the string that begins with \"} has no closing quote\n"
					       "f:1: the block that begins here is not closed\n" },
	{ "location /a {\n cache = pin }\n}\n", "f:3: \"}\" closes no block\n" },
	{ "locations /a {\n cache = pin\n}", "f:1: unknown block \"locations\" (did you mean \"location\"?)\n" },
	{ "location /a {\n workers = 2\nlocation /b {}\n",
	  "f:2: workers is not allowed in a location; set it outside all blocks\n"
	  "f:3: a location must not be inside another location; the block that begins in f:1 is not closed\n" },
	/*
	 * A key that is unknown in a block is reported outside of it as well, and the reverse. A known key is unknown
	 * in other scopes.
	 */
	{ "x = 1\nlocation /a {\n x = 2\n}\nlocation /b { x = 3 }\nx = 4\ncache = pin\n",
	  "f:1: unknown key \"x\"\n"
	  "f:3: unknown key \"x\" in a location\n"
	  "f:5: unknown key \"x\" in a location\n"
	  "f:6: unknown key \"x\"\n" },
	/* The syntax of libconfuse for a key of a block from outside the block. */
	{ "location /a {}\n\"location|cache\" = pin\n",
	  "f:2: block|key is not supported; set the key inside the block\n" },
	{ "location /a {}\n\"location='/a'|\" += pin\n",
	  "f:2: block|key is not supported; set the key inside the block\n" },
	{ "location /a {}\n\"location|x\" = pin\n", "f:2: no such option 'x'\n" },

	/* Error pages. */
	{ "error_page = {'404 410 /a', '4xx /b', '500 /c'}\nerror_page += '502 /c'\n"
	  "location / { error_page = '404 /' }",
	  "" },
	{ "error_page = {'404 410 /a',\n'500 410 /b'}",
	  "f:2: error_page: \"500 410 /b\": the status 410 already has a page in this block\n" },
	{ "error_page = '5xx 404 5xx /a'",
	  "f:1: error_page: \"5xx 404 5xx /a\": the status 5xx already has a page in this block\n" },
	{ "error_page = '404,410 /a'",
	  "f:1: error_page: \"404,410 /a\": statuses are separated by blanks: \"404 410 /path\"\n" },

	/* Lists of names of sites. */
	{ "site {'a'} { }\nsite{b,\"*.b\"\n,\n'c'}\n{\n location / {} }\nsite site { }", "" },
	{ "index = site\nsite {a, b} { }\nindex += {site, b}\nlocation '*site' { }", "" },
	{ "site {a, b} { workers = 3\n\n }", "f:1: workers is not allowed in a site; set it outside all blocks\n" },
	{ "site {a,\nb} {\n hsts = x }",
	  "f:3: hsts: \"x\" is not a valid duration (examples: 250ms, 30s, 5m, 2h, 7d)\n" },
	{ "site {a, b} {\n\n", "f:1: the block that begins here is not closed\n" },
	{ "site {a,\nb/} { }",
	  "f:2: site: \"b/\": expected a name (\"www.example.org\", \"*.example.org\", \"*\") or an address\n" },
	{ "\nsite {a, b, A} { }", "f:2: site: \"A\" already has a block in f:2\n" },
	{ "\nsite {a, b} { }\nsite {c, B} { }\nsite b { }\nsite {A, c} { }",
	  "f:3: site: \"B\" already has a block in f:2\n"
	  "f:4: site: \"b\" already has a block in f:2\n"
	  "f:5: site: \"A\" already has a block in f:2\n"
	  "f:5: site: \"c\" already has a block in f:3\n" },
	{ "\nsite {} { }\n\nsite {a b} { }\nsite {a,, b} { }\nsite {a, b } root = /",
	  "f:2: site: the list of names is empty\n"
	  "f:4: " NAMES "f:5: " NAMES "f:6: " NAMES },
	{ "\nsite a b { }\nsite 'a', b { }",
	  "f:2: site: to give a site several names, write site {\"a\", \"b\"} { ... }\n"
	  "f:3: site: to give a site several names, write site {\"a\", \"b\"} { ... }\n" },
	{ "site {a, b", "f:1: " NAMES },
	{ "site {, b} { }", "f:1: " NAMES },
	{ "site {a, } { }\nsite {b,\nc, } { hsts = x }",
	  "f:3: hsts: \"x\" is not a valid duration (examples: 250ms, 30s, 5m, 2h, 7d)\n" },

	/* All errors are reported at once: the syntax errors, then the others, each in the order of the file. */
	{ "workers = x\nlocation /a/ {\n cahce = pin\n cache = pinn\n}\nroto = /\nlocation b {\n cache = x\n}\n"
	  "location /a/ {\n"
	  " cache = y\n cache = never\n}\nlocation /c {\n disk_depth = 3\n",
	  "f:14: the block that begins here is not closed\n"
	  "f:1: workers: \"x\" is not a whole number from 0 to 256\n"
	  "f:3: unknown key \"cahce\" in a location (did you mean \"cache\"?)\n"
	  "f:4: cache: \"pinn\" is not a valid value (did you mean \"pin\"?)\n"
	  "f:6: unknown key \"roto\" (did you mean \"root\"?)\n"
	  "f:7: location: \"b\": " GLOB "; write \"/b\"\n"
	  "f:8: cache: \"x\" is not a valid value; write auto, never or pin\n"
	  "f:10: location: \"/a/\" already has a block in f:2\n"
	  "f:11: cache: \"y\" is not a valid value; write auto, never or pin\n"
	  "f:12: cache: \"never\" is a second value; the key is already set in f:11\n"
	  "f:15: disk_depth is not allowed in a location; set it outside all blocks\n" },
	{ "workers = x\nroto = /\n# c\ndisk_depth = -1\nsymlinks = all\nroto = /\n",
	  "f:1: workers: \"x\" is not a whole number from 0 to 256\n"
	  "f:2: unknown key \"roto\" (did you mean \"root\"?)\n"
	  "f:4: disk_depth: \"-1\" is not a whole number from 0 to 4096\n"
	  "f:5: symlinks: \"all\" is not a valid value; links out of root are never followed; write symlinks = "
	  "beneath\n"
	  "f:6: unknown key \"roto\" (did you mean \"root\"?)\n" },
};

START_TEST(file)
{
	int expected = files[_i].messages[0] == '\0' ? 0 : -EINVAL;
	int error = parse(files[_i].text);
	ck_assert_str_eq(messages, files[_i].messages);
	ck_assert_int_eq(error, expected);
}
END_TEST

START_TEST(names_of_a_site)
{
	char text[4000], *end = text + sprintf(text, "site { first");
	for (int i = 0; i < RULES_ALIASES_MAX; i++)
		end += sprintf(end, ", \"n%d.example\"", i);
	strcpy(end, "} { }\nsite {one} { }");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(config.rules.site_count, 3);
	ck_assert_str_eq(config.rules.sites[1].host, "first");
	ck_assert_uint_eq(config.rules.sites[1].aliases.count, RULES_ALIASES_MAX);
	ck_assert_str_eq(config.rules.sites[1].aliases.list[RULES_ALIASES_MAX - 1], "n63.example");
	ck_assert_str_eq(config.rules.sites[2].host, "one");
	ck_assert_uint_eq(config.rules.sites[2].aliases.count, 0);
	free(messages);
	strcpy(end, ",\nx} { }");
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_str_eq(messages, "f:2: site: \"x\": too many names; a site may have 65\n");
}
END_TEST

START_TEST(many_unknown_keys)
{
	char text[4096] = "";
	for (int i = 0; i < 250; i++)
		sprintf(text + strlen(text), "key%d = 1\n", i);
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_ptr_nonnull(strstr(messages, "f:1: unknown key \"key0\""));
	ck_assert_ptr_nonnull(strstr(messages, "f:200: unknown key \"key199\""));
}
END_TEST

START_TEST(nul_byte)
{
	FILE *faults = open_memstream(&messages, &messages_bytes);
	ck_assert_int_eq(config_file_parse(&config, "f", "\nworkers\0= 1", 12, faults), -EINVAL);
	fclose(faults);
	ck_assert_str_eq(messages, "f:2: not a text file; it contains a NUL byte\n");
}
END_TEST

START_TEST(load)
{
	char path[] = "test_config.XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "workers = 5\n", 12), 12);
	close(fd);
	FILE *faults = open_memstream(&messages, &messages_bytes);
	int error = config_file_load(&config, path, faults);
	unlink(path);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(config.workers, 5);
	ck_assert_int_eq(config_file_load(&config, path, faults), -ENOENT);
	ck_assert_int_eq(config_file_load(&config, ".", faults), -EISDIR);
	fclose(faults);
	ck_assert_ptr_nonnull(strstr(messages, ": No such file or directory\n.: Is a directory\n"));
}
END_TEST

/* As in options.c: the command line overrides the file, and its first --listen begins a new list. */
START_TEST(precedence)
{
	char fault[CONFIG_FAULT_BYTES];
	ck_assert_int_eq(parse("root = /a\nworkers = 2\ndisk_depth = 7\nlisten = {:1, :2}\n"), 0);
	ck_assert_int_eq(config_set(&config, "root", "/b", fault), 0);
	ck_assert_int_eq(config_set(&config, "workers", "9", fault), 0);
	config.listen_is_default = true;
	ck_assert_int_eq(config_set(&config, "listen", ":3", fault), 0);
	ck_assert_int_eq(config_set(&config, "listen", ":4", fault), 0);
	ck_assert_str_eq(config.rules.sites[0].root, "/b");
	ck_assert_uint_eq(config.workers, 9);
	ck_assert_uint_eq(config.disk_depth, 7);
	ck_assert_uint_eq(config.open_file_cache, 1024);
	ck_assert_uint_eq(config.listen_count, 2);
	ck_assert_str_eq(config.listen[0].address.port, "3");
	ck_assert_str_eq(config.listen[1].address.port, "4");
}
END_TEST

START_TEST(set_rejects)
{
	char fault[CONFIG_FAULT_BYTES];
	ck_assert_int_eq(config_set(&config, "worker", "1", fault), -ENOENT);
	ck_assert_str_eq(fault, "unknown key \"worker\" (did you mean \"workers\"?)");
	ck_assert_int_eq(config_set(&config, "workers", "1 ", fault), -EINVAL);
	ck_assert_uint_eq(config.workers, 0);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(config_set(&config, "listen", ":0", fault), 0);
	ck_assert_int_eq(config_set(&config, "listen", ":0", fault), -EINVAL);
	ck_assert_uint_eq(config.listen_count, 64);
}
END_TEST

START_TEST(set_rule)
{
	char fault[CONFIG_FAULT_BYTES];
	struct settings settings = { 0 };
	ck_assert_int_eq(config_set_rule(&settings, "cache", "never", fault), 0);
	ck_assert_int_eq(settings.cache, RULE_CACHE_NEVER);
	ck_assert_uint_eq(settings.set, 1 << SETTING_CACHE);
	ck_assert_int_eq(config_set_rule(&settings, "cache", "nevr", fault), -EINVAL);
	ck_assert_str_eq(fault, "cache: \"nevr\" is not a valid value (did you mean \"never\"?)");
	ck_assert_int_eq(config_set_rule(&settings, "workers", "1", fault), -ENOENT);
	ck_assert_str_eq(fault, "workers is not allowed in a location; set it outside all blocks");
	ck_assert_int_eq(settings.cache, RULE_CACHE_NEVER);
	struct rule *rule;
	ck_assert_int_eq(config_add_rule(&config.rules.sites[0], "a", &rule, fault), -EINVAL);
	ck_assert_uint_eq(config.rules.sites[0].count, 0);
}
END_TEST

START_TEST(keys)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		ck_assert_ptr_nonnull(config_key(i));
	ck_assert_ptr_null(config_key(CONFIG_KEY_COUNT));
}
END_TEST

#define LONG_PATH_107 \
	"/23456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.1234567"

static const struct {
	const char *text;
	const char *format;  /* the address as listen_address_format() writes it; NULL: invalid */
	const char *problem; /* part of the error message */
} addresses[] = {
	{ "127.0.0.1:8080", "127.0.0.1:8080", NULL },
	{ "localhost:0", "localhost:0", NULL },
	{ "files-1.example_x.org:65535", "files-1.example_x.org:65535", NULL },
	{ ":80", ":80", NULL },
	{ "*:80", ":80", NULL },
	{ "80", ":80", NULL },
	{ "0.0.0.0:80", "0.0.0.0:80", NULL },
	{ "Files.Example:00080", "files.example:80", NULL },
	{ "[::]:80", "[::]:80", NULL },
	{ "[2001:db8::1]:443", "[2001:db8::1]:443", NULL },
	{ "[2001:DB8:0:0::1]:443", "[2001:db8::1]:443", NULL },
	{ "[fe80::1%eth0]:80", "[fe80::1%eth0]:80", NULL },
	{ "unix:/run/x:y z", "unix:/run/x:y z", NULL },
	{ "unix:" LONG_PATH_107, "unix:" LONG_PATH_107, NULL },
	{ "tls:127.0.0.1:8443", "tls:127.0.0.1:8443", NULL },
	{ "tls::443", "tls::443", NULL },
	{ "tls:*:443", "tls::443", NULL },
	{ "tls:443", "tls::443", NULL },
	{ "tls:[::]:443", "tls:[::]:443", NULL },
	{ "tls:unix:/run/x", "tls:unix:/run/x", NULL },
	{ "fd:web", "fd:web", NULL },
	{ "tls:fd:a b.socket", "tls:fd:a b.socket", NULL },
	{ "tls:", NULL, "port is missing; for example \"tls::8080\"" },
	{ "tls:tls:a:1", NULL, "[address]:port" },
	{ "unix:" LONG_PATH_107 "8", NULL, "107 bytes" },
	{ "", NULL, "port is missing" },
	{ "*", NULL, "port is missing; for example \":8080\"" },
	{ "localhost", NULL, "port is missing; for example \"localhost:8080\"" },
	{ "10.0.0.1", NULL, "port is missing; for example \"10.0.0.1:8080\"" },
	{ "[::1]", NULL, "port is missing; for example \"[::1]:8080\"" },
	{ "70000", NULL, "more than 65535" },
	{ "10.0.0:80", NULL, "not an IPv4 address" },
	{ "1.2.3.4.5:80", NULL, "not an IPv4 address" },
	{ ":", NULL, "not a number" },
	{ "a:http", NULL, "not a number" },
	{ "a:-1", NULL, "not a number" },
	{ "a:+1", NULL, "not a number" },
	{ "a: 1", NULL, "options" },
	{ "a:65536", NULL, "more than 65535" },
	{ "a:000080", NULL, "more than 65535" },
	{ "::1:80", NULL, "[address]:port; write \"[::1]:80\"" },
	{ ":::80", NULL, "[address]:port; write \"[::]:80\"" },
	{ "::80", NULL, "[address]:port; write \"[::]:80\"" },
	{ "::", NULL, "[address]:port; write \"[::]:8080\"" },
	{ "2001:db8::1", NULL, "[address]:port; write \"[2001:db8::1]:8080\"" },
	{ "[::1]80", NULL, "[address]:port" },
	{ "[::1", NULL, "[address]:port" },
	{ "[]:80", NULL, "not an IPv6 address" },
	{ "[127.0.0.1]:80", NULL, "not an IPv6 address" },
	{ "[:::1]:80", NULL, "not an IPv6 address" },
	{ "a b:80", NULL, "options" },
	{ "a,b:80", NULL, "neither a name nor an address" },
	{ "fd:", NULL, "name of the sockets is missing" },
	{ "fd:a:80", NULL, "no colon" },
	{ "fd:\xc3\xa9", NULL, "only printable ASCII" },
	{ "unix:", NULL, "begin with a slash" },
	{ "unix:run/x", NULL, "begin with a slash; write \"unix:/run/x\"" },
	/* spellings of nginx, lighttpd and Caddy */
	{ "443 ssl", NULL, "options after an address are not supported; write \"tls::443\"" },
	{ "*:443 ssl http2", NULL, "options after an address are not supported; write \"tls::443\"" },
	{ "[::1]:8080 default_server", NULL, "options after an address are not supported; write \"[::1]:8080\"" },
	{ "[::]:443 ssl ipv6only=on", NULL, "write \"tls:[::]:443\"" },
	{ "unix:run/x ssl", NULL, "write \"tls:unix:/run/x\"" },
	{ "http://a:80", NULL, "an address is not a URL; write \"a:80\"" },
	{ "http://a/", NULL, "an address is not a URL; write \"a:80\"" },
	{ "http://*:8080", NULL, "an address is not a URL; write \":8080\"" },
	{ "https://:443", NULL, "an address is not a URL; write \"tls::443\"" },
	{ "HTTPS://Example.com/x", NULL, "an address is not a URL; write \"tls:example.com:443\"" },
	{ "http://[::1]", NULL, "an address is not a URL; write \"[::1]:80\"" },
	{ "/run/x", NULL, "the prefix of a Unix socket is unix:; write \"unix:/run/x\"" },
	{ "unix//run/x", NULL, "the prefix of a Unix socket is unix:; write \"unix:/run/x\"" },
};

START_TEST(address)
{
	struct listen_address parsed, again;
	char text[300];
	const char *problem = listen_address_parse(addresses[_i].text, &parsed);
	if (addresses[_i].format != NULL) {
		ck_assert_msg(problem == NULL, "%s: %s", addresses[_i].text, problem);
		ck_assert_str_eq(listen_address_format(&parsed, text, sizeof(text)), addresses[_i].format);
		ck_assert_ptr_null(listen_address_parse(text, &again));
		ck_assert_mem_eq(&parsed, &again, sizeof(parsed));
	} else {
		ck_assert_ptr_nonnull(problem);
		ck_assert_msg(strstr(problem, addresses[_i].problem) != NULL, "%s: %s", addresses[_i].text, problem);
	}
}
END_TEST

START_TEST(long_host)
{
	struct listen_address parsed;
	char text[300];
	memset(text, 'a', sizeof(text));
	strcpy(text + 255, ":80");
	ck_assert_ptr_null(listen_address_parse(text, &parsed));
	ck_assert_uint_eq(strlen(parsed.host), 255);
	strcpy(text + 255, "a:80");
	ck_assert_ptr_nonnull(listen_address_parse(text, &parsed));
	text[0] = '[';
	strcpy(text + 257, "]:80");
	ck_assert_ptr_nonnull(listen_address_parse(text, &parsed));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *cases = tcase_create("config");
	tcase_add_checked_fixture(cases, init, fini);
	tcase_add_test(cases, defaults);
	tcase_add_test(cases, every_key);
	tcase_add_test(cases, locations);
	tcase_add_test(cases, many_locations);
	tcase_add_loop_test(cases, file, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_test(cases, many_unknown_keys);
	tcase_add_test(cases, names_of_a_site);
	tcase_add_test(cases, nul_byte);
	tcase_add_test(cases, load);
	tcase_add_test(cases, precedence);
	tcase_add_test(cases, set_rejects);
	tcase_add_test(cases, set_rule);
	tcase_add_test(cases, keys);
	tcase_add_loop_test(cases, address, 0, sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_test(cases, long_host);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
