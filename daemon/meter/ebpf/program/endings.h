/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Follows connections that their owners have ended. Programs on sockets and on links must count the very
 * same packets of one, and packets are under way between them at any moment. So the sequence numbers decide:
 * what was sent after the FIN, and what was received in answer to it. After a RST it is everything, since
 * then there is no socket left that could count.
 */
#ifndef NETMETER_ENDINGS_H
#define NETMETER_ENDINGS_H

#include "wire.h"

/* Ephemeral ports start here (net.ipv4.ip_local_port_range): a lower port is taken for a service's. */
#define FIRST_EPHEMERAL_PORT 32768

extern struct map_definition endings;

/*
 * A service's port is another one on the link than at its socket where NAT publishes it. The port that its client
 * has got is nobody else's at that address, but in the rarest of cases: it is enough to know the connection by.
 */
static __always_inline void make_ending_key(const struct packet *packet, struct ending_key *key)
{
	int is_served = packet->local_port < FIRST_EPHEMERAL_PORT && packet->remote_port >= FIRST_EPHEMERAL_PORT;

	copy_address(key->remote, packet->remote);
	key->remote_port = packet->remote_port;
	key->local_port = is_served ? 0 : packet->local_port;
}

static __always_inline int is_after(const struct ending *ending, const struct packet *packet, int tx)
{
	if (ending->reset)
		return 1;
	if (tx)
		return (__s32)(packet->sequence - ending->after) >= 0;
	return packet->tcp_flags & TCP_ACK && (__s32)(packet->acknowledgement - ending->after) >= 0;
}

static __always_inline void count_ending(struct ending *ending, struct counter *sums, const struct packet *packet,
					 const struct counter *wire, int tx)
{
	if (!is_after(ending, packet, tx))
		return;
	add(&sums[tx], wire);
	ending->moved_at = bpf_ktime_get_ns();
}

#endif
