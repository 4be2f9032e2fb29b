/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Reads the headers of a packet, as far as its owner, its other end and its size on the wire depend on them. */
#ifndef NETMETER_PACKET_H
#define NETMETER_PACKET_H

#include "layout.h"
#include <bpf/bpf_endian.h>

/* Bytes from the start of the network header, where programs on sockets and those on links begin elsewhere. */
#ifdef ON_LINK
#define LOAD(skb, at, to, size) bpf_skb_load_bytes_relative(skb, at, to, size, BPF_HDR_START_NET)
#else
#define LOAD(skb, at, to, size) bpf_skb_load_bytes(skb, at, to, size)
#endif

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_AUTHENTICATION 51
#define PROTOCOL_DESTINATION 60
#define PROTOCOL_SCTP 132

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* include/uapi/linux/if_packet.h */
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_LOOPBACK 5

#define FRAGMENT_OFFSET_MASK 0x1fff
#define SCTP_HEADER 12
#define UDP_HEADER 8
#define MAX_EXTENSIONS 8
#define JUMBO_OPTION 8

struct ipv4_header {
	__u8 version_length;
	__u8 service;
	__u16 total_length;
	__u16 identification;
	__u16 fragment;
	__u8 hop_limit;
	__u8 protocol;
	__u16 checksum;
	__u32 source;
	__u32 destination;
};

struct ipv6_header {
	__u32 version_class_label;
	__u16 payload_length;
	__u8 next;
	__u8 hop_limit;
	__u32 source[4];
	__u32 destination[4];
};

/* The first 14 bytes of a TCP header; UDP has its ports at the same place. */
struct transport_header {
	__u16 source;
	__u16 destination;
	__u32 sequence;
	__u32 acknowledgement;
	__u8 data_offset;
	__u8 tcp_flags;
};

struct packet {
	__u32 ifindex;
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 protocol;
	__u8 cast;
	__u8 is_ipv6;
	__u8 dest_options;
	__u8 tcp_flags;
	/* bytes in front of the transport header that every segment repeats */
	__u32 network_header;
	/* the part of it that every IPv6 fragment repeats */
	__u32 unfragmentable;
	__u32 transport_header;
	__u32 later_fragment; /* not zero: has no transport header */
	__u32 sequence;
	__u32 acknowledgement; /* valid if TCP_ACK is set */
	/* bytes by the network header, 0 where it does not tell */
	__u32 length;
	/* bytes of the skb that do not go out: the option that tells the length of a merged packet over 64 KB */
	__u32 removed;
};

static __always_inline void set_ipv4(__u32 *address, __u32 value)
{
	address[0] = 0;
	address[1] = 0;
	address[2] = bpf_htonl(0xffff);
	address[3] = value;
}

static __always_inline void copy_address(__u32 *to, const __u32 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
}

static __always_inline int read_ipv4(struct __sk_buff *skb, struct packet *packet, int tx)
{
	struct ipv4_header ip;

	if (LOAD(skb, 0, &ip, sizeof(ip)) < 0)
		return -1;
	set_ipv4(packet->local, tx ? ip.source : ip.destination);
	set_ipv4(packet->remote, tx ? ip.destination : ip.source);
	packet->protocol = ip.protocol;
	packet->length = bpf_ntohs(ip.total_length);
	packet->network_header = (ip.version_length & 0x0f) * 4;
	packet->later_fragment = (ip.fragment & bpf_htons(FRAGMENT_OFFSET_MASK)) != 0;
	if ((ip.destination & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000))
		packet->cast = CAST_MULTICAST;
	else if (ip.destination == 0xffffffff)
		packet->cast = CAST_BROADCAST;
	return 0;
}

/*
 * One bit for each protocol number below 64, which all extension headers are. Masks instead of comparisons
 * keep the verifier from following each combination of headers on its own.
 */
#define BIT(protocol) (1ULL << (protocol))
#define EXTENSIONS                                                                                     \
	(BIT(PROTOCOL_HOP_BY_HOP) | BIT(PROTOCOL_ROUTING) | BIT(PROTOCOL_FRAGMENT) |                   \
	 BIT(PROTOCOL_AUTHENTICATION) | BIT(PROTOCOL_DESTINATION))

