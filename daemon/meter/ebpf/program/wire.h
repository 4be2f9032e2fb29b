/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* From a packet as the kernel hands it around to the packets it is on the wire. */
#ifndef NETMETER_WIRE_H
#define NETMETER_WIRE_H

#include "packet.h"

#define IPV6_FRAGMENT_HEADER 8

extern struct map_definition mtus;

/*
 * How many packets a merged one was or will become. A driver that trusts its peer's word (virtio) leaves
 * the count empty and gives only the size of a segment.
 */
static __always_inline __u32 count_segments(struct __sk_buff *skb, __u32 headers, __u32 length)
{
	__u32 segments = skb->gso_segs;
	__u32 size = skb->gso_size;

	if (segments > 1)
		return segments;
	if (size == 0 || length <= headers)
		return 1;
	return (length - headers + size - 1) / size;
}

static __always_inline __u32 find_mtu(const struct configuration *config, __u64 netns, __u32 ifindex)
{
	struct interface_key key = { .netns = netns, .ifindex = ifindex };
	__u32 *mtu = bpf_map_lookup_elem(&mtus, &key);

	return mtu ? *mtu : config->default_mtu;
}

/*
 * Adds what a packet over the MTU grows by when it is cut into fragments, or what it had before they were
 * put together. Each fragment but the last carries a multiple of eight bytes. The last one may fill the
 * MTU, except where IPv6 sockets prepare the fragments themselves (__ip6_append_data).
 */
static __always_inline void add_fragments(const struct packet *packet, __u32 mtu, struct counter *wire)
{
	__u32 length = wire->bytes;
	__u32 header = packet->is_ipv6 ? packet->unfragmentable : packet->network_header;
	__u32 added = packet->is_ipv6 ? IPV6_FRAGMENT_HEADER : 0;
	__u32 room, whole, last, fragments;

	if (length <= mtu || mtu < header + added + 8)
		return;
	room = mtu - header - added;
	whole = room & ~7U;
	last = packet->is_ipv6 && !packet->dest_options ? whole : room;
	fragments = length - header <= last ? 1 : 1 + (length - header - last + whole - 1) / whole;
	wire->packets = fragments;
	wire->bytes += (fragments - 1) * header + fragments * added;
}

static __always_inline void add(struct counter *sum, const struct counter *wire)
{
	__sync_fetch_and_add(&sum->bytes, wire->bytes);
	__sync_fetch_and_add(&sum->packets, wire->packets);
}

static __always_inline void measure(struct __sk_buff *skb, const struct packet *packet,
				    const struct configuration *config, __u64 netns, struct counter *wire)
{
	__u32 headers = packet->network_header + packet->transport_header;
	__u32 length = skb->len - packet->removed;
	__u32 segments = count_segments(skb, headers, length);

	wire->packets = segments;
	wire->bytes = length + (__u64)(segments - 1) * headers;
	/* Loopback's MTU is as large as a packet can be. */
	if (segments == 1 && skb->gso_size == 0 && length > config->smallest_mtu &&
	    packet->ifindex != LOOPBACK_IFINDEX)
		add_fragments(packet, find_mtu(config, netns, packet->ifindex), wire);
}

#endif
