// Engine 20.10 keeps no history of builds: its executor's directory shows what runs, and in which cgroup.
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument } from '../../../src/protocol/documents.js';
import { received } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  docker,
  eventually,
  lab,
  labSuite,
  originPath,
  pushRandomImage,
  startNetmeter,
} from '../harness/index.js';
import { imageName } from '../observe/watched-engine.js';
import { buildUnderRun } from './told.js';

const test = labSuite('builds on Engine 20.10', ['20']);
const MB = 1_000_000;
/** A full packet, IPv4 with TCP time stamps, and its payload. */
const WIRE_PER_BYTE = 1500 / 1448;

test('RUN steps have their command and their bytes', 180_000, async (cleanup) => {
  const [first, second] = [bytesPath(20 * MB, 'legacy'), bytesPath(3 * MB, 'legacy')];
  const netmeter = await startNetmeter(cleanup, { engine: '20' });
  await build({
    engine: '20',
    flags: ['--no-cache'],
    dockerfile: `
      FROM nm-busybox
      RUN wget -q -O /dev/null ${lab().origin}${first}
      RUN --mount=type=cache,target=/cache wget -q -O /cache/x ${lab().origin}${second}`,
    env: { DOCKER_BUILDKIT: '1' },
  });
  const shown = await eventually('the build to be listed', 30_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const ref = builds.find((candidate) => candidate.status !== 'running')?.ref;
    if (ref === undefined) return undefined;
    const document = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
    return document.steps.length >= 2 ? document : undefined;
  });
  for (const path of [first, second]) {
    const step = shown.steps.find((candidate) => candidate.name.includes(path));
    if (step === undefined) throw new Error(`no step fetched ${path}: ${JSON.stringify(shown.steps)}`);
    assertWithin(received(step), receivedOverTcp(await originPath(path)), 1e-3, step.name);
  }
  const mounted = shown.steps.find((step) => step.cacheMounts.length > 0);
  assert.is(mounted?.cacheMounts[0]?.target, '/cache');
});

test('under netmeter run, the progress that the client prints tells the rest', 240_000, async (cleanup) => {
  const image = await pushRandomImage('told', [20 * MB, 3 * MB]);
  const paths = [bytesPath(8 * MB, 'told'), bytesPath(5 * MB, 'told'), bytesPath(6 * MB, 'told')];
  const name = imageName(cleanup, 'told', '20');
  cleanup.defer(() => docker('20', ['rmi', '-f', image.reference], { anyExit: true }));
  const netmeter = await startNetmeter(cleanup, { engine: '20' });
  const dockerfile = (second: string) => `
    FROM ${image.reference} AS data
    FROM nm-busybox
    COPY --from=data / /data/
    RUN wget -q -O /dev/null ${lab().origin}${paths[0]}
    RUN ${second}
  `;
  const fetch = (path = '') => `wget -q -O /dev/null ${lab().origin}${path}`;

  const first = await buildUnderRun(cleanup, netmeter, dockerfile(fetch(paths[1])), ['-t', name]);
  const second = await buildUnderRun(cleanup, netmeter, dockerfile(fetch(paths[2])), ['-t', name]);
  const failing = await buildUnderRun(cleanup, netmeter, dockerfile('exit 7'), ['-t', name]);
  const runs = [first, second, failing];
  for (const each of runs) assert.is(each.stderr, each.written);
  assert.equal(
    runs.map(({ exitCode, document }) => [exitCode, document.exitCode, document.build?.status]),
    [
      [0, 0, 'completed'],
      [0, 0, 'completed'],
      [1, 1, 'failed'],
    ],
  );
  const shown = await Promise.all(
    runs.map(({ document }) =>
      eventually('its steps to have their processes and bytes', 30_000, async () => {
        const ref = document.build?.ref ?? '';
        const told = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
        const open = told.steps.some(
          ({ kind, status, wan, attribution }) =>
            status !== 'cached' && (kind === 'run' ? attribution === 'unattributed' : wan.rxBytes === null),
        );
        return open ? undefined : told;
      }),
    ),
  );
  // Steps are listed by when they began, which a log tells of late.
  const runsOf = (at: number) =>
    shown[at]!.steps.filter(({ kind }) => kind === 'run').sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  assert.equal(
    shown.map((_, at) => runsOf(at).map(({ number, status }) => [number, status])),
    [
      [
        [3, 'done'],
        [4, 'done'],
      ],
      [
        [3, 'cached'],
        [4, 'done'],
      ],
      [
        [3, 'cached'],
        [4, 'failed'],
      ],
    ],
  );
  for (const [step, path] of [
    [runsOf(0)[0]!, paths[0]!],
    [runsOf(0)[1]!, paths[1]!],
    [runsOf(1)[1]!, paths[2]!],
  ] as const) {
    assert.match(step.name, path);
    assertWithin(received(step), receivedOverTcp(await originPath(path)), 1e-3, step.name);
  }
  const copied = shown[0]!.steps.find(({ kind }) => kind === 'copy');
  assert.equal([copied?.number, copied?.status], [2, 'done']);
  const pulled = await eventually('the bytes of FROM to be settled', 30_000, async () => {
    const ref = shown[0]!.build.ref;
    const { steps } = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
    const from = steps.find(({ instruction }) => instruction.startsWith(`FROM ${image.reference}`));
    return from !== undefined && received(from) > 20 * MB ? from : undefined;
  });
  assert.equal([pulled.stage, pulled.status], ['data', 'done']);
  const layers = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  assertWithin(received(pulled), layers * WIRE_PER_BYTE, 0.02, pulled.name);

  // What was held back is told when the daemon stops: nothing is left.
  await netmeter.stop();
  const { builds } = await netmeter.json<BuildsDocument>(['builds']);
  assert.equal(
    builds.map(({ ref, name: called }) => [ref, called]),
    shown.map((each) => [each.build.ref, name]).reverse(),
  );
});

test.run();
