/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The maps: their keys and values, in the byte order of the machine. `../layout.ts` reads the same bytes.
 * The script that builds the bytecode takes map types and sizes from the definitions at the end.
 */
#ifndef NETMETER_LAYOUT_H
#define NETMETER_LAYOUT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* flow_key.flags */
#define FLOW_TX 0x01          /* direction: sent by the owner; otherwise received */
#define FLOW_SERVICE_HERE 0x02 /* the service port is the owner's own; otherwise the remote's */
#define FLOW_CAST_SHIFT 2     /* two bits: who the packet was addressed to */

#define CAST_UNICAST 0
#define CAST_BROADCAST 1
#define CAST_MULTICAST 2

/* In every network namespace the loopback interface is the first one. */
#define LOOPBACK_IFINDEX 1

struct flow_key {
	__u64 cgroup;    /* id of the socket's cgroup */
	__u64 netns;     /* cookie of the socket's network namespace, 0 where the kernel does not tell */
	__u32 remote[4]; /* address of the other end, network order, IPv4 as ::ffff:a.b.c.d */
	__u32 ifindex;   /* interface, a number within the namespace; a sender's own copy of its multicast or
			  * broadcast, which was on no wire, counts as received on loopback */
	__u16 port;      /* service port, host order, 0 when neither port is one */
	__u8 protocol;   /* IP protocol number of the transport */
	__u8 flags;
};

struct counter {
	__u64 bytes;   /* IP-level bytes on the wire */
	__u64 packets; /* packets on the wire: segments and fragments, not merged ones */
};

/* Where a packet is counted when `flows` has no room: FLOW_TX, OVERFLOW_LOOPBACK and the cast. */
#define OVERFLOW_LOOPBACK 0x02
#define OVERFLOW_SLOTS 16

struct cgroup_key {
	__u64 cgroup;
	__u64 netns;
	__u32 slot;
	__u32 zero;
};

struct configuration {
	__u32 default_mtu;  /* of interfaces that are not in `mtus` */
	__u32 smallest_mtu; /* of all: no packet up to this size is looked at twice */
	__u32 endpoints;    /* entries in `endpoints` */
	__u32 netns_known;  /* the programs are those that tell the namespace; for whoever adopts them */
};

struct interface_key {
	__u64 netns;
	__u32 ifindex;
	__u32 zero;
};

struct endpoint_key {
	__u32 address[4]; /* as in flow_key; all zero for any address */
	__u16 port;       /* host order */
	__u16 zero;
};

/*
 * A TCP connection that its owner has ended, from its FIN or RST on. What comes when its socket is gone, or
 * is only a TIME_WAIT one, no program on sockets sees: it is what the links saw more than the socket.
 */
struct ending_key {
	__u32 remote[4];
	__u16 remote_port; /* host order */
	__u16 local_port;  /* address translation usually keeps it */
};

struct ending {
	__u64 cgroup;
	__u64 netns;
	__u64 moved_at; /* nanoseconds, CLOCK_MONOTONIC */
	__u32 ifindex;
	__u16 port;         /* as in flow_key */
	__u8 flags;         /* of flow_key, without the direction */
	__u8 reset;         /* the owner's side has sent a RST */
	__u32 after;        /* sequence number behind the owner's FIN */
	__u8 remote_ended;  /* a link has seen the other end's FIN or RST */
	__u8 reused;        /* a new connection has the same ports: nothing more belongs to this one */
	__u16 zero;
	struct counter socket[2]; /* received and sent after the FIN or RST */
	struct counter link[2];
};

#define PATH_SIZE 256

struct cgroup_path {
	char text[PATH_SIZE]; /* below the root of the hierarchy, zero-terminated, cut off when longer */
};

struct map_definition {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 flags;
};

#define MAP(name, map_type, key_bytes, value_bytes, entries, map_flags)                                \
	struct map_definition name SEC("maps") = {                                                     \
		.type = map_type,                                                                      \
		.key_size = key_bytes,                                                                 \
		.value_size = value_bytes,                                                             \
		.max_entries = entries,                                                                \
		.flags = map_flags,                                                                    \
	}

#endif
