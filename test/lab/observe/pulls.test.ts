// Whose bytes are what the engine fetched: two pulls, ADD of a URL and of a repository, all at once.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument, StatusDocument } from '../../../src/protocol/documents.js';
import {
  bytesPath,
  docker,
  eventually,
  lab,
  labSuite,
  type PushedImage,
  pushRandomImage,
  startNetmeter,
} from '../harness/index.js';
import { slowRegistry } from './slow-registry.js';
import { buildNamed, imageName } from './watched-engine.js';

const test = labSuite('lab: what the engine fetches');
const PORT = 5041;
const QUIET_MS = 6_000;
/** Payload of a full packet and the packet, IPv4 with TCP time stamps. */
const WIRE_PER_BYTE = 1500 / 1448;

for (const [pace, bytesPerSecond] of [
  ['faster than it can be told', undefined],
  ['slowly', 4_000_000],
] as const) {
  test(`several sources at once, ${pace}`, 180_000, async (cleanup) => {
    // A repository that the engine has not got would come from where the file does: neither tells its progress.
    const repository = `${lab().origin}/git/sample.git`;
    const fetched = imageName(cleanup, 'repository');
    await buildNamed(fetched, { dockerfile: `FROM scratch\nADD ${repository} /src\n` });
    const netmeter = await startNetmeter(cleanup);
    const registry = bytesPerSecond ? await slowRegistry(cleanup, PORT, bytesPerSecond) : lab().registry;
    const images = [
      await pushRandomImage('big', [12_000_000, 5_000_000]),
      await pushRandomImage('small', [8_000_000]),
    ];
    const [big, small] = images.map(({ reference }) => reference.replace(lab().registry, registry));
    const added = bytesPerSecond ? 3_000_000 : 20_000_000;
    const path = bytesPerSecond ? `/slow/${added}/${randomUUID()}?rate=700000` : bytesPath(added, 'add');
    const name = imageName(cleanup, 'sources');
    const dockerfile = [
      `FROM ${big} AS big`,
      `FROM ${small} AS small`,
      'FROM nm-busybox',
      `ADD ${lab().origin}${path} /x`,
      `ADD ${repository} /src`,
      'COPY --from=big / /big/',
      'COPY --from=small / /small/',
    ].join('\n');
    await buildNamed(name, { dockerfile });

    // Bytes are settled for seconds after the end: until nothing has changed for a while.
    let [before, since] = ['', Date.now()];
    const steps = await eventually('the settlement', 60_000, async () => {
      const { builds } = await netmeter.json<BuildsDocument>(['builds']);
      const build = builds.find((each) => each.name === name);
      if (build === undefined || build.status === 'running') return undefined;
      const shown = await netmeter.json<BuildShowDocument>(['build', 'show', build.ref]);
      const text = JSON.stringify(shown.steps);
      if (text !== before) [before, since] = [text, Date.now()];
      return Date.now() - since > QUIET_MS ? shown.steps : undefined;
    });
    const rxOf = (text: string): number =>
      steps
        .filter((step) => step.name.includes(text) && !step.name.startsWith('[internal]'))
        .reduce((sum, step) => sum + (step.wan.rxBytes ?? 0), 0);
    const [large, little] = images.map(blobBytes) as [number, number];
    const pulls = rxOf(big!) + rxOf(small!);
    assertNear('everything', pulls + rxOf(path), large + little + added, 0.005);
    assertNear('both pulls', pulls, large + little, 0.01);
    assertNear('ADD', rxOf(path), added, 0.02);
    // By what the engine told of their growth, which comes late when the machine is busy.
    assertNear('the large image', rxOf(big!), large, 0.1);
    assertNear('the small image', rxOf(small!), little, 0.1);
  });
}

test('two pulls at once, of which one ends long before the other', 120_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const registry = await slowRegistry(cleanup, PORT, 4_000_000);
  const images = [await pushRandomImage('long', [12_000_000]), await pushRandomImage('short', [2_000_000])];
  const references = images.map(({ reference }) => reference.replace(lab().registry, registry));
  await Promise.all(
    references.map((reference) => {
      cleanup.defer(() => docker('28', ['rmi', reference], { anyExit: true }));
      return docker('28', ['pull', '-q', reference], { timeoutMs: 60_000 });
    }),
  );
  const all = images.reduce((sum, image) => sum + blobBytes(image), 0);
  const pulls = await eventually('both pulls to have their bytes', 30_000, async () => {
    const { owners } = await netmeter.json<StatusDocument>(['status']);
    const found = references.map((name) =>
      owners.find((owner) => owner.kind === 'pull' && owner.name === name),
    );
    const bytes = found.map((owner) => owner?.wan.rxBytes ?? 0);
    return bytes.reduce((sum, each) => sum + each, 0) > all ? bytes : undefined;
  });
  for (const [i, image] of images.entries()) {
    assertNear(references[i]!, pulls[i]!, blobBytes(image), 0.05);
  }
});

function blobBytes({ layers }: PushedImage): number {
  return layers.reduce((sum, layer) => sum + layer.size, 0);
}

function assertNear(what: string, bytes: number, payload: number, tolerance: number): void {
  const expected = payload * WIRE_PER_BYTE;
  const miss = Math.abs(bytes - expected) / expected;
  assert.ok(miss <= tolerance, `${what}: ${bytes} bytes, expected ${Math.round(expected)}`);
}

test.run();
