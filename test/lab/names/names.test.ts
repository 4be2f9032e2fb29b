// Remotes get the names that steps asked for: by a DNS answer, by a TLS greeting, and not at all with --no-names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, StatusDocument } from '../../../src/protocol/documents.js';
import { clientHello, records } from '../../src/capture/names/hello.js';
import {
  build,
  bytesPath,
  type Cleanup,
  docker,
  eventually,
  lab,
  labSuite,
  type Netmeter,
  startNetmeter,
} from '../harness/index.js';

const test = labSuite('names of remotes');
const DNS_SERVER = fileURLToPath(new URL('dns-server.js', import.meta.url));
const SIZE = 100_000;

async function serve(cleanup: Cleanup, name: string): Promise<void> {
  const { netns, serverV4 } = lab();
  const words = ['netns', 'exec', netns, process.execPath, DNS_SERVER, serverV4, name, serverV4];
  const server = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup.defer(() => server.kill());
  await once(server.stdout, 'data');
}

/** Builds one RUN step, and resolves with what `build show` says of its remote at the server's address. */
async function nameIn(netmeter: Netmeter, cleanup: Cleanup, name: string, command: string) {
  const tag = `names-${name}-${process.pid}`;
  cleanup.defer(() => docker('28', ['image', 'rm', '-f', tag], { anyExit: true }));
  const dockerfile = `FROM nm-busybox\nRUN ${command} # ${tag}\n`;
  await build({ engine: '28', dockerfile, flags: ['-t', tag] });
  return await eventually('the step to have its remote', 20_000, async () => {
    const { builds } = await netmeter.json<{ builds: { ref: string; name: string }[] }>(['builds']);
    const ref = builds.find((candidate) => candidate.name.includes(tag))?.ref;
    if (ref === undefined) return undefined;
    const { steps } = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
    const step = steps.find(({ kind }) => kind === 'run');
    return step?.remotes.find(({ address, rxBytes }) => address === lab().serverV4 && rxBytes > SIZE);
  });
}

test('by a DNS answer, by a TLS greeting; none with --no-names', 180_000, async (cleanup) => {
  const { serverV4, origin, registry } = lab();
  await serve(cleanup, 'files.names.example');
  const netmeter = await startNetmeter(cleanup);
  const fetch = `wget -q -O /data ${origin}${bytesPath(SIZE, 'names')}`;
  const byDns = `nslookup -type=a files.names.example ${serverV4} && ${fetch}`;
  const asked = await nameIn(netmeter, cleanup, 'dns', byDns);
  assert.is(asked.name, 'files.names.example');
  // The image has no client of TLS; its first words are enough, whoever listens.
  const host = 'tls.names.example';
  const hello = records(clientHello(host, 100)).toString('base64');
  const greet = `(echo ${hello} | base64 -d | nc -w 2 ${registry.replace(':', ' ')} || true)`;
  const greeted = await nameIn(netmeter, cleanup, 'tls', `${greet} && sleep 1 && ${fetch}`);
  assert.is(greeted.name, host);
  const { sources, lost } = await netmeter.json<StatusDocument>(['status']);
  assert.is(sources.find(({ name }) => name === 'names')?.ok, true);
  assert.is(lost.names, 0);
  await netmeter.stop();

  const deaf = await startNetmeter(cleanup, { startArgs: ['--no-names'] });
  const unnamed = await nameIn(deaf, cleanup, 'deaf', byDns);
  assert.is(unnamed.name, null);
  const status = await deaf.json<StatusDocument>(['status']);
  assert.is(
    status.sources.some(({ name }) => name === 'names'),
    false,
  );
});

test.run();
