/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libmicrohttpd calls for a request, in this order: callbacks for MHD_start_daemon(), whose cls is the struct
 * exchange_shared of the server. Reactor's thread.
 */
#ifndef MHD_HANDLER_H
#define MHD_HANDLER_H

#include <microhttpd.h>
#include <stddef.h>

struct exchange;
struct exchange_shared;

/* MHD_OPTION_URI_LOG_CALLBACK: its exchange, or NULL if there is no memory. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd);
/* MHD_OPTION_UNESCAPE_CALLBACK. */
size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text);
/* MHD_AccessHandlerCallback. */
enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			     const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls);
/* MHD_OPTION_NOTIFY_COMPLETED. */
void handler_completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code);

/* Its connection has ended, before the first call perhaps. */
void handler_forget(struct exchange *exchange);

/*
 * A library older than 1.0 is about to answer a request with this status because of its Content-Length or Cookie
 * fields, and would send the head of that answer twice. The answer is sent here, and the library's goes nowhere. To be
 * called before the library has made a reply, which is when it logs the fault.
 */
void handler_parser_failed(struct exchange_shared *shared, unsigned status);

#endif
