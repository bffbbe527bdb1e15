/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged-sign creates the signed URLs that ranged verifies, and checks existing signed URLs. ranged-sign uses the same
 * code as ranged (auth/signature.c), so both programs always agree on the format.
 *
 * The arguments are processed one after the other. After an error in one argument, the program continues with the next
 * argument. The exit status is the status of the last error. The status is 1 if --check found a URL that ranged
 * rejects, otherwise a status of sysexits.h. The program has one thread.
 */
#include <argp.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "auth/signature.h"
#include "base/escape.h"
#include "base/units.h"
#include "sign/time.h"
#include "sign/url.h"

#define EXPIRES_DEFAULT 3600

struct command {
	const char *key_file, *key_id;
	const char *address;	    /* value of --address, or NULL */
	struct address client;	    /* address of the client for --check */
	struct signature signature; /* the parameters to sign; the path is filled in for each URL */
	bool check;
	int delimiter; /* delimiter of the lines on standard input */
	const struct sign_key *key;
	struct sign_keys *keys;
	int64_t now;
	int status;
};

static const struct argp_option option_table[] = {
	{ "key-file", 'k', "FILE", 0, "Key file, as set by sign_keys in ranged.conf (required)", 0 },
	{ "key", 'i', "ID", 0, "Sign with this key instead of the first one in the file", 0 },
	{ "expires", 'e', "TIME", 0,
	  "Expiry, as a duration or a time: 90s, 30m, 1h, 7d, 2026-12-31, 2026-12-31T18:00Z, @1798741800 (default 1h)",
	  0 },
	{ "prefix", 'p', NULL, 0, "Sign the path as a directory; the signature is valid for all paths below it", 0 },
	{ "address", 'a', "ADDRESS", 0, "Restrict the URL to this client or network (192.0.2.0/24)", 0 },
	{ "rate", 'r', "SIZE", 0, "Limit responses to this many bytes per second (for example 500K or 2M)", 0 },
	{ "null", '0', NULL, 0, "Lines on standard input end in NUL bytes instead of newlines", 0 },
	{ "check", 'c', NULL, 0,
	  "Check signed URLs instead of signing; print the status that ranged would send to the client given by "
	  "--address",
	  0 },
	{ 0 },
};

static void set_expires(struct command *command, const char *text, struct argp_state *state)
{
	int error = sign_time_parse(text, command->now, &command->signature.expires);

	if (error == -ERANGE)
		argp_error(state, "--expires: \"%s\" is not in the future, or too far in the future", text);
	else if (error != 0)
		argp_error(state,
			   "--expires: \"%s\" is neither a duration (90s, 30m, 1h, 7d) nor a time (2026-12-31, "
			   "2026-12-31T18:00Z, @1798741800)",
			   text);
}

static void set_rate(struct command *command, const char *text, struct argp_state *state)
{
	uint64_t bytes;

	if (units_parse_size(text, &bytes) != 0 || bytes == 0 || bytes > SIGNATURE_RATE_MAX)
		argp_error(state, "--rate: \"%s\" is not a valid size (examples: 500K, 2M)", text);
	command->signature.rate_bytes = bytes;
}

static void set_address(struct command *command, const char *text, struct argp_state *state)
{
	struct cidr cidr;

	if (strlen(text) >= SIGNATURE_ADDRESS_BYTES || address_parse_cidr(text, &cidr) != NULL)
		argp_error(state, "--address: \"%s\" is neither an address nor a network", text);
	command->address = text;
}

static error_t parse_option(int option, char *value, struct argp_state *state)
{
	struct command *command = state->input;

	switch (option) {
	case 'k':
		command->key_file = value;
		return 0;
	case 'i':
		command->key_id = value;
		return 0;
	case 'e':
		set_expires(command, value, state);
		return 0;
	case 'p':
		command->signature.prefix = true;
		return 0;
	case 'a':
		set_address(command, value, state);
		return 0;
	case 'r':
		set_rate(command, value, state);
		return 0;
	case '0':
		command->delimiter = '\0';
		return 0;
	case 'c':
		command->check = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "ranged-sign %s\nGnuTLS %s\n", PACKAGE_VERSION, gnutls_check_version(NULL));
}

/* Prints an error message about a URL or a file, and sets the exit status. */
static void print_error(struct command *command, int status, const char *about, const char *what)
{
	escape_print_line(stderr, "ranged-sign: %s: %s", about, what);
	command->status = status;
}

/* --- one URL --- */

static void sign_url(struct command *command, const char *text, const struct sign_url *url)
{
	struct signature found, *signature = &command->signature;
	char query[SIGNATURE_QUERY_BYTES];

	if (signature_parse(url->query, &found) != SIGNATURE_MISSING) {
		print_error(command, EX_DATAERR, text, "the URL already has signature parameters (e, k, s, a, r or p)");
		return;
	}
	strcpy(stpcpy(signature->path, "/"), url->path.file);
	if (signature_sign(signature, command->key) != 0 || signature_format(signature, query, sizeof(query)) != 0) {
		print_error(command, EX_SOFTWARE, text, "cannot sign the URL; it may be too long");
		return;
	}
	printf("%s%s%s%s\n", url->text,
	       url->query == NULL    ? "?"
	       : *url->query != '\0' ? "&"
				     : "",
	       query, url->fragment);
}

