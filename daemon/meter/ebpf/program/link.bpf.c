// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Runs on links, and there looks only for packets of connections that their owners have begun to end: the
 * last of them come when no socket is left that could be asked for its owner. Lets everything pass.
 */
#define ON_LINK
#include "endings.h"

/* TCX_NEXT, and TC_ACT_UNSPEC for the older attachment: no opinion. */
#define NO_OPINION (-1)
#define PACKET_OTHERHOST 3
#define ETHERNET_HEADER 14

char license_text[] SEC("license") = "Dual MIT/GPL";

static __always_inline void measure_on_link(struct __sk_buff *skb, const struct packet *packet,
					    struct counter *wire)
{
	__u32 headers = packet->network_header + packet->transport_header;
	__u32 length = (packet->length ? packet->length : skb->len - ETHERNET_HEADER) - packet->removed;

	wire->packets = count_segments(skb, headers, length);
	wire->bytes = length + (wire->packets - 1) * headers;
}

static __always_inline int follow(struct __sk_buff *skb, int tx)
{
	struct packet packet = {};
	struct ending_key key = {};
	struct counter wire;
	struct ending *ending;

	if (skb->pkt_type == PACKET_OTHERHOST)
		return NO_OPINION;
	read_packet(skb, &packet, tx);
	if (packet.protocol != PROTOCOL_TCP || packet.later_fragment)
		return NO_OPINION;
	make_ending_key(&packet, &key);
	ending = bpf_map_lookup_elem(&endings, &key);
	if (!ending || ending->reused)
		return NO_OPINION;
	if (packet.tcp_flags & TCP_SYN) {
		ending->reused = 1;
		return NO_OPINION;
	}
	if (packet.tcp_flags & TCP_RST && tx)
		ending->reset = 1;
	if (packet.tcp_flags & (TCP_FIN | TCP_RST) && !tx)
		ending->remote_ended = 1;
	measure_on_link(skb, &packet, &wire);
	count_ending(ending, ending->link, &packet, &wire, tx);
	return NO_OPINION;
}

SEC("tc/ingress")
int link_ingress(struct __sk_buff *skb)
{
	return follow(skb, 0);
}

SEC("tc/egress")
int link_egress(struct __sk_buff *skb)
{
	return follow(skb, 1);
}
