/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The opening has two users: the caller and the thread. The last user frees the opening. If the caller has given up,
 * that is the thread, and it also closes the descriptor.
 */
#include "daemon/root_opening.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

struct root_opening {
	char *path;
	struct text_list required;
	struct root_place place;
	sem_t ended;
	atomic_uint users; /* acquire-release; the last user sees the changes of the other user */
	/* Written by the thread before it posts `ended` or drops its use. */
	atomic_bool looked_up; /* Release and acquire: publishes the results. */
	int error;
	struct root_found found;
};

static void drop(struct root_opening *opening)
{
	if (atomic_fetch_sub_explicit(&opening->users, 1, memory_order_acq_rel) > 1)
		return;
	if (opening->found.fd >= 0)
		close(opening->found.fd);
	sem_destroy(&opening->ended);
	text_list_clear(&opening->required);
	free(opening->path);
	free(opening);
}

static void *run(void *context)
{
	struct root_opening *opening = context;

	opening->error = root_lookup(&opening->place, &opening->found, NULL);
	atomic_store_explicit(&opening->looked_up, true, memory_order_release);
	sem_post(&opening->ended);
	drop(opening);
	return NULL;
}

static int copy_place(struct root_opening *opening, const struct root_place *place)
{
	opening->path = strdup(place->path);
	for (size_t i = 0; i < place->required->count; i++)
		if (text_list_add(&opening->required, place->required->list[i], NULL) != NULL)
			return -ENOMEM;
	opening->place = (struct root_place){ .path = opening->path,
					      .symlinks = place->symlinks,
					      .required = &opening->required };
	return opening->path != NULL ? 0 : -ENOMEM;
}

int root_opening_start(struct root_opening **opening, const struct root_place *place)
{
	struct root_opening *made = calloc(1, sizeof(*made));
	pthread_t thread;
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->users = 1;
	made->found.fd = -1;
	sem_init(&made->ended, 0, 0);
	error = copy_place(made, place);
	if (error == 0) {
		made->users = 2;
		error = -pthread_create(&thread, NULL, run, made);
	}
	if (error != 0) {
		made->users = 1;
		drop(made);
		return error;
	}
	pthread_setname_np(thread, "ranged-opening");
	pthread_detach(thread);
	*opening = made;
	return 0;
}

int root_opening_finish(struct root_opening *opening, uint64_t until_ns, struct root_found *found)
{
	const struct timespec until = { .tv_sec = (time_t)(until_ns / CLOCK_NS_PER_S),
					.tv_nsec = (long)(until_ns % CLOCK_NS_PER_S) };
	int error;

	while (sem_clockwait(&opening->ended, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
	error = atomic_load_explicit(&opening->looked_up, memory_order_acquire) ? opening->error : -ETIMEDOUT;
	if (error == 0) {
		*found = opening->found;
		opening->found.fd = -1;
	}
	drop(opening);
	return error;
}
