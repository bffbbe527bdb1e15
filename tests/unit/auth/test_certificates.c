/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates: loading from files that the test creates, selection by server name and key algorithm, and handshakes.
 */
#include "auth/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "base/log.h"

#define DAY (24 * 60 * 60)

static char directory[64], fault[CERTIFICATES_FAULT_BYTES];

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const void *data, size_t length)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fwrite(data, 1, length, file), length);
	fclose(file);
}

static void write_key(const char *name, gnutls_x509_privkey_t key)
{
	gnutls_datum_t text;

	ck_assert_int_eq(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text),
			 0);
	write_file(name, text.data, text.size);
	gnutls_free(text.data);
}

/*
 * Creates NAME.pem and NAME.key, a self-signed certificate for a list of names separated by spaces. It expires after
 * the given number of days; a negative number means that it has expired.
 */
static void make(const char *name, gnutls_pk_algorithm_t algorithm, const char *names, int days)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t text;
	char copy[256], file[64], *rest = NULL;
	gnutls_ecc_curve_t curve = algorithm == GNUTLS_PK_ECDSA ? GNUTLS_ECC_CURVE_SECP256R1 : GNUTLS_ECC_CURVE_ED25519;
	gnutls_digest_algorithm_t digest = algorithm == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;
	unsigned bits = algorithm == GNUTLS_PK_RSA ? 2048 : GNUTLS_CURVE_TO_BITS(curve);

	gnutls_x509_privkey_init(&key);
	ck_assert_int_eq(gnutls_x509_privkey_generate(key, algorithm, bits, 0), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 30 * DAY);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + days * DAY);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	snprintf(copy, sizeof(copy), "%s", names);
	for (char *one = strtok_r(copy, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest))
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, one, (unsigned)strlen(one),
						     GNUTLS_FSAN_APPEND);
	gnutls_x509_crt_set_key(crt, key);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, key, digest, 0), 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);
	snprintf(file, sizeof(file), "%s.pem", name);
	write_file(file, text.data, text.size);
	gnutls_free(text.data);
	snprintf(file, sizeof(file), "%s.key", name);
	write_key(file, key);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void set_up(void)
{
	strcpy(directory, "/tmp/test_certificates.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	make("a", GNUTLS_PK_ECDSA, "a.example *.a.example", 30);
	make("b", GNUTLS_PK_RSA, "b.example sub.a.example", 30);
	make("c", GNUTLS_PK_ECDSA, "b.example", 30);
	make("plain.example", GNUTLS_PK_EDDSA_ED25519, "", 30);
	make("old", GNUTLS_PK_ECDSA, "old.example", -1);
}

static void be_quiet(void)
{
	unsigned log;

	ck_assert_int_eq(log_open_errors(NULL, &log), 0);
	log_use(log, LOG_LEVEL_ERROR);
}

static void tear_down(void)
{
	remove_directory(directory);
}

/* Loads the pairs a.pem a.key and b.pem b.key for "a b". */
static struct certificates *load_all(const char *names)
{
	char copy[128], *pairs[8], *rest = NULL;
	struct certificates *set = NULL;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *one = strtok_r(copy, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest))
		ck_assert_int_gt(asprintf(&pairs[count++], "%s/%s.pem %s/%s.key", directory, one, directory, one), 0);
	fault[0] = '\0';
	ck_assert_msg(certificates_load(&set, pairs, count, fault) == 0, "%s", fault);
	while (count > 0)
		free(pairs[--count]);
	return set;
}

static const gnutls_pk_algorithm_t rsa[] = { GNUTLS_PK_RSA }, both[] = { GNUTLS_PK_RSA, GNUTLS_PK_ECDSA };

/* Selection from the pairs a, b, c and plain.example. */
static const struct {
	const char *name;
	const gnutls_pk_algorithm_t *algorithms;
	size_t count, expected;
} choices[] = {
	{ NULL, NULL, 0, 0 },
	{ "nobody.example", NULL, 0, 0 },
	{ "a.example", NULL, 0, 0 },
	{ "A.Example", NULL, 0, 0 },
	{ "a.example.", NULL, 0, 0 },
	{ "b.example", NULL, 0, 1 },
	{ "b.example", rsa, 1, 1 },
	{ "b.example", both, 2, 1 },
	{ "b.example", &both[1], 1, 2 },     /* its second certificate */
	{ "any.a.example", NULL, 0, 0 },     /* a wildcard */
	{ "sub.a.example", NULL, 0, 1 },     /* the exact name wins over a wildcard */
	{ "sub.a.example", &both[1], 1, 1 }, /* the name wins over the key algorithm */
	{ "x.any.a.example", NULL, 0, 0 },   /* a wildcard matches one label: the default */
	{ "plain.example", NULL, 0, 3 },     /* by its common name */
	{ "*.a.example", NULL, 0, 0 },
	{ ".a.example", rsa, 1, 1 }, /* no label: the default for this client */
	{ "", rsa, 1, 1 },
	{ "nobody.example", rsa, 1, 1 }, /* the first that the client supports */
};

