#include "fetch/name_channel.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* c-ares repeats a query after 2 s if no answer has come, so that a lost packet does not use up the connect
 * time-out. */
enum { FIRST_TIMEOUT_MS = 2000, TRIES = 3 };

/* From c-ares 1.32 on, the time-out is derived from the server's earlier answers. It may be only 250 ms for
 * the first try, and doubles up to a limit, so more tries are needed until a name has had as much time. */
enum { DERIVED_TIMEOUT_VERSION = 0x012000, DERIVED_TRIES = 8, TIMEOUT_MAX_MS = 4000 };

/* Starts c-ares without the search domain "." that systemd-resolved writes to resolv.conf. It means that
 * there is none, but old versions of c-ares append it to a name of one label, which then has an empty label.
 * Newer versions do not, and save no domains that are from resolv.conf. */
static int drop_root_search_domain(ares_channel *channel, struct ares_options *options, int mask)
{
	struct ares_options saved = {0};
	int saved_mask = 0, count = 0;
	int code = ares_save_options(*channel, &saved, &saved_mask);
	if (code != ARES_SUCCESS)
		return code;
	for (int i = 0; i < saved.ndomains; i++) {
		if (strcmp(saved.domains[i], ".") != 0)
			count++;
	}
	if (count < saved.ndomains) {
		char **domains = alloc_array((size_t)count + 1, sizeof *domains);
		options->domains = domains;
		for (int i = 0; i < saved.ndomains; i++) {
			if (strcmp(saved.domains[i], ".") != 0)
				domains[options->ndomains++] = saved.domains[i];
		}
		ares_destroy(*channel);
		*channel = NULL;
		code = ares_init_options(channel, options, mask | ARES_OPT_DOMAINS);
		free(domains);
	}
	ares_destroy_options(&saved);
	return code;
}

enum status name_channel_start(
    ares_channel *channel, const char *servers, ares_sock_state_cb on_socket, void *ctx)
{
	struct ares_options options = {.timeout = FIRST_TIMEOUT_MS,
	    .tries = TRIES,
	    .sock_state_cb = on_socket,
	    .sock_state_cb_data = ctx};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
	int code = ares_library_init(ARES_LIB_INIT_ALL), version;
	ares_version(&version);
#ifdef ARES_OPT_MAXTIMEOUTMS
	if (version >= DERIVED_TIMEOUT_VERSION) {
		options.tries = DERIVED_TRIES;
		options.maxtimeout = TIMEOUT_MAX_MS;
		mask |= ARES_OPT_MAXTIMEOUTMS;
	}
#endif
	if (code == ARES_SUCCESS)
		code = ares_init_options(channel, &options, mask);
	if (code == ARES_SUCCESS)
		code = drop_root_search_domain(channel, &options, mask);
	if (code != ARES_SUCCESS) {
		log_error("c-ares cannot be started: %s", ares_strerror(code));
		return STATUS_LIBRARY;
	}
	code = servers ? ares_set_servers_ports_csv(*channel, servers) : ARES_SUCCESS;
	if (code != ARES_SUCCESS || (servers && !*servers)) {
		log_error("--dns-servers: \"%s\" is not a list of addresses such as 192.0.2.1,192.0.2.2:5353",
		    servers);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* What the callback of a query needs that is not its own. */
struct probe {
	name_channel_probe_fn answered;
	void *ctx;
};

static void end_probe(struct probe *probe, int code)
{
	if (code != ARES_EDESTRUCTION)
		probe->answered(probe->ctx, code != ARES_ETIMEOUT && code != ARES_ECONNREFUSED);
	free(probe);
}

#if ARES_VERSION >= 0x011c00

static void on_probe(void *ctx, ares_status_t code, size_t timeouts, const ares_dns_record_t *record)
{
	(void)timeouts, (void)record;
	end_probe(ctx, (int)code);
}

static void send_probe(ares_channel channel, struct probe *probe)
{
	ares_query_dnsrec(channel, ".", ARES_CLASS_IN, ARES_REC_TYPE_NS, on_probe, probe, NULL);
}

#else

static void on_probe(void *ctx, int code, int timeouts, unsigned char *answer, int len)
{
	(void)timeouts, (void)answer, (void)len;
	end_probe(ctx, code);
}

static void send_probe(ares_channel channel, struct probe *probe)
{
	enum { CLASS_IN = 1, TYPE_NS = 2 };
	ares_query(channel, ".", CLASS_IN, TYPE_NS, on_probe, probe);
}

#endif

void name_channel_probe(ares_channel channel, name_channel_probe_fn answered, void *ctx)
{
	struct probe *probe = alloc_new(sizeof *probe);
	*probe = (struct probe){answered, ctx};
	send_probe(channel, probe);
}

void name_channel_end(ares_channel channel)
{
	if (!channel)
		return;
	ares_destroy(channel);
	ares_library_cleanup();
}
