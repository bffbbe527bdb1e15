/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats numbers in a short form for people. Each function writes to `text`, which has CTL_WORDS_BYTES bytes, and
 * returns `text`. The comment of each function shows examples of its output.
 */
#ifndef CTL_WORDS_H
#define CTL_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define CTL_WORDS_BYTES 64

/* A count: "0", "999", "12.3k", "4.56M". At most five columns. */
char *ctl_words_count(double count, char *text);

/* A size: "512 B", "1.5 GiB". */
char *ctl_words_size(double bytes, char *text);

/* A rate: "1.5 GiB/s". */
char *ctl_words_rate(double bytes_per_s, char *text);

/* A latency: "128 µs", "2.0 ms", "33 ms", "1.0 s". */
char *ctl_words_latency(uint64_t us, char *text);

/* A duration: "5 s", "2 min 5 s", "4 h 12 min", "3 d 4 h". */
char *ctl_words_span(uint64_t seconds, char *text);

/* A share of a whole: "93.1 %", or "-" if `whole` is 0. */
char *ctl_words_share(uint64_t part, uint64_t whole, char *text);

#endif
