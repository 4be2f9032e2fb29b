// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Counts every packet that a socket sends or receives, for the socket's cgroup, namespace, interface and
 * other end, in bytes and packets as they are on the wire. Attached to the root of cgroup2 these two
 * programs see every socket of the machine, and no packet that is only forwarded. They let everything pass.
 *
 * Built twice: with NETNS_COOKIE, and without for kernels that refuse bpf_get_netns_cookie() here.
 */
#include "endings.h"

#define PASS 1

MAP(flows, BPF_MAP_TYPE_HASH, sizeof(struct flow_key), sizeof(struct counter), 65536, BPF_F_NO_PREALLOC);
MAP(by_cgroup, BPF_MAP_TYPE_HASH, sizeof(struct cgroup_key), sizeof(struct counter), 16384, BPF_F_NO_PREALLOC);
MAP(last_resort, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(struct counter), OVERFLOW_SLOTS, 0);
MAP(configuration, BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct configuration), 1, 0);
MAP(mtus, BPF_MAP_TYPE_HASH, sizeof(struct interface_key), sizeof(__u32), 4096, BPF_F_NO_PREALLOC);
MAP(endpoints, BPF_MAP_TYPE_HASH, sizeof(struct endpoint_key), sizeof(__u32), 1024, BPF_F_NO_PREALLOC);

MAP(endings, BPF_MAP_TYPE_LRU_HASH, sizeof(struct ending_key), sizeof(struct ending), 8192, 0);
MAP(tails, BPF_MAP_TYPE_HASH, sizeof(struct flow_key), sizeof(struct counter), 16384, BPF_F_NO_PREALLOC);

char license_text[] SEC("license") = "Dual MIT/GPL";

static __always_inline int is_endpoint(const __u32 *address, __u16 port)
{
	struct endpoint_key key = { .port = port };

	copy_address(key.address, address);
	if (bpf_map_lookup_elem(&endpoints, &key))
		return 1;
	__builtin_memset(key.address, 0, sizeof(key.address));
	return bpf_map_lookup_elem(&endpoints, &key) != 0;
}

/* Which of the two ports tells the service, if any. The others would only multiply the entries. */
static __always_inline void name_service(struct flow_key *key, const struct packet *packet,
					 const struct configuration *config)
{
	__u16 here = packet->local_port;
	__u16 there = packet->remote_port;

	if (config->endpoints && there >= FIRST_EPHEMERAL_PORT) {
		if (is_endpoint(packet->remote, there)) {
			key->port = there;
			return;
		}
		if (here >= FIRST_EPHEMERAL_PORT && is_endpoint(packet->local, here)) {
			key->port = here;
			key->flags |= FLOW_SERVICE_HERE;
			return;
		}
	}
	if (there <= here) {
		if (there < FIRST_EPHEMERAL_PORT)
			key->port = there;
	} else if (here < FIRST_EPHEMERAL_PORT) {
		key->port = here;
		key->flags |= FLOW_SERVICE_HERE;
	}
}

/* Adds to an entry of a hash map and makes it when there is none. Fails when the map is full. */
static __always_inline int count(void *map, const void *key, const struct counter *wire)
{
	struct counter *sum = bpf_map_lookup_elem(map, key);

	if (!sum) {
		if (bpf_map_update_elem(map, key, wire, BPF_NOEXIST) == 0)
			return 0;
		/* Another CPU may have been faster. */
		sum = bpf_map_lookup_elem(map, key);
		if (!sum)
			return -1;
	}
	add(sum, wire);
	return 0;
}

