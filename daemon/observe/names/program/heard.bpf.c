// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Hands over what names remote addresses: the DNS answers that sockets get, and the ClientHellos that they
 * send. Attached to the root of cgroup2, beside the counting programs and without a word to them, so that
 * each packet is seen once, in whatever namespace. They let everything pass.
 */
#include "../../../meter/ebpf/program/packet.h"
#include "heard.h"

#define PASS 1
#define DNS_PORT 53
#define HANDSHAKE 22
#define CLIENT_HELLO 1
#define RECORD_START 6

/* A queue that is full takes no more: names are lost then, and counted. */
MAP(heard_queue, BPF_MAP_TYPE_QUEUE, 0, sizeof(struct heard), 256, 0);
MAP(heard_scratch, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(struct heard), 1, 0);
MAP(heard_lost, BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64), 1, 0);

char license_text[] SEC("license") = "Dual MIT/GPL";

static __always_inline void hand_over(struct __sk_buff *skb, const struct packet *packet, __u32 at, int is_dns)
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
	heard->is_dns = is_dns;
	heard->reserved = 0;
	if (bpf_map_push_elem(&heard_queue, heard, BPF_ANY) == 0)
		return;
	lost = bpf_map_lookup_elem(&heard_lost, &zero);
	if (lost)
		__sync_fetch_and_add(lost, 1);
}

/* Whether the packet is of this protocol, without reading more of it: most are not. Extension headers hide it. */
static __always_inline int is_of(struct __sk_buff *skb, __u8 wanted)
{
	__u8 protocol = 0;

	if (skb->protocol == bpf_htons(ETHERTYPE_IPV4))
		bpf_skb_load_bytes(skb, 9, &protocol, 1);
	else if (skb->protocol == bpf_htons(ETHERTYPE_IPV6))
		bpf_skb_load_bytes(skb, 6, &protocol, 1);
	return protocol == wanted;
}

SEC("cgroup_skb/ingress")
int heard_ingress(struct __sk_buff *skb)
{
	struct packet packet = {};

	if (!is_of(skb, PROTOCOL_UDP))
		return PASS;
	read_packet(skb, &packet, 0);
	if (packet.remote_port == DNS_PORT && !packet.later_fragment)
		hand_over(skb, &packet, packet.network_header + packet.transport_header, 1);
	return PASS;
}

SEC("cgroup_skb/egress")
int heard_egress(struct __sk_buff *skb)
{
	struct packet packet = {};
	__u8 start[RECORD_START];
	__u32 at;

	if (!is_of(skb, PROTOCOL_TCP))
		return PASS;
	read_packet(skb, &packet, 1);
	at = packet.network_header + packet.removed + packet.transport_header;
	/* Most of what is sent while something is downloaded has nothing in it. */
	if (packet.later_fragment || skb->len < at + RECORD_START)
		return PASS;
	if (bpf_skb_load_bytes(skb, at, start, RECORD_START) < 0)
		return PASS;
	if (start[0] == HANDSHAKE && start[1] == 3 && start[5] == CLIENT_HELLO)
		hand_over(skb, &packet, at, 0);
	return PASS;
}
