/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Follows connections whose owner ended them first, on the side of the socket. */
#ifndef NETMETER_ENDINGS_H
#define NETMETER_ENDINGS_H

#include "wire.h"

/* include/net/tcp_states.h: after the owner's FIN; CLOSE is where the owner sends a RST from. */
#define STATE_FIN_WAIT1 4
#define STATE_FIN_WAIT2 5
#define STATE_CLOSE 7
#define STATE_CLOSING 11
#define ENDING_STATES                                                                                  \
	(1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSE | 1U << STATE_CLOSING)

extern struct map_definition endings;

static __always_inline void make_ending_key(const struct packet *packet, struct ending_key *key)
{
	copy_address(key->remote, packet->remote);
	key->remote_port = packet->remote_port;
	key->local_port = packet->local_port;
}

/* Counts what the socket still gets and sends, so that it can be taken off what the links see. */
static __always_inline void note_ending(struct __sk_buff *skb, const struct packet *packet,
					const struct flow_key *flow, const struct counter *wire, int tx)
{
	struct bpf_sock *socket = skb->sk;
	struct ending_key key = {};
	struct ending *ending;

	if (!socket || !(ENDING_STATES >> (socket->state & 31) & 1) || packet->ifindex == LOOPBACK_IFINDEX)
		return;
	make_ending_key(packet, &key);
	ending = bpf_map_lookup_elem(&endings, &key);
	if (!ending || ending->marks & ENDING_REUSED) {
		struct ending made = {
			.cgroup = flow->cgroup,
			.netns = flow->netns,
			.moved_at = bpf_ktime_get_ns(),
			.ifindex = flow->ifindex,
			.port = flow->port,
			.flags = flow->flags & ~FLOW_TX,
		};

		made.socket[tx] = *wire;
		bpf_map_update_elem(&endings, &key, &made, BPF_ANY);
		return;
	}
	/* Another owner's, which address translation tells apart only on the link. */
	if (ending->cgroup != flow->cgroup)
		return;
	ending->moved_at = bpf_ktime_get_ns();
	add(&ending->socket[tx], wire);
}

#endif
