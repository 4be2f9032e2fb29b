// No engine, an engine that is no engine, and one that ends while it builds.
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { BuildsDocument, DoctorDocument } from '../../../src/protocol/documents.js';
import { PrivateBuilder } from '../engines/private-builder.js';
import { finishedBuild, received, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { type Cleanup, eventually, labSuite, Netmeter, originPath } from '../harness/index.js';
import { Downloader, openDirectory, sourceNamed, sourceTurns, started, startUnder, status } from './scene.js';

const test = labSuite('bad days: the engine');

test('without an engine the host is metered all the same', 60_000, async (cleanup) => {
  const socket = join(openDirectory(cleanup), 'docker.sock');
  const netmeter = new Netmeter(cleanup, { env: { DOCKER_HOST: `unix://${socket}` } });
  const host = new Downloader(cleanup);
  const start = await started(startUnder(netmeter));
  assert.is(start.tiers.meter, 'exact');
  assert.is(start.tiers.builds, null);
  for (const docker of [
    sourceNamed(start.sources, 'docker'),
    sourceNamed((await status(netmeter)).sources, 'docker'),
  ]) {
    assert.is(docker.ok, false);
    assert.is(docker.code, 'engine-unreachable');
    assert.match(docker.because!, `${socket} (--docker-host): there is no such socket`);
  }
  assert.match(sourceNamed(start.sources, 'docker').better!, 'systemctl start docker');
  assert.match(
    (await netmeter.run(['status'])).stdout,
    /Not working: docker: .*\(engine-unreachable\)\n {2}better: start/,
  );
  await host.download();
  await host.assertCounted(netmeter);
  assert.equal(await netmeter.json(['builds']), { schema: 1, builds: [] });

  const doctor = await netmeter.run(['doctor', '--json', '--docker-host', `unix://${socket}`], {
    anyExit: true,
  });
  assert.is(doctor.exitCode, 1);
  const check = sourceNamed((JSON.parse(doctor.stdout) as DoctorDocument).checks, 'docker');
  assert.is(check.ok, false);
  assert.match(check.found, socket);
  assert.match(check.fix!, '--docker-host');
});

type Nonsense = { what: string; server: () => Server; code: string; because: RegExp };

const html: RequestListener = (_, response) => response.writeHead(200).end('<html>router login</html>');
const half: RequestListener = ({ url }, response) => {
  if (url === '/_ping') response.writeHead(200, { 'api-version': '1.51' }).end('OK');
  else response.writeHead(200).end('{"ID": "half an ans');
};
const NONSENSE: Nonsense[] = [
  {
    what: 'another protocol',
    server: () => createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n')),
    code: 'engine-nonsense',
    because: /no Docker engine: it does not speak HTTP/,
  },
  {
    what: 'a web page',
    server: () => createHttpServer(html),
    code: 'engine-nonsense',
    because: /no Docker engine: its answer to \/_ping names no version/,
  },
  {
    what: 'half an answer',
    server: () => createHttpServer(half),
    code: 'engine-nonsense',
    because: /no Docker engine: it answered \/info with/,
  },
  {
    what: 'nothing',
    server: () => createServer((socket) => socket.on('error', () => {})),
    code: 'engine-unreachable',
    because: /did not answer \/_ping within \d+ ms/,
  },
];

for (const { what, server, code, because } of NONSENSE) {
  test(`an engine that answers ${what} is no engine`, 60_000, async (cleanup) => {
    const socket = join(openDirectory(cleanup), 'docker.sock');
    await listen(server(), socket, cleanup);
    const netmeter = new Netmeter(cleanup, { env: { DOCKER_HOST: `unix://${socket}` } });
    const host = new Downloader(cleanup);
    const start = await started(startUnder(netmeter));
    assert.is(start.tiers.meter, 'exact');
    const docker = sourceNamed(start.sources, 'docker');
    assert.is(docker.ok, false);
    assert.is(docker.code, code);
    assert.match(docker.because!, because);
    assert.match(docker.because!, socket);
    assert.match(docker.better!, /--docker-host|docker ps/);
    await host.download();
    await host.assertCounted(netmeter);
  });
}

async function listen(server: Server, path: string, cleanup: Cleanup): Promise<void> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

test(
  'an engine that starts later is seen, and its end in the middle of a build survived',
  180_000,
  async (cleanup) => {
    const builder = new PrivateBuilder(cleanup);
    const netmeter = new Netmeter(cleanup, { env: { DOCKER_HOST: builder.dockerHost } });
    const start = await started(startUnder(netmeter));
    assert.is(sourceNamed(start.sources, 'docker').code, 'engine-unreachable');

    await builder.start();
    await sourceTurns(netmeter, 'docker', true);
    await sourceTurns(netmeter, 'executor', true);
    const [done, slow] = [builder.path(2_000_000, 'done'), builder.slowPath(60_000_000, 'slow')];
    const going = builder.build('ended', [done, slow]);
    await eventually('the slow step to have begun', 30_000, async () => {
      return (await originPath(slow)).bodySent > 0 ? true : undefined;
    });
    await builder.kill();
    assert.is.not((await going).exitCode, 0, 'the build went with its engine');
    assert.is((await sourceTurns(netmeter, 'docker', false)).code, 'engine-unreachable');

    await builder.start();
    await sourceTurns(netmeter, 'buildkit', true);
    const ended = await finishedBuild(netmeter, 'ended');
    assert.is(ended.build.status, 'canceled');
    assert.is(stepNamed(ended, done).status, 'done');
    assert.is(stepNamed(ended, slow).status, 'canceled');
    assertWithin(
      received(stepNamed(ended, done)),
      receivedOverTcp(await originPath(done)),
      1e-3,
      'the step before',
    );
    // The container of the step outlived its engine, and its bytes are the step's.
    builder.endSteps();
    const counted = await eventually('the end of the download', 20_000, async () => {
      const { aborted } = await originPath(slow);
      return aborted > 0 ? finishedBuild(netmeter, 'ended') : undefined;
    });
    const sent = receivedOverTcp(await originPath(slow));
    const got = received(stepNamed(counted, slow));
    // What was on its way when the socket was closed arrived and was refused, or had not been sent.
    assert.ok(got > 1_000_000 && Math.abs(got - sent) < 500_000, `${got} bytes of ${sent}`);

    const later = builder.path(1_000_000, 'later');
    assert.is((await builder.build('later', [later])).exitCode, 0);
    const next = await finishedBuild(netmeter, 'later');
    assert.is(next.build.status, 'completed');
    assertWithin(
      received(stepNamed(next, later)),
      receivedOverTcp(await originPath(later)),
      1e-3,
      'the next build',
    );
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    assert.equal(
      builds.map((build) => [build.name, build.status]),
      [
        ['later', 'completed'],
        ['ended', 'canceled'],
      ],
    );
  },
);

test.run();
