// Remotes get the names that steps asked for: by a DNS answer, by a TLS greeting, and not at all with --no-names. A
// capture of the same is tied to the build by time and address.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { CaptureDocument } from '../../../src/capture/document.js';
import type { BuildShowDocument, StatusDocument } from '../../../src/protocol/documents.js';
import type { ImportAnswer } from '../../../src/records/import.js';
import { clientHello, records } from '../../src/capture/names/hello.js';
import {
  build,
  bytesPath,
  type Cleanup,
  captureUplink,
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

interface Imports {
  files: (CaptureDocument & { imported: ImportAnswer })[];
}

async function serve(cleanup: Cleanup, name: string): Promise<void> {
  const { netns, serverV4 } = lab();
  const words = ['netns', 'exec', netns, process.execPath, DNS_SERVER, serverV4, name, serverV4];
  const server = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup.defer(() => server.kill());
  await once(server.stdout, 'data');
}

/**
 * Builds one RUN step, and resolves with what `build show` says of its remote at the server's address, once it
 * says what it is called where it `isNamed`.
 */
async function nameIn(
  netmeter: Netmeter,
  cleanup: Cleanup,
  name: string,
  command: string,
  { isNamed = true, flags = [] as readonly string[] } = {},
) {
  const tag = `names-${name}-${process.pid}`;
  cleanup.defer(() => docker('28', ['image', 'rm', '-f', tag], { anyExit: true }));
  const dockerfile = `FROM nm-busybox\nRUN ${command} # ${tag}\n`;
  await build({ engine: '28', dockerfile, flags: ['-t', tag, ...flags] });
  return await eventually('the step to have its remote', 20_000, async () => {
    const { builds } = await netmeter.json<{ builds: { ref: string; name: string }[] }>(['builds']);
    const ref = builds.find((candidate) => candidate.name.includes(tag))?.ref;
    if (ref === undefined) return undefined;
    const { steps } = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
    const step = steps.find(({ kind }) => kind === 'run');
    const remote = step?.remotes.find(({ address, rxBytes }) => address === lab().serverV4 && rxBytes > SIZE);
    return remote && (remote.name !== null || !isNamed) ? { ref, remote } : undefined;
  });
}

test('by a DNS answer, a TLS greeting; by its step with --no-names', 180_000, async (cleanup) => {
  const { serverV4, origin, registry } = lab();
  await serve(cleanup, 'files.names.example');
  const netmeter = await startNetmeter(cleanup);
  const fetch = `wget -q -O /data ${origin}${bytesPath(SIZE, 'names')}`;
  const byDns = `nslookup -type=a files.names.example ${serverV4} && ${fetch}`;
  const capture = await captureUplink(cleanup);
  const { ref, remote: asked } = await nameIn(netmeter, cleanup, 'dns', byDns);
  assert.equal([asked.name, asked.nameSource], ['files.names.example', 'dns']);
  await capture.stop();
  const importCapture = async () => {
    const { files } = await netmeter.json<Imports>(['pcap', '--import', capture.file]);
    return files[0]!;
  };
  const { imported, names } = await importCapture();
  assert.ok(names.some(({ name }) => name === 'files.names.example'));
  assert.equal([imported.known, imported.seenBuilds.map((seen) => seen.ref)], [false, [ref]]);
  assert.is((await importCapture()).imported.known, true);
  // The image has no client of TLS; its first words are enough, whoever listens.
  const host = 'tls.names.example';
  const hello = records(clientHello(host, 100)).toString('base64');
  const greet = `(echo ${hello} | base64 -d | nc -w 2 ${registry.replace(':', ' ')} || true)`;
  const { remote: greeted } = await nameIn(netmeter, cleanup, 'tls', `${greet} && sleep 1 && ${fetch}`);
  assert.equal([greeted.name, greeted.nameSource], [host, 'tls-sni']);
  const { sources, lost } = await netmeter.json<StatusDocument>(['status']);
  assert.is(sources.find(({ name }) => name === 'names')?.ok, true);
  assert.is(lost.names, 0);
  await netmeter.stop();

  const deaf = await startNetmeter(cleanup, { startArgs: ['--no-names'] });
  const { remote: unnamed } = await nameIn(deaf, cleanup, 'deaf', byDns, { isNamed: false });
  assert.is(unnamed.name, null);
  // Nothing is heard of a name from a hosts file, by whomever: it stands in the instruction.
  const meantHost = 'meant.names.example';
  const byHosts = `wget -q -O /data http://${meantHost}${bytesPath(SIZE, 'meant')}`;
  const flags = ['--add-host', `${meantHost}:${serverV4}`];
  const { remote: meant } = await nameIn(deaf, cleanup, 'meant', byHosts, { flags });
  assert.equal([meant.name, meant.nameSource], [meantHost, 'instruction']);
  const status = await deaf.json<StatusDocument>(['status']);
  assert.is(
    status.sources.some(({ name }) => name === 'names'),
    false,
  );
});

test.run();