/* Walks over extension headers. What precedes a fragment header is what Linux's ip6_find_1stfragopt() says. */
static __always_inline void skip_extensions(struct __sk_buff *skb, struct packet *packet, __u32 at)
{
	struct {
		__u8 next;
		__u8 length;
		__u16 offset;
	} extension;
	__u32 protocol = packet->protocol, start = at;
	__u32 repeated = 1, routed = 0;

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		__u32 authentication, fragment, destination, size;

		if (protocol > 63 || !(EXTENSIONS >> protocol & 1))
			break;
		if (LOAD(skb, at, &extension, sizeof(extension)) < 0)
			break;
		fragment = BIT(PROTOCOL_FRAGMENT) >> protocol & 1;
		authentication = BIT(PROTOCOL_AUTHENTICATION) >> protocol & 1;
		destination = BIT(PROTOCOL_DESTINATION) >> protocol & 1;
		/* Sizes are in units of eight bytes, in an authentication header of four; a fragment header has 8. */
		size = ((extension.length & (fragment - 1)) + 1 + authentication) << (3 - authentication);
		repeated &= (fragment | authentication | (destination & routed)) ^ 1;
		routed |= BIT(PROTOCOL_ROUTING) >> protocol & 1;
		packet->dest_options |= destination;
		packet->later_fragment |= fragment * (extension.offset & bpf_htons(0xfff8));
		packet->unfragmentable += size * repeated;
		protocol = extension.next;
		at += size;
	}
	packet->network_header += at - start;
	packet->protocol = protocol;
}

static __always_inline int read_ipv6(struct __sk_buff *skb, struct packet *packet, int tx)
{
	struct ipv6_header ip;

	if (LOAD(skb, 0, &ip, sizeof(ip)) < 0)
		return -1;
	copy_address(packet->local, tx ? ip.source : ip.destination);
	copy_address(packet->remote, tx ? ip.destination : ip.source);
	packet->protocol = ip.next;
	packet->length = ip.payload_length ? sizeof(ip) + bpf_ntohs(ip.payload_length) : 0;
	packet->is_ipv6 = 1;
	packet->network_header = sizeof(ip);
	packet->unfragmentable = sizeof(ip);
	if ((ip.destination[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000))
		packet->cast = CAST_MULTICAST;
	if (ip.next < 64 && EXTENSIONS >> ip.next & 1) {
		skip_extensions(skb, packet, sizeof(ip));
		/* A merged packet over 64 KB has no length of its own but an option, taken out on its way. */
		if (ip.payload_length == 0 && ip.next == PROTOCOL_HOP_BY_HOP) {
			packet->removed = JUMBO_OPTION;
			packet->network_header -= JUMBO_OPTION;
		}
	}
	return 0;
}

static __always_inline void read_transport(struct __sk_buff *skb, struct packet *packet, int tx)
{
	struct transport_header header = {};
	__u32 at = packet->network_header + packet->removed;

	if (packet->protocol == PROTOCOL_TCP) {
		if (LOAD(skb, at, &header, 14) < 0)
			return;
		packet->transport_header = (header.data_offset >> 4) * 4;
		packet->tcp_flags = header.tcp_flags;
		packet->sequence = bpf_ntohl(header.sequence);
		packet->acknowledgement = bpf_ntohl(header.acknowledgement);
	} else if (packet->protocol == PROTOCOL_UDP) {
		if (LOAD(skb, at, &header, 4) < 0)
			return;
		packet->transport_header = UDP_HEADER;
	} else {
		if (packet->protocol == PROTOCOL_SCTP)
			packet->transport_header = SCTP_HEADER;
		return;
	}
	packet->local_port = bpf_ntohs(tx ? header.source : header.destination);
	packet->remote_port = bpf_ntohs(tx ? header.destination : header.source);
}

/* A subnet's broadcast address does not show as one, but the interface knew. */
static __always_inline void note_reception(struct __sk_buff *skb, struct packet *packet)
{
	__u32 type = skb->pkt_type;

	if (type == PACKET_BROADCAST)
		packet->cast = CAST_BROADCAST;
	else if (type == PACKET_MULTICAST)
		packet->cast = CAST_MULTICAST;
	else if (type == PACKET_LOOPBACK) {
		packet->ifindex = LOOPBACK_IFINDEX;
		if (packet->cast == CAST_UNICAST)
			packet->cast = CAST_BROADCAST;
	}
}

static __always_inline void read_packet(struct __sk_buff *skb, struct packet *packet, int tx)
{
	int failed = -1;

	packet->ifindex = skb->ifindex;
	if (skb->protocol == bpf_htons(ETHERTYPE_IPV4))
		failed = read_ipv4(skb, packet, tx);
	else if (skb->protocol == bpf_htons(ETHERTYPE_IPV6))
		failed = read_ipv6(skb, packet, tx);
	if (!tx)
		note_reception(skb, packet);
	if (!failed && !packet->later_fragment)
		read_transport(skb, packet, tx);
}

#endif
