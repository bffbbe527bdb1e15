/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asynchronous password checks: cached results, the queue, coalesced checks, and changes of the password file. The
 * linker replaces htpasswd_verify() by a function that counts its calls, and that blocks if the test requests it.
 */
#include "auth/login.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "auth/htpasswd.h"

#define SECRET "$2y$05$Yxlae/qAbn68bFocoYegdOJexPIfPo1ZkkVes8t2DMJu7JEvtotne"
#define OTHER "$5$BgHjOxsfcMtELTx6$46IWY2gTxapNmWYfHmNOXVW4CYuoq8Jbwe7BoubJrX."
#define WANTS 200

static struct reactor *reactor;
static struct offload *offload;
static struct login *login;
static struct login_file *file;
static char path[] = "test_login.XXXXXX";
static atomic_uint checks, at_once, most_at_once;
static atomic_bool held;
static sem_t released;

static struct ask {
	struct login_waiter want; /* first */
	struct basic basic;
	struct address client;
	enum login_result result;
	bool woken;
} asks[WANTS];

int __wrap_htpasswd_verify(const char *hash, const char *password);
int __wrap_htpasswd_verify(const char *hash, const char *password)
{
	unsigned now = atomic_fetch_add(&at_once, 1) + 1, most = atomic_load(&most_at_once);
	while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
		;
	atomic_fetch_add(&checks, 1);
	if (atomic_load(&held))
		sem_wait(&released);
	atomic_fetch_sub(&at_once, 1);
	if (strcmp(password, "broken") == 0)
		return -EIO;
	return strcmp(hash, SECRET) == 0 ? strcmp(password, "secret") == 0 : strcmp(password, "other") == 0;
}

static void write_file(const char *text)
{
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static void setup(void)
{
	int fd = mkstemp(strcpy(path, "test_login.XXXXXX"));
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_file("user:" SECRET "\nzoe:" OTHER "\n");
	sem_init(&released, 0, 0);
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(offload_new(&offload, 4), 0);
	ck_assert_int_eq(login_new(&login, offload, 4), 0);
	ck_assert_int_eq(login_add(login, path), 0);
	file = login_file(login, path);
	ck_assert_ptr_nonnull(file);
}

static void teardown(void)
{
	login_stop(login);
	offload_free(offload);
	reactor_free(reactor);
	login_free(login);
	unlink(path);
}

static void woken(struct login_waiter *want)
{
	((struct ask *)want)->woken = true;
}

static struct ask *begin(unsigned i, const char *user, const char *password)
{
	struct ask *ask = &asks[i];
	memset(ask, 0, sizeof(*ask));
	ask->want = (struct login_waiter){ .reactor = reactor, .done = woken };
	strcpy(ask->basic.user, user);
	strcpy(ask->basic.password, password);
	ck_assert_int_eq(address_parse("192.0.2.1", 9, &ask->client), 0);
	ask->result = login_check(login, file, &ask->basic, &ask->client, &ask->want);
	return ask;
}

static void again(struct ask *ask)
{
	ask->woken = false;
	ask->result = login_check(login, file, &ask->basic, &ask->client, &ask->want);
}

static enum login_result finish(struct ask *ask)
{
	while (ask->result == LOGIN_WAIT) {
		while (!ask->woken)
			reactor_iterate(reactor, 1000);
		again(ask);
	}
	return ask->result;
}

static enum login_result result_of(const char *user, const char *password)
{
	return finish(begin(0, user, password));
}

/* Revalidates the file, so that the next checks do not have to. */
static void look(void)
{
	result_of("user", "secret");
	atomic_store(&checks, 0);
}

static void hold(void)
{
	atomic_store(&held, true);
}

static void release_all(void)
{
	atomic_store(&held, false);
	for (unsigned i = 0; i < WANTS; i++)
		sem_post(&released);
}

START_TEST(checks_passwords)
{
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_GOOD);
	ck_assert_int_eq(result_of("user", "other"), LOGIN_BAD);
	ck_assert_int_eq(result_of("zoe", "other"), LOGIN_GOOD);
	ck_assert_int_eq(result_of("zoe", "secret"), LOGIN_BAD);
	ck_assert_int_eq(result_of("adam", "secret"), LOGIN_BAD);
	ck_assert_int_eq(result_of("user", "broken"), LOGIN_ERROR);
}
END_TEST

