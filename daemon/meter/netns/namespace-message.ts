/** RTM_GETNSID (linux/net_namespace.h): this namespace's number for another one. */
import { eachAttribute, readI32, type Span, u32 } from '../link/netlink-message.js';
import type { Rtnetlink } from '../link/rtnetlink.js';

const RTM_GETNSID = 90;
/** struct rtgenmsg, padded. */
const HEADER = new Uint8Array(4);
const NETNSA_NSID = 1;
const NETNSA_PID = 2;
const NETNSA_FD = 3;

/** By a process in it, or by an open file of it. */
export type NamespaceHandle = { pid: number } | { fd: number };

/** `undefined` when it has no number, since no link leads there, or does not exist. */
export function namespaceId(rtnetlink: Rtnetlink, handle: NamespaceHandle): number | undefined {
  const by: [number, Uint8Array] =
    'pid' in handle ? [NETNSA_PID, u32(handle.pid)] : [NETNSA_FD, u32(handle.fd)];
  const id = rtnetlink.ask(RTM_GETNSID, HEADER, [by], parseId);
  return id === undefined || id < 0 ? undefined : id;
}

function parseId(payload: Span): number | undefined {
  let id: number | undefined;
  eachAttribute(payload, HEADER.length, (type, value) => {
    if (type === NETNSA_NSID) id = readI32(value);
  });
  return id;
}
