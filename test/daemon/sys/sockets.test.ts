import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NETLINK_ROUTE, NetlinkSocket, OVERRUN } from '../../../daemon/sys/netlink-socket.js';
import { inNetworkNamespace } from '../../../daemon/sys/network-namespace.js';
import { netnsCookie, peerCredentials, socketFd } from '../../../daemon/sys/socket-options.js';

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const RTNLGRP_LINK = 1;
const namespace = `nm-t-sys-${process.pid}`;

function getLinks(): Uint8Array {
  const message = Buffer.alloc(32);
  message.writeUInt32LE(32, 0);
  message.writeUInt16LE(RTM_GETLINK, 4);
  message.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  return message;
}

/** Types and interface indexes of the netlink messages in one datagram. */
function* messages(datagram: Uint8Array): Generator<{ type: number; ifindex: number }> {
  const view = Buffer.from(datagram);
  for (let at = 0; at < view.length; at += (view.readUInt32LE(at) + 3) & ~3) {
    const type = view.readUInt16LE(at + 4);
    yield { type, ifindex: type === NLMSG_DONE ? 0 : view.readInt32LE(at + 20) };
  }
}

async function unixPair(): Promise<{ accepted: Socket; close: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-peer-'));
  const server = createServer();
  server.listen(join(directory, 'socket'));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(join(directory, 'socket'));
  const close = (): void => {
    client.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  };
  return { accepted: await accepted, close };
}

test.before(() => {
  execFileSync('ip', ['netns', 'add', namespace]);
});

test.after(() => {
  execFileSync('ip', ['netns', 'del', namespace]);
});

test('the peer of a Unix socket is this very process', async () => {
  const { accepted, close } = await unixPair();
  try {
    const fd = socketFd(accepted);
    assert.type(fd, 'number');
    const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
    assert.equal(peerCredentials(fd!), expected);
    accepted.destroy();
    assert.is(socketFd(accepted), undefined);
  } finally {
    accepted.destroy();
    close();
  }
});

test('each network namespace has a cookie of its own, and the thread comes back', () => {
  const path = `/run/netns/${namespace}`;
  const home = netnsCookie();
  const there = inNetworkNamespace(path, netnsCookie);
  assert.type(home, 'number');
  assert.type(there, 'number');
  assert.is.not(home, there);
  assert.is(netnsCookie(), home);
  assert.throws(() =>
    inNetworkNamespace(path, () => {
      throw new Error('work failed');
    }),
  );
  assert.is(netnsCookie(), home);
});

test('a dump over netlink lists the interfaces', () => {
  const socket = NetlinkSocket.open({ protocol: NETLINK_ROUTE });
  try {
    socket.send(getLinks());
    const seen = new Set<number>();
    for (let done = false; !done; ) {
      const datagram = socket.receive();
      assert.ok(datagram !== undefined && datagram !== OVERRUN);
      for (const { type, ifindex } of messages(datagram as Uint8Array)) {
        if (type === RTM_NEWLINK) seen.add(ifindex);
        done = type === NLMSG_DONE;
      }
    }
    assert.ok(seen.size >= Object.keys(networkInterfaces()).length);
    assert.is(socket.receive(), undefined);
  } finally {
    socket.close();
  }
});

test('a multicast group wakes the watcher', async () => {
  const socket = inNetworkNamespace(`/run/netns/${namespace}`, () =>
    NetlinkSocket.open({ protocol: NETLINK_ROUTE, groups: [RTNLGRP_LINK], queueBytes: 1 << 20 }),
  );
  try {
    const type = new Promise<number>((resolve) => {
      socket.watch(() => {
        const datagram = socket.receive();
        if (datagram !== undefined && datagram !== OVERRUN) resolve([...messages(datagram)][0]!.type);
      });
    });
    // The watcher does not keep the process alive, so something else has to.
    const server = createServer().listen(0);
    execFileSync('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
    assert.is(await type, RTM_NEWLINK);
    assert.ok((server.address() as AddressInfo).port > 0);
    server.close();
  } finally {
    socket.close();
  }
});

test('a socket that cannot be opened leaves no descriptor behind', () => {
  assert.throws(
    () => NetlinkSocket.open({ protocol: NETLINK_ROUTE, groups: [100_000] }),
    /setsockopt\(group 100000\) failed with EINVAL/,
  );
});

test.run();