START_TEST(results_are_cached)
{
	look();
	ck_assert_int_eq(begin(0, "user", "secret")->result, LOGIN_GOOD); /* at once */
	ck_assert_int_eq(result_of("user", "wrong"), LOGIN_BAD);
	ck_assert_int_eq(begin(0, "user", "wrong")->result, LOGIN_BAD);
	ck_assert_uint_eq(atomic_load(&checks), 1);
	ck_assert_int_eq(result_of("user", "broken"), LOGIN_ERROR);
	ck_assert_int_eq(result_of("user", "broken"), LOGIN_ERROR);
	ck_assert_uint_eq(atomic_load(&checks), 3);
}
END_TEST

START_TEST(an_unknown_user_is_checked_against_a_hash)
{
	look();
	ck_assert_int_eq(result_of("nobody", "secret"), LOGIN_BAD);
	ck_assert_uint_eq(atomic_load(&checks), 1);
}
END_TEST

START_TEST(name_and_password_are_separated_in_the_key)
{
	look();
	write_file("user:" SECRET "\nuse:" SECRET "\n");
	ck_assert_int_eq(begin(0, "use", "rsecret")->result, LOGIN_WAIT);
	ck_assert_int_eq(finish(&asks[0]), LOGIN_BAD);
}
END_TEST

START_TEST(identical_checks_are_coalesced)
{
	look();
	hold();
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(begin(i, "user", "guess")->result, LOGIN_WAIT);
	release_all();
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(finish(&asks[i]), LOGIN_BAD);
	ck_assert_uint_eq(atomic_load(&checks), 1);
}
END_TEST

START_TEST(half_of_the_threads_check_passwords)
{
	char password[16];
	look();
	hold();
	for (unsigned i = 0; i < 18; i++) {
		snprintf(password, sizeof(password), "%u", i);
		ck_assert_int_eq(begin(i, "user", password)->result, LOGIN_WAIT);
	}
	for (unsigned i = 0; i < 10000 && atomic_load(&at_once) < 2; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 },
		  NULL); /* time for a third check to start, which would be an error */
	ck_assert_uint_eq(atomic_load(&most_at_once), 2);
	ck_assert_int_eq(begin(18, "user", "18")->result, LOGIN_TOO_MANY); /* 2 are running, 16 are queued */
	ck_assert_int_eq(begin(19, "user", "secret")->result, LOGIN_GOOD); /* a cached result needs no check */
	ck_assert_int_eq(begin(20, "user", "17")->result, LOGIN_WAIT);	   /* coalesced with a queued check */
	release_all();
	for (unsigned i = 0; i < 18; i++)
		ck_assert_int_eq(finish(&asks[i]), LOGIN_BAD);
	ck_assert_int_eq(finish(&asks[20]), LOGIN_BAD);
	ck_assert_uint_eq(atomic_load(&most_at_once), 2);
	ck_assert_int_eq(result_of("user", "18"), LOGIN_BAD); /* the queue is empty again */
}
END_TEST

static struct ask *begin_from(unsigned i, unsigned address)
{
	struct ask *ask = &asks[i];
	char text[64];
	memset(ask, 0, sizeof(*ask));
	ask->want = (struct login_waiter){ .reactor = reactor, .done = woken };
	strcpy(ask->basic.user, "user");
	snprintf(ask->basic.password, sizeof(ask->basic.password), "%u", i);
	snprintf(text, sizeof(text), "192.0.2.%u", address);
	ck_assert_int_eq(address_parse(text, strlen(text), &ask->client), 0);
	again(ask);
	return ask;
}

START_TEST(the_queue_is_limited_for_all_clients)
{
	look();
	hold();
	for (unsigned i = 0; i < 66; i++)
		ck_assert_int_eq(begin_from(i, i)->result, LOGIN_WAIT);
	ck_assert_int_eq(begin_from(66, 66)->result, LOGIN_BUSY);
	release_all();
	for (unsigned i = 0; i < 66; i++)
		ck_assert_int_eq(finish(&asks[i]), LOGIN_BAD);
	ck_assert_int_eq(finish(begin_from(67, 67)), LOGIN_BAD);
}
END_TEST

