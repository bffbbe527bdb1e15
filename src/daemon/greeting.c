/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket that listens on all addresses has an address that no browser can open, such as [::]:8080. Instead of it, the
 * greeting lists the addresses of the machine, so that a user can type one of them on another device.
 *
 * The addresses are those at the start. They are not updated when the machine joins another network.
 */
#include "daemon/greeting.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/escape.h"
#include "daemon/site_roots.h"
#include "net/own_addresses.h"

#define ADDRESSES_MAX 8
#define URL_BYTES 320

union bound_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un local;
};

char *greeting_url(const char *host, unsigned port, bool tls, char *text, size_t text_bytes)
{
	const bool is_six = strchr(host, ':') != NULL;
	const char *scope = strchr(host, '%');
	const int plain = scope != NULL ? (int)(scope - host) : (int)strlen(host);
	char suffix[8] = "";

	if (port != (tls ? 443 : 80))
		snprintf(suffix, sizeof(suffix), ":%u", port);
	/* RFC 6874: the "%" of a scope is escaped. */
	snprintf(text, text_bytes, "%s://%s%.*s%s%s%s%s/", tls ? "https" : "http", is_six ? "[" : "", plain, host,
		 scope != NULL ? "%25" : "", scope != NULL ? scope + 1 : "", is_six ? "]" : "", suffix);
	return text;
}

static void print_url(const char *host, unsigned port, bool tls, const char *remark)
{
	char url[URL_BYTES];

	printf("  %-*s%s\n", *remark != '\0' ? 34 : 0, greeting_url(host, port, tls, url, sizeof(url)), remark);
}

/* Prints the URLs of a socket that listens on all addresses of one family, or of both families. */
static void print_all(bool four, bool six, unsigned port, bool tls)
{
	struct own_address list[ADDRESSES_MAX];
	const size_t count = own_addresses_list(list, ADDRESSES_MAX);
	unsigned printed = 0;

	print_url(four ? "127.0.0.1" : "::1", port, tls, "this machine");
	for (size_t i = 0; i < count; i++) {
		char remark[IF_NAMESIZE + 20];

		if (!(list[i].family == AF_INET ? four : six))
			continue;
		snprintf(remark, sizeof(remark), "other devices (%s)", list[i].interface);
		print_url(list[i].text, port, tls, remark);
		printed++;
	}
	if (printed == 0)
		puts("  (this machine has no address that other devices can use)");
}

static void print_unix(const struct sockaddr_un *address, bool tls)
{
	const bool is_abstract = address->sun_path[0] == '\0';

	escape_print_line(stdout, "  curl --%s %s %s://localhost/",
			  is_abstract ? "abstract-unix-socket" : "unix-socket", address->sun_path + is_abstract,
			  tls ? "https" : "http");
}

static bool is_only_six(int fd)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length) == 0 && value != 0;
}

/* Prints the URLs of a socket. Returns true if other devices can connect to it. */
static bool print_socket(const struct sockets *sockets, size_t i)
{
	union bound_address address = { 0 };
	socklen_t length = sizeof(address);
	const bool tls = sockets_is_tls(sockets, i);
	const unsigned port = sockets_port(sockets, i);
	const int fd = sockets_fd(sockets, i);
	char host[NI_MAXHOST];

	if (getsockname(fd, &address.any, &length) != 0)
		return false;
	if (address.any.sa_family == AF_UNIX) {
		print_unix(&address.local, tls);
		return false;
	}
	if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address.six.sin6_addr)) {
		print_all(!is_only_six(fd), true, port, tls);
		return true;
	}
	if (address.any.sa_family == AF_INET && address.four.sin_addr.s_addr == htonl(INADDR_ANY)) {
		print_all(true, false, port, tls);
		return true;
	}
	if (getnameinfo(&address.any, length, host, sizeof(host), NULL, 0, NI_NUMERICHOST) != 0)
		return false;
	print_url(host, port, tls, "");
	return address.any.sa_family == AF_INET ? ntohl(address.four.sin_addr.s_addr) >> 24 != 127
						: !IN6_IS_ADDR_LOOPBACK(&address.six.sin6_addr);
}

/* Tells the user of an interactive start who can read the files. `port` is 0 for a Unix socket. */
static void print_advice(const struct options *options, bool is_shared, unsigned port)
{
	if (is_shared)
		puts("Every device that can reach this machine can read the files.");
	else
		printf("Only this machine can connect. To serve other devices, run in this directory: ranged %u\n",
		       port > 0 ? port : 8080);
	if (options->ignored_path != NULL)
		escape_print_line(stdout, "To use %s, run: ranged --config %s", options->ignored_path,
				  options->ignored_path);
}

void greeting_print(const struct generation *generation)
{
	const struct options *options = &generation->options;
	const struct sockets *sockets = generation->sockets;
	const char *root = site_roots_first(&options->config.rules);
	char *path = NULL;
	bool is_shared = false;

	if (!isatty(STDOUT_FILENO))
		return;
	if (options->interactive)
		path = realpath(root, NULL);
	escape_print_line(stdout, "ranged %s serves %s", PACKAGE_VERSION, path != NULL ? path : root);
	free(path);
	for (size_t i = 0; i < sockets_count(sockets); i++)
		is_shared = print_socket(sockets, i) || is_shared;
	if (options->interactive)
		print_advice(options, is_shared, sockets_port(sockets, 0));
	puts("Press Ctrl-C to stop.");
	fflush(stdout);
}
