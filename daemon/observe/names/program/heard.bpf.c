// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Hands over what names remote addresses: the DNS answers that sockets get, and the ClientHellos that they
 * send, over TCP or in QUIC's first packets. Attached to the root of cgroup2, beside the counting programs and without a word to them, so that
 * each packet is seen once, in whatever namespace. They let everything pass.
 */
#include "../../../meter/ebpf/program/packet.h"
#include "heard.h"

#define PASS 1
#define DNS_PORT 53
#define HANDSHAKE 22
#define CLIENT_HELLO 1
#define RECORD_START 6
#define QUIC_PORT 443
/* The two bits that long headers begin with, and the least that a client pads its first packets to (RFC 9000). */
#define QUIC_LONG 0xc0
#define QUIC_INITIAL_BYTES 1200
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define SOURCE_PORT 0
#define DESTINATION_PORT 2

/* A queue that is full takes no more: names are lost then, and counted. */
MAP(heard_queue, BPF_MAP_TYPE_QUEUE, 0, sizeof(struct heard), 256, 0);
MAP(heard_scratch, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(struct heard), 1, 0);
MAP(heard_lost, BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64), 1, 0);

char license_text[] SEC("license") = "Dual MIT/GPL";

static __always_inline void hand_over(struct __sk_buff *skb, const struct packet *packet, __u32 at, int kind)
{
	__u32 zero = 0, length = skb->len - at;
	struct heard *heard = bpf_map_lookup_elem(&heard_scratch, &zero);
	__u64 *lost;

	if (!heard || at >= skb->len)
		return;
	if (length > HEARD_BYTES)
		length = HEARD_BYTES;
	/* The verifier wants to see that it is not zero. */
	if (length < 1 || bpf_skb_load_bytes(skb, at, heard->data, length) < 0)
		return;
	copy_address(heard->remote, packet->remote);
	heard->length = length;
	heard->remote_port = packet->remote_port;
	heard->kind = kind;
	heard->reserved = 0;
	if (bpf_map_push_elem(&heard_queue, heard, BPF_ANY) == 0)
		return;
	lost = bpf_map_lookup_elem(&heard_lost, &zero);
	if (lost)
		__sync_fetch_and_add(lost, 1);
}

/* The packet's protocol, without reading more of it: most are of no interest. Extension headers hide it. */
static __always_inline __u8 protocol_of(struct __sk_buff *skb)
{
	__u8 protocol = 0;

	if (skb->protocol == bpf_htons(ETHERTYPE_IPV4))
		bpf_skb_load_bytes(skb, 9, &protocol, 1);
	else if (skb->protocol == bpf_htons(ETHERTYPE_IPV6))
		bpf_skb_load_bytes(skb, 6, &protocol, 1);
	return protocol;
}

/*
 * Whether the port at this place of the transport header is this one, where there are no IP options. Read without a
 * call, since all that is downloaded passes here; headers that do not lie together are not looked at.
 */
static __always_inline int has_port(struct __sk_buff *skb, __u32 at, __u16 port)
{
	const __u8 *start = (const __u8 *)(long)skb->data;
	const __u8 *end = (const __u8 *)(long)skb->data_end;

	start += skb->protocol == bpf_htons(ETHERTYPE_IPV4) ? IPV4_HEADER : IPV6_HEADER;
	start += at;
	return start + sizeof(__u16) <= end && *(const __u16 *)start == bpf_htons(port);
}

static __always_inline void hear_dns(struct __sk_buff *skb, int kind)
{
	struct packet packet = {};

	read_packet(skb, &packet, 0);
	if (packet.remote_port == DNS_PORT && !packet.later_fragment)
		hand_over(skb, &packet, packet.network_header + packet.transport_header, kind);
}

SEC("cgroup_skb/ingress")
int heard_ingress(struct __sk_buff *skb)
{
	__u8 protocol = protocol_of(skb);

	if (protocol == PROTOCOL_UDP || (protocol == PROTOCOL_TCP && has_port(skb, SOURCE_PORT, DNS_PORT)))
		hear_dns(skb, protocol == PROTOCOL_UDP ? HEARD_DNS : HEARD_DNS_STREAM);
	return PASS;
}

SEC("cgroup_skb/egress")
int heard_egress(struct __sk_buff *skb)
{
	struct packet packet = {};
	__u8 start[RECORD_START];
	__u8 protocol = protocol_of(skb);
	__u32 at;

	if (protocol == PROTOCOL_UDP) {
		if (skb->len < QUIC_INITIAL_BYTES || !has_port(skb, DESTINATION_PORT, QUIC_PORT))
			return PASS;
	} else if (protocol != PROTOCOL_TCP) {
		return PASS;
	}
	read_packet(skb, &packet, 1);
	at = packet.network_header + packet.removed + packet.transport_header;
	/* Most of what is sent while something is downloaded has nothing in it. */
	if (packet.later_fragment || skb->len < at + RECORD_START)
		return PASS;
	if (bpf_skb_load_bytes(skb, at, start, RECORD_START) < 0)
		return PASS;
	if (protocol == PROTOCOL_UDP) {
		if ((start[0] & QUIC_LONG) == QUIC_LONG)
			hand_over(skb, &packet, at, HEARD_QUIC);
	} else if (start[0] == HANDSHAKE && start[1] == 3 && start[5] == CLIENT_HELLO) {
		hand_over(skb, &packet, at, HEARD_HELLO);
	}
	return PASS;
}