START_TEST(local_peers_may_use_the_whole_queue)
{
	look();
	hold();
	for (unsigned i = 0; i < 30; i++) {
		struct ask *ask = begin_from(i, 0);
		if (i < 18)
			ck_assert_int_eq(ask->result, LOGIN_WAIT);
		if (ask->result == LOGIN_WAIT)
			continue;
		ask->client = (struct address){ .local = true };
		again(ask);
		ck_assert_int_eq(ask->result, LOGIN_WAIT);
	}
	release_all();
	for (unsigned i = 0; i < 30; i++)
		ck_assert_int_eq(finish(&asks[i]), LOGIN_BAD);
}
END_TEST

START_TEST(stopping_ends_queued_checks)
{
	look();
	hold();
	for (unsigned i = 0; i < 10; i++)
		begin_from(i, i);
	login_stop(login);
	for (unsigned i = 2; i < 10; i++)
		ck_assert_int_eq(finish(&asks[i]), LOGIN_BUSY);
	ck_assert_int_eq(begin_from(11, 11)->result, LOGIN_BUSY);
	release_all();
	ck_assert_int_eq(finish(&asks[0]), LOGIN_BAD);
}
END_TEST

START_TEST(a_changed_file_is_read_within_a_second)
{
	look();
	write_file("user:" OTHER "\n");
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_BAD);
	ck_assert_int_eq(result_of("user", "other"), LOGIN_GOOD);
	ck_assert_int_eq(result_of("zoe", "other"), LOGIN_BAD);
}
END_TEST

/* The file changes twice within one tick of the filesystem's clock, so stat(2) returns the same values. */
START_TEST(a_change_within_one_tick_is_detected)
{
	struct stat before;
	ck_assert_int_eq(stat(path, &before), 0);
	look();
	write_file("ursu:" SECRET "\nzoe:" OTHER "\n");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, (struct timespec[]){ before.st_atim, before.st_mtim }, 0), 0);
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_BAD);
	ck_assert_int_eq(result_of("ursu", "secret"), LOGIN_GOOD);
}
END_TEST

START_TEST(an_unchanged_content_keeps_cached_results)
{
	look();
	write_file("# a comment\nzoe:" OTHER "\nuser:" SECRET "\n");
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_GOOD);
	ck_assert_uint_eq(atomic_load(&checks), 0);
}
END_TEST

START_TEST(an_invalid_file_changes_nothing)
{
	look();
	write_file("user:plain\n");
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_GOOD);
	unlink(path);
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_GOOD);
	write_file("zoe:" OTHER "\n");
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_BAD);
}
END_TEST

START_TEST(an_empty_file_rejects_everyone)
{
	look();
	write_file("");
	clock_advance_ms(1050);
	ck_assert_int_eq(result_of("user", "secret"), LOGIN_BAD);
	ck_assert_int_eq(result_of("", ""), LOGIN_BAD);
}
END_TEST

START_TEST(a_missing_file_is_an_error_at_the_start)
{
	ck_assert_int_eq(login_add(login, path), 0); /* again */
	ck_assert_int_eq(login_add(login, "/absent/passwords"), -ENOENT);
	ck_assert_int_eq(login_add(login, "/dev"), -EINVAL);
	ck_assert_ptr_null(login_file(login, "/absent"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("login");
	TCase *t = tcase_create("login");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, checks_passwords);
	tcase_add_test(t, results_are_cached);
	tcase_add_test(t, an_unknown_user_is_checked_against_a_hash);
	tcase_add_test(t, name_and_password_are_separated_in_the_key);
	tcase_add_test(t, identical_checks_are_coalesced);
	tcase_add_test(t, half_of_the_threads_check_passwords);
	tcase_add_test(t, the_queue_is_limited_for_all_clients);
	tcase_add_test(t, local_peers_may_use_the_whole_queue);
	tcase_add_test(t, stopping_ends_queued_checks);
	tcase_add_test(t, a_changed_file_is_read_within_a_second);
	tcase_add_test(t, a_change_within_one_tick_is_detected);
	tcase_add_test(t, an_unchanged_content_keeps_cached_results);
	tcase_add_test(t, an_invalid_file_changes_nothing);
	tcase_add_test(t, an_empty_file_rejects_everyone);
	tcase_add_test(t, a_missing_file_is_an_error_at_the_start);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
