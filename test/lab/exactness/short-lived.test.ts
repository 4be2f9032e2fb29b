// Steps and containers that are gone before the next sample: all accounted, none swapped.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import {
  build,
  bytesPath,
  docker,
  lab,
  labSuite,
  originStats,
  type PathCount,
  removeContainers,
  startNetmeter,
  unlessStalled,
} from '../harness/index.js';
import { finishedBuild, received, status, stepNamed } from './documents.js';
import { assertWithin, receivedOverTcp } from './expectations.js';

const test = labSuite('exactness: short-lived');
const COUNT = 200;
/** Sizes differ by more than what some segments sent again weigh. */
const SMALLEST = 20_000;
const STEP = 6_000;
/** overlay2 stacks 128 layers at most. */
const STAGES = 4;

/**
 * A shell command that fetches a path of the origin, or ends with 143. Not as the first process of its
 * namespace, which the kernel lets nobody end from within.
 */
function fetchTo(file: string, url: string): string {
  return `timeout 20 wget -q -O ${file} ${url} || exit $?`;
}

interface Download {
  path: string;
  /** A text that only this step or container has. */
  marker: string;
}

function downloads(label: string): Download[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const marker = `${label}-${String(i).padStart(3, '0')}-${process.pid}`;
    return { marker, path: bytesPath(SMALLEST + i * STEP, marker) };
  });
}

function fetched(counts: Readonly<Record<string, PathCount>>, path: string): number {
  const count = counts[path];
  if (count === undefined) throw new Error(`the origin was never asked for ${path}`);
  return receivedOverTcp(count);
}

/** Half of the distance to the neighbour's size, in bytes. */
function assertOwn(actual: number, expected: number, marker: string): void {
  assert.ok(Math.abs(actual - expected) < STEP / 2, `${marker}: ${actual} bytes, expected ${expected}`);
}

async function buildManySteps(): Promise<{ all: Download[]; tag: string }> {
  const all = downloads('step');
  const tag = `short-steps-${randomUUID()}`;
  const stages = Array.from({ length: STAGES }, (_, stage) => {
    const steps = all
      .filter((_, i) => i % STAGES === stage)
      .map(({ path }) => `RUN ${fetchTo('/dev/null', lab().origin + path)}`);
    return `FROM nm-busybox AS s${stage}\n${steps.join('\n')}\nRUN touch /done${stage}\n`;
  });
  const copies = stages.map((_, stage) => `COPY --from=s${stage} /done${stage} /`);
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `${stages.join('\n')}\nFROM nm-busybox\n${copies.join('\n')}\n`,
    timeoutMs: 300_000,
  });
  return { all, tag };
}

test(`${COUNT} steps, each with its own bytes`, 400_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const { all, tag } = await unlessStalled(buildManySteps);
  const shown = await finishedBuild(netmeter, tag);
  const { paths } = await originStats();
  for (const { path, marker } of all) {
    const step = stepNamed(shown, marker);
    assert.is(step.attribution, 'exact', marker);
    assertOwn(received(step), fetched(paths, path), marker);
  }
});

async function fetchInContainer({ path, marker }: Download): Promise<Download> {
  const own = `-${randomUUID()}`;
  const fetch = fetchTo('/dev/null', lab().origin + path + own);
  await docker('28', ['run', '--rm', '--name', marker + own, 'nm-busybox', 'sh', '-c', fetch]);
  return { path: path + own, marker: marker + own };
}

test(`${COUNT} containers, each with its own bytes`, 400_000, async (cleanup) => {
  const queue = downloads('container');
  const all: Download[] = [];
  cleanup.defer(() => removeContainers('28', ...all.map(({ marker }) => marker)));
  const netmeter = await startNetmeter(cleanup);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      all.push(await unlessStalled(() => fetchInContainer(next as Download)));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const document = await status(netmeter);
  const { paths } = await originStats();
  for (const { path, marker } of all) {
    const owners = document.owners.filter((owner) => owner.name === marker);
    assert.is(owners.length, 1, `${owners.length} owners are called ${marker}`);
    assert.is(owners[0]?.kind, 'container');
    assertOwn(owners[0]?.wan.rxBytes ?? 0, fetched(paths, path), marker);
  }
});

test('parallel stages with the same text, each its own bytes', 180_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const { paths, tag } = await unlessStalled(buildSameText);
  const shown = await finishedBuild(netmeter, tag);
  const stats = await originStats();
  for (const [i, path] of paths.entries()) {
    const step = stepNamed(shown, `[s${i} 3/3] RUN timeout`);
    assert.is(step.attribution, 'exact');
    assertWithin(received(step), fetched(stats.paths, path), 1e-3, `stage s${i}`);
  }
});

async function buildSameText(): Promise<{ paths: string[]; tag: string }> {
  const sizes = [1, 2, 3, 4, 5, 6].map((millions) => millions * 1_000_000);
  const tag = `short-same-${randomUUID()}`;
  const paths = sizes.map((size) => bytesPath(size, 'same'));
  const stages = sizes.map(
    (_, i) => `
    FROM nm-busybox AS s${i}
    COPY url${i} /url
    RUN ${fetchTo('/data', '"$(cat /url)"')}`,
  );
  const copies = sizes.map((_, i) => `COPY --from=s${i} /data /data${i}`);
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    files: Object.fromEntries(paths.map((path, i) => [`url${i}`, lab().origin + path])),
    dockerfile: `${stages.join('\n')}\nFROM nm-busybox\n${copies.join('\n')}\n`,
  });
  return { paths, tag };
}

test.run();
