/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts threads that receive no signals, so that the thread with the signalfd receives them. Thread-safe. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* Starts a thread with all signals blocked, which the caller joins. Returns 0 or -errno. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);
/* Starts a detached thread with all signals blocked. Returns 0 or -errno. */
int thread_start_detached(void *(*run)(void *context), void *context);

#endif