START_TEST(selects_a_certificate_by_name)
{
	struct certificates *set = load_all("a b c plain.example");
	size_t found = certificates_find(set, choices[_i].name, choices[_i].algorithms, choices[_i].count);

	ck_assert_msg(found == choices[_i].expected, "%s: %zu, not %zu", choices[_i].name, found, choices[_i].expected);
	certificates_free(set);
}
END_TEST

START_TEST(an_overlong_name_matches_nothing)
{
	struct certificates *set = load_all("b a");
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(certificates_find(set, name, NULL, 0), 0);
	strcpy(name + 1000, ".a.example");
	ck_assert_int_eq(certificates_find(set, name, NULL, 0), 0);
	certificates_free(set);
}
END_TEST

/* "@" is replaced by the directory of the test. */
static const struct {
	const char *pair, *fault;
} faults[] = {
	{ "@/none.pem @/a.key", "/none.pem: No such file or directory" },
	{ "@/a.pem @/none.key", "/none.key: No such file or directory" },
	{ "@/a.pem @/b.key", "/b.key: the key does not match the certificate in " },
	{ "@/a.key @/a.key", "/a.key: the file contains no certificate in PEM format" },
	{ "@/a.pem @/a.pem", "/a.pem: the file contains no private key in PEM format" },
	{ "@/a.pem", "/a.pem: the file contains no private key in PEM format" },
	{ "@/empty @/a.key", "/empty: the file contains no certificate in PEM format" },
	{ "@/noise @/a.key", "/noise: the file contains no certificate in PEM format" },
	{ "@/a.pem @/noise", "/noise: the file contains no private key in PEM format" },
	{ "@/a.pem @/locked.key", "/locked.key: the key is encrypted" },
	{ "@/a.pem @/a.key more", "expected the file of a certificate and the file of its key" },
	{ " ", "expected the file of a certificate and the file of its key" },
	{ "@ @/a.key", ": Is a directory" },
};

static void make_odd_files(void)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t text;

	write_file("empty", "", 0);
	write_file("noise", "-----BEGIN CERTIFICATE-----\n????\n", 33);
	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	ck_assert_int_eq(
		gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, "secret", GNUTLS_PKCS_PBES2_AES_256, &text),
		0);
	write_file("locked.key", text.data, text.size);
	gnutls_free(text.data);
	gnutls_x509_privkey_deinit(key);
}

static void fill_in(const char *from, char *to, size_t bytes)
{
	size_t length = 0;

	for (to[0] = '\0'; *from != '\0'; from++)
		length += (size_t)snprintf(to + length, bytes - length, *from == '@' ? "%s" : "%.1s",
					   *from == '@' ? directory : from);
}

START_TEST(an_error_names_the_file)
{
	struct certificates *set = (struct certificates *)&fault;
	char pair[512], good[256], *pairs[2] = { good, pair };

	make_odd_files();
	snprintf(good, sizeof(good), "%s/b.pem %s/b.key", directory, directory);
	fill_in(faults[_i].pair, pair, sizeof(pair));
	ck_assert_int_eq(certificates_load(&set, pairs, 2, fault), -EINVAL);
	ck_assert_msg(strstr(fault, faults[_i].fault) != NULL, "%s: \"%s\"", pair, fault);
	ck_assert_ptr_eq(set, &fault);
}
END_TEST

START_TEST(an_expired_certificate_is_used)
{
	struct certificates *set = load_all("old");

	certificates_free(set);
}
END_TEST

/* --- handshakes --- */

struct talk {
	gnutls_session_t server, client;
	gnutls_certificate_credentials_t server_credentials, client_credentials;
	int fds[2];
};

