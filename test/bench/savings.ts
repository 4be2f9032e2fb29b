/**
 * What the savings ledger costs: `node --import tsx test/bench/savings.ts [builds]`.
 *
 * Fills a store with builds of 25 steps, a quarter of which ran, over half a year, records their baselines as the
 * daemon does, and times the answers that need the ledger (median of five).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoredAnswers } from '../../daemon/answers/stored.js';
import { BaselineRecorder } from '../../daemon/pipeline/baseline-recorder.js';
import { openStore } from '../../daemon/store/open-store.js';
import type { Store } from '../../daemon/store/types.js';
import type { Build, Step } from '../../src/builds/types.js';
import type { Owner } from '../../src/metering/types.js';

const BUILDS = Number(process.argv[2] ?? 5_000);
const STEPS = 25;
const RAN = 6;
const PROJECTS = 10;
const DAY = 86_400_000;
const END = Date.UTC(2026, 6, 1);
const START = END - 150 * DAY;

function stepOf(build: number, place: number, at: number): Step {
  const ran = place >= STEPS - RAN;
  const startedAt = at + place * 1000;
  const text = `RUN --mount=type=cache,target=/root/.cache make part-${build % PROJECTS}-${place}`;
  return {
    digest: `sha256:${build}-${place}`,
    inputs: [],
    name: `[stage ${place}/${STEPS}] ${text}`,
    number: place,
    stage: 'stage',
    instruction: text,
    platform: undefined,
    kind: 'run',
    status: ran ? 'done' : 'cached',
    error: undefined,
    intervals: [{ startedAt, completedAt: startedAt + 900 }],
    blobs: [],
    executorIds: ran ? [`${build}-${place}`] : [],
    attribution: 'exact',
    sharedWith: undefined,
    cacheMounts: ran ? [mountOf(build)] : [],
  };
}

function mountOf(build: number): Step['cacheMounts'][number] {
  return {
    id: '/root/.cache',
    target: '/root/.cache',
    recordId: `record-${build % PROJECTS}`,
    sharing: 'shared',
    emptyAtStart: build < PROJECTS,
    bytesBefore: undefined,
    bytesAfter: undefined,
  };
}

function buildOf(index: number): Build {
  const startedAt = START + Math.round((index / BUILDS) * (END - START - DAY));
  return {
    ref: `ref-${index}`,
    engine: 'docker',
    name: `project-${index % PROJECTS}`,
    project: `project-${index % PROJECTS}`,
    context: `/src/${index % PROJECTS}`,
    dockerfile: 'Dockerfile',
    target: undefined,
    platforms: [],
    status: 'completed',
    error: undefined,
    startedAt,
    completedAt: startedAt + 30_000,
    steps: Array.from({ length: STEPS }, (_, place) => stepOf(index, place, startedAt)),
  };
}

/** Every step that ran moved 3 MB. */
async function store(build: Build, into: Store): Promise<void> {
  const owners = build.steps.flatMap(({ executorIds }) =>
    executorIds.map((id): Owner => ({ id: `exec:${id}`, kind: 'step', name: 'RUN', facts: {} })),
  );
  const interval = { from: build.startedAt, to: build.completedAt! };
  const remote = { address: '198.51.100.7', port: 443, protocol: 'tcp' } as const;
  const moved = { rxBytes: 3_000_000, txBytes: 20_000, rxPackets: 2_000, txPackets: 300 };
  await into.commit({
    interval,
    epoch: 'bench',
    rows: owners.map(({ id }) => ({
      ownerId: id,
      remote,
      class: 'wan',
      link: 'wlp2s0',
      tier: 'exact',
      interval,
      ...moved,
    })),
    links: [],
    owners,
    positions: [],
    forget: [],
  });
  await into.saveBuild(build);
}

async function timed(what: string, ask: () => Promise<unknown>): Promise<void> {
  const cpu = process.cpuUsage();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    await ask();
    times.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  console.log(`${what}: ${times[2]!.toFixed(1)} ms, ${((user + system) / 5000).toFixed(1)} ms of CPU`);
}

const directory = mkdtempSync(join(tmpdir(), 'netmeter-savings-'));
try {
  const opened = await openStore({ directory, clock: () => END, timeZone: 'UTC' });
  for (let index = 0; index < BUILDS; index++) await store(buildOf(index), opened);
  const onProblem = (message: string, error: unknown) => console.error(message, error);
  const recorder = new BaselineRecorder({
    store: opened,
    tier: 'exact',
    countedSince: 0,
    now: () => END,
    onProblem,
  });
  const cpu = process.cpuUsage();
  while (recorder.isDue) await recorder.record(END);
  const { user, system } = process.cpuUsage(cpu);
  console.log(`recording a build's baselines: ${((user + system) / 1000 / BUILDS).toFixed(2)} ms of CPU`);
  const answers = new StoredAnswers({
    store: opened,
    now: () => END,
    tier: 'exact',
    links: { calibration: () => undefined, packetsComparable: () => undefined, tunnels: [] },
    policy: {
      interfaceOf: () => undefined,
      metered: () => ({ metered: null, because: '' }),
      budget: async () => null,
    },
    running: () => [],
  });
  const week = Math.round((7 / 149) * BUILDS);
  await timed('builds (20)', () => answers.builds({}));
  await timed('builds (200)', () => answers.builds({ limit: 200 }));
  await timed('build show', () => answers.build({ ref: `ref-${BUILDS - 1}` }));
  await timed(`report of a week, ${week} builds, and the week before`, () =>
    answers.report({ since: END - 8 * DAY, until: END - DAY, timeZone: 'UTC' }),
  );
  await opened.close();
} finally {
  rmSync(directory, { recursive: true });
}