/* Keeps what `flows` has no room for: by cgroup, and when even that fails at least in total. */
static __always_inline void count_overflow(const struct flow_key *flow, const struct packet *packet,
					   const struct counter *wire)
{
	struct cgroup_key key = { .cgroup = flow->cgroup, .netns = flow->netns };
	struct counter *sum;

	key.slot = (flow->flags & FLOW_TX) | packet->cast << FLOW_CAST_SHIFT;
	if (flow->ifindex == LOOPBACK_IFINDEX)
		key.slot |= OVERFLOW_LOOPBACK;
	if (count(&by_cgroup, &key, wire) == 0)
		return;
	sum = bpf_map_lookup_elem(&last_resort, &key.slot);
	if (sum)
		add(sum, wire);
}

/* include/net/tcp_states.h: those that follow the owner's FIN, and where it sends a RST from. */
#define STATE_FIN_WAIT1 4
#define STATE_FIN_WAIT2 5
#define STATE_CLOSE 7
#define STATE_LAST_ACK 9
#define STATE_CLOSING 11
#define ENDING_STATES                                                                                  \
	(1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSE | 1U << STATE_LAST_ACK |    \
	 1U << STATE_CLOSING)

static __always_inline struct ending *begin_ending(const struct ending_key *key, const struct flow_key *flow,
						   __u32 after)
{
	struct ending ending = {
		.cgroup = flow->cgroup,
		.netns = flow->netns,
		.moved_at = bpf_ktime_get_ns(),
		.ifindex = flow->ifindex,
		.port = flow->port,
		.flags = flow->flags & ~FLOW_TX,
		.after = after,
	};

	bpf_map_update_elem(&endings, key, &ending, BPF_ANY);
	return bpf_map_lookup_elem(&endings, key);
}

/* Begins with the owner's FIN or RST, and counts what its socket still gets and sends afterwards. */
static __always_inline void follow_ending(struct __sk_buff *skb, const struct packet *packet,
					  const struct flow_key *flow, const struct counter *wire, int tx)
{
	struct bpf_sock *socket = skb->sk;
	struct ending_key key = {};
	struct ending *ending;
	__u32 after;

	if (!socket || !(ENDING_STATES >> (socket->state & 31) & 1) || packet->ifindex == LOOPBACK_IFINDEX)
		return;
	make_ending_key(packet, &key);
	ending = bpf_map_lookup_elem(&endings, &key);
	if (tx && packet->tcp_flags & (TCP_FIN | TCP_RST)) {
		after = packet->sequence + skb->len - packet->removed - packet->network_header -
			packet->transport_header + (packet->tcp_flags & TCP_FIN);
		/* A repeated FIN ends where the first one did; another one is a later connection's. */
		if (!ending || ending->reused || (packet->tcp_flags & TCP_FIN && ending->after != after))
			ending = begin_ending(&key, flow, after);
		if (ending && packet->tcp_flags & TCP_RST)
			ending->reset = 1;
	}
	if (ending && !ending->reused)
		count_ending(ending, ending->socket, packet, wire, tx);
}

static __always_inline int meter(struct __sk_buff *skb, int tx)
{
	struct packet packet = {};
	struct flow_key key = {};
	struct counter wire = {};
	__u32 zero = 0;
	const struct configuration *config = bpf_map_lookup_elem(&configuration, &zero);

	if (!config)
		return PASS;
	read_packet(skb, &packet, tx);
	key.cgroup = bpf_skb_cgroup_id(skb);
#ifdef NETNS_COOKIE
	key.netns = bpf_get_netns_cookie(skb);
#endif
	copy_address(key.remote, packet.remote);
	key.ifindex = packet.ifindex;
	key.protocol = packet.protocol;
	key.flags = (tx ? FLOW_TX : 0) | packet.cast << FLOW_CAST_SHIFT;
	name_service(&key, &packet, config);
	measure(skb, &packet, config, key.netns, &wire);
	if (count(&flows, &key, &wire) < 0)
		count_overflow(&key, &packet, &wire);
	if (packet.protocol == PROTOCOL_TCP)
		follow_ending(skb, &packet, &key, &wire, tx);
	return PASS;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	return meter(skb, 0);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	return meter(skb, 1);
}