/* Returns the address of the client for --check. Without --address, returns the address in the signature. */
static struct address client_of(const struct command *command, const struct sign_url *url)
{
	struct signature signature;
	struct address client = command->client;

	if (command->address == NULL && signature_parse(url->query, &signature) == SIGNATURE_GOOD &&
	    signature.address[0] != '\0') {
		address_parse(signature.address, strcspn(signature.address, "/"), &client);
	}
	return client;
}

static void check_url(struct command *command, const struct sign_url *url)
{
	struct address client = client_of(command, url);
	struct signature signature;
	enum signature_verdict verdict = signature_check(command->keys, &url->path, &client, command->now, &signature);
	char time[40];

	printf("%u %s", signature_status(verdict), signature_description(verdict));
	if (verdict == SIGNATURE_GOOD || verdict == SIGNATURE_EXPIRED) {
		escape_printf(stdout, "; expiry %s, key %s", sign_time_format(signature.expires, time, sizeof(time)),
			      signature.key);
		if (signature.prefix)
			escape_printf(stdout, ", valid for all paths below %s", signature.path);
		if (signature.address[0] != '\0')
			escape_printf(stdout, ", client %s", signature.address);
		if (signature.rate_bytes > 0)
			printf(", %" PRIu64 " bytes/s", signature.rate_bytes);
	}
	putchar('\n');
	if (verdict != SIGNATURE_GOOD && command->status == 0)
		command->status = 1;
}

static void handle(struct command *command, const char *text)
{
	struct sign_url url;
	const char *fault = sign_url_parse(text, !command->check, &url);

	if (fault != NULL) {
		print_error(command, EX_DATAERR, text, fault);
		return;
	}
	if (command->check)
		check_url(command, &url);
	else
		sign_url(command, text, &url);
	sign_url_free(&url);
}

static void handle_stdin(struct command *command)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getdelim(&text, &room, command->delimiter, stdin)) > 0) {
		if (text[length - 1] == command->delimiter)
			text[length - 1] = '\0';
		if (*text != '\0')
			handle(command, text);
	}
	if (ferror(stdin))
		print_error(command, EX_NOINPUT, "standard input", strerror(errno));
	free(text);
}

/* --- the command line --- */

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "URL|PATH...\n-",
	.doc = "Print signed URLs for ranged, one per line. A URL is used unchanged. A PATH starts with a slash and "
	       "names a file below the root that ranged serves. It is given unescaped; the program escapes it. "
	       "\"-\" reads URLs and paths from standard input."
	       "\vThe exit status is 0 on success; 1 if --check found a URL that ranged rejects; otherwise one of "
	       "sysexits.h. See ranged-sign(1).",
};

/* Loads the key file and selects the key. Returns 0 or an exit status. */
static int load_keys(struct command *command)
{
	char fault[SIGN_KEYS_FAULT_BYTES];
	int error = sign_keys_load(command->key_file, &command->keys, fault);

	if (error != 0) {
		escape_print_line(stderr, "ranged-sign: %s", fault);
		return error == -EINVAL || error == -EFBIG ? EX_CONFIG : EX_NOINPUT;
	}
	if (command->keys->exposed)
		fprintf(stderr,
			"ranged-sign: %s: all users of this machine can read the key file; run chmod o-r on it\n",
			command->key_file);
	command->key = command->key_id == NULL ? &command->keys->list[0]
					       : sign_keys_find(command->keys, command->key_id);
	if (command->key != NULL)
		return 0;
	escape_print_line(stderr, "ranged-sign: %s: the file has no key \"%s\"", command->key_file, command->key_id);
	return EX_CONFIG;
}

/* Checks that the options can be combined. Returns 0 or an exit status. */
static int check_options(struct command *command, int arguments)
{
	const char *fault = NULL;

	if (command->key_file == NULL)
		fault = "no --key-file given";
	else if (arguments == 0)
		fault = "no URL or path given; use \"-\" for standard input";
	else if (command->check && command->address != NULL &&
		 address_parse(command->address, strlen(command->address), &command->client) != 0)
		fault = "--check: --address must be a single address, not a network";
	if (fault != NULL) {
		escape_print_line(stderr, "ranged-sign: %s", fault);
		fprintf(stderr, "Try `ranged-sign --help' for more information.\n");
	} else if (command->address != NULL) {
		strcpy(command->signature.address, command->address);
	}
	return fault != NULL ? EX_USAGE : 0;
}

int main(int argc, char **argv)
{
	static struct command command = { .delimiter = '\n' };
	int first;

	command.now = time(NULL);
	command.signature.expires = command.now + EXPIRES_DEFAULT;
	argp_program_version_hook = print_version;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, &first, &command);
	command.status = check_options(&command, argc - first);
	if (command.status == 0)
		command.status = load_keys(&command);
	if (command.keys != NULL && command.key != NULL)
		for (int i = first; i < argc; i++) {
			if (strcmp(argv[i], "-") == 0)
				handle_stdin(&command);
			else
				handle(&command, argv[i]);
		}
	sign_keys_free(command.keys);
	if (fflush(stdout) != 0 || ferror(stdout))
		print_error(&command, EX_IOERR, "standard output", strerror(errno));
	return command.status;
}
