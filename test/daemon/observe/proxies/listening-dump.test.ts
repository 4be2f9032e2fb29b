import { createServer, type Server } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listeningIn } from '../../../../daemon/observe/proxies/listening.js';
import { ListeningDump } from '../../../../daemon/observe/proxies/listening-dump.js';

async function listen(host: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return server;
}

test('what the kernel answers is what its tables say', async () => {
  const servers = await Promise.all(['127.0.0.1', '0.0.0.0', '::1', '::'].map(listen));
  const dump = new ListeningDump(() => {
    throw new Error('the kernel has no answer');
  });
  try {
    const ports = servers.map((server) => (server.address() as { port: number }).port);
    const own = (found: ReturnType<typeof listeningIn>) =>
      found.filter(({ port }) => ports.includes(port)).sort((a, b) => a.inode - b.inode);
    const answered = own(dump.read());
    assert.is(answered.length, servers.length);
    assert.equal(answered, own(listeningIn('/proc', 'self')));
    assert.equal(own(dump.read()), answered, 'and again');
  } finally {
    dump.close();
    for (const server of servers) server.close();
  }
});

test.run();
