/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the programs hand over of one packet; daemon/observe/names/heard.ts reads it. */
#ifndef NETMETER_HEARD_H
#define NETMETER_HEARD_H

#include <linux/types.h>

/* A DNS answer, the start of a ClientHello that has the server's name in it, and a datagram of QUIC. */
#define HEARD_BYTES 2048

/* What it is. */
#define HEARD_HELLO 0
#define HEARD_DNS 1
#define HEARD_DNS_STREAM 2
#define HEARD_QUIC 3

struct heard {
	__u32 remote[4];
	__u32 length;
	__u16 remote_port;
	__u8 kind;
	__u8 reserved;
	__u8 data[HEARD_BYTES];
};

#endif