static void begin(struct talk *talk, struct certificates *set, const char *name, const char *priorities)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, talk->fds), 0);
	gnutls_certificate_allocate_credentials(&talk->server_credentials);
	gnutls_certificate_set_retrieve_function2(talk->server_credentials, certificates_retrieve);
	gnutls_init(&talk->server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_priority_set_direct(talk->server, "NORMAL", NULL);
	gnutls_credentials_set(talk->server, GNUTLS_CRD_CERTIFICATE, talk->server_credentials);
	gnutls_transport_set_int(talk->server, talk->fds[0]);
	certificates_begin(set, talk->server);

	gnutls_certificate_allocate_credentials(&talk->client_credentials);
	gnutls_init(&talk->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	ck_assert_int_eq(gnutls_priority_set_direct(talk->client, priorities, NULL), 0);
	gnutls_credentials_set(talk->client, GNUTLS_CRD_CERTIFICATE, talk->client_credentials);
	if (name != NULL)
		gnutls_server_name_set(talk->client, GNUTLS_NAME_DNS, name, strlen(name));
	gnutls_transport_set_int(talk->client, talk->fds[1]);
}

/* Returns 0, or the error of either side. */
static int shake(struct talk *talk)
{
	int server = GNUTLS_E_AGAIN, client = GNUTLS_E_AGAIN;

	for (unsigned i = 0; i < 1000 && (server != 0 || client != 0); i++) {
		if (client != 0)
			client = gnutls_handshake(talk->client);
		if (server != 0)
			server = gnutls_handshake(talk->server);
		if (client < 0 && gnutls_error_is_fatal(client))
			return client;
		if (server < 0 && gnutls_error_is_fatal(server))
			return server;
	}
	return server != 0 ? server : client;
}

static void end(struct talk *talk)
{
	gnutls_deinit(talk->server);
	gnutls_deinit(talk->client);
	gnutls_certificate_free_credentials(talk->server_credentials);
	gnutls_certificate_free_credentials(talk->client_credentials);
	close(talk->fds[0]);
	close(talk->fds[1]);
}

static void common_name(struct talk *talk, char *name, size_t length)
{
	unsigned count;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(talk->client, &count);
	gnutls_x509_crt_t crt;

	ck_assert_uint_eq(count, 1);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER);
	ck_assert_int_eq(gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &length), 0);
	gnutls_x509_crt_deinit(crt);
}

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define ECDSA_ONLY ":-SIGN-ALL:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256"
#define RSA_ONLY ":-SIGN-ALL:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256"

static const struct {
	const char *name, *priorities, *expected;
} handshakes[] = {
	{ NULL, TLS13, "a" },
	{ NULL, TLS12, "a" },
	{ "b.example", TLS13, "b" },
	{ "b.example", TLS12, "b" },
	{ "b.example", TLS13 ECDSA_ONLY, "c" },
	{ "b.example", TLS12 ECDSA_ONLY, "c" },
	{ "b.example", TLS13 RSA_ONLY, "b" },
	{ "nobody.example", TLS13 RSA_ONLY, "b" },
	{ "nobody.example", TLS12 RSA_ONLY, "b" },
	{ "plain.example", TLS13, "plain.example" },
	{ "plain.example", TLS12, "plain.example" },
};

START_TEST(a_handshake_uses_the_selected_certificate)
{
	struct certificates *set = load_all("a b c plain.example");
	struct talk talk;
	char name[64];
	int result;

	begin(&talk, set, handshakes[_i].name, handshakes[_i].priorities);
	result = shake(&talk);
	ck_assert_msg(result == 0, "%s", gnutls_strerror(result));
	common_name(&talk, name, sizeof(name));
	ck_assert_str_eq(name, handshakes[_i].expected);
	end(&talk);
	certificates_free(set);
}
END_TEST

/* A ticket of the first connection is accepted by a second one with the same set, and declined with another set. */
static bool comes_back(struct certificates *first, struct certificates *second)
{
	struct talk talk;
	gnutls_datum_t ticket;
	char byte;
	bool resumed;

	begin(&talk, first, "a.example", TLS12);
	ck_assert_int_eq(shake(&talk), 0);
	gnutls_record_recv(talk.client, &byte, 1);
	ck_assert_int_eq(gnutls_session_get_data2(talk.client, &ticket), 0);
	end(&talk);
	begin(&talk, second, "a.example", TLS12);
	ck_assert_int_eq(gnutls_session_set_data(talk.client, ticket.data, ticket.size), 0);
	ck_assert_int_eq(shake(&talk), 0);
	resumed = gnutls_session_is_resumed(talk.server) != 0;
	end(&talk);
	gnutls_free(ticket.data);
	return resumed;
}

START_TEST(tickets_are_valid_for_their_set_only)
{
	struct certificates *set = load_all("a"), *other = load_all("a");

	ck_assert(comes_back(set, set));
	ck_assert(!comes_back(set, other));
	certificates_free(set);
	certificates_free(other);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))

static void speak(void)
{
	log_stop();
}

int main(void)
{
	Suite *suite = suite_create("certificates");
	TCase *tcase = tcase_create("all");

	tcase_add_unchecked_fixture(tcase, set_up, tear_down);
	tcase_add_checked_fixture(tcase, be_quiet, speak);
	tcase_add_loop_test(tcase, selects_a_certificate_by_name, 0, ROWS(choices));
	tcase_add_test(tcase, an_overlong_name_matches_nothing);
	tcase_add_loop_test(tcase, an_error_names_the_file, 0, ROWS(faults));
	tcase_add_test(tcase, an_expired_certificate_is_used);
	tcase_add_loop_test(tcase, a_handshake_uses_the_selected_certificate, 0, ROWS(handshakes));
	tcase_add_test(tcase, tickets_are_valid_for_their_set_only);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
