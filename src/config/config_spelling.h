/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suggests the correct form of a value that a key rejects. Thread-safe. */
#ifndef CONFIG_CONFIG_SPELLING_H
#define CONFIG_CONFIG_SPELLING_H

#include <stdbool.h>

#include "config/config_key.h"

#define CONFIG_SPELLING_BYTES 256

/*
 * Writes advice such as `write expires = 1w` for a value that the key rejects. `text` is the value without outer
 * quotes; it may contain several words. Returns false if the intended value is not known.
 */
bool config_spelling(const struct config_key *key, const char *text, char advice[CONFIG_SPELLING_BYTES]);

#endif
