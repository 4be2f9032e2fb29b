// Which steps will run, and what each costs, from builds that were.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build, CacheMount, Step, StepKind, StepStatus } from '../../../src/builds/types.js';
import { readDockerfile } from '../../../src/dockerfile/read.js';
import { resolveStages } from '../../../src/dockerfile/resolve.js';
import { neededImages, neededStages } from '../../../src/estimate/needed.js';
import { predict } from '../../../src/estimate/predict.js';
import type { EngineState, KnownBuild, StepForecast, StepInput } from '../../../src/estimate/types.js';

const MB = 1_000_000;
const TEXT = `FROM base:1
RUN wget tools
COPY lock.txt ./
RUN --mount=type=cache,target=/cache fetch
COPY . .
RUN make
`;

const input = (digest: string, files: Record<string, string> = { 'lock.txt': digest }): StepInput => ({
  digest,
  files,
  newestAt: 900,
  newest: 'lock.txt',
});

interface Past {
  at: number;
  /** By instruction; steps that are left out were cached. */
  bytes?: Record<string, number>;
  emptyMount?: boolean;
  record?: string;
  inputs?: Record<string, StepInput>;
  environment?: string[];
}

/** A build of TEXT that ran the steps it has bytes of. */
function past(
  ref: string,
  { at, bytes = {}, emptyMount, record = 'r1', inputs, environment }: Past,
): KnownBuild {
  const lines = TEXT.trim().split('\n');
  const steps = lines.map((line, index): Step => {
    const kind = (line.startsWith('FROM') ? 'from' : line.startsWith('RUN') ? 'run' : 'copy') as StepKind;
    const ran = bytes[line] !== undefined;
    const mount: CacheMount = {
      id: '/cache',
      target: '/cache',
      recordId: record,
      sharing: 'shared',
      emptyAtStart: emptyMount,
      bytesBefore: undefined,
      bytesAfter: undefined,
    };
    return {
      digest: `${ref}-${index}`,
      inputs: index === 0 ? [] : [`${ref}-${index - 1}`],
      name: line,
      number: index + 1,
      stage: undefined,
      instruction: line.replace('FROM base:1', 'FROM docker.io/library/base:1'),
      platform: undefined,
      kind,
      status: (ran ? 'done' : 'cached') as StepStatus,
      error: undefined,
      intervals: ran ? [{ startedAt: at, completedAt: at + 1 }] : [],
      blobs: [],
      executorIds: [],
      attribution: 'exact',
      sharedWith: undefined,
      cacheMounts: line.includes('type=cache') ? [mount] : [],
    };
  });
  const build = { ref, startedAt: at, status: 'completed', steps } as unknown as Build;
  return {
    build,
    inputs: inputs && new Map(Object.entries(inputs)),
    bytesOf: (step) => bytes[step.name],
    environmentOf: () => (environment === undefined ? undefined : new Set(environment)),
  };
}

const LAYERS = [
  'mount / from exec /bin/sh -c wget tools',
  'mount / from exec /bin/sh -c fetch',
  'mount / from exec /bin/sh -c make',
  '[3/6] COPY lock.txt ./',
  '[5/6] COPY . .',
];
const engine = (isEmpty: boolean | undefined, layers: string[] | undefined = LAYERS): EngineState => ({
  layers: layers?.map((description) => ({ description, createdAt: undefined })),
  caches: [{ id: '/cache', recordId: 'r1', isEmpty, createdAt: 0 }],
  images: new Map([
    ['base:1', { isPresent: true, digest: undefined, missingBytes: 0, because: 'the engine has this image' }],
  ]),
});

const SAME = { 'COPY lock.txt ./': input('1'), 'COPY . .': input('9') };
const COLD_BYTES = {
  'RUN wget tools': 8 * MB,
  'COPY lock.txt ./': 0,
  'RUN --mount=type=cache,target=/cache fetch': 6 * MB,
  'COPY . .': 0,
  'RUN make': 0,
};
const COLD = past('cold', {
  at: 1000,
  bytes: COLD_BYTES,
  emptyMount: true,
  inputs: SAME,
});

function ask(
  now: Record<string, StepInput>,
  builds: KnownBuild[],
  state: EngineState,
  { text = TEXT, noCache = false } = {},
): Map<string, StepForecast> {
  const file = readDockerfile(text, 'Dockerfile');
  const all = resolveStages(file);
  const stages = neededStages(all, undefined);
  const images = neededImages(file.syntax, stages, all);
  const question = { images, stages, inputs: new Map(Object.entries(now)), noCache, noCacheStages: [] };
  return new Map(predict(question, builds, state).map((each) => [each.name, each]));
}

const NOW = { 3: input('1'), 5: input('9') };
const FETCH = 'RUN --mount=type=cache,target=/cache fetch';

test('unchanged: nothing runs, by content', () => {
  const steps = ask(NOW, [COLD], engine(false));
  for (const step of steps.values()) {
    assert.is(step.willRun, false, step.name);
    assert.is(step.fetchBytes, 0);
    assert.is(step.basis, 'derived');
  }
});

test('never built: everything runs, and nothing is known of it', () => {
  const steps = ask(NOW, [], engine(false));
  assert.is(steps.get('RUN wget tools')?.willRun, true);
  assert.is(steps.get('RUN wget tools')?.fetchBytes, undefined);
  assert.is(steps.get('RUN wget tools')?.basis, 'unknown');
  assert.is(steps.get('COPY . .')?.fetchBytes, 0);
});

test('a file changed: its step and those below it run, those above do not', () => {
  const steps = ask({ ...NOW, 3: input('2', { 'lock.txt': '2', 'new.txt': 'n' }) }, [COLD], engine(false));
  assert.is(steps.get('RUN wget tools')?.willRun, false);
  assert.match(
    steps.get('COPY lock.txt ./')?.because ?? '',
    'lock.txt and 1 more of the files that it takes changed since build cold',
  );
  const fetch = steps.get(FETCH);
  assert.is(fetch?.willRun, true);
  assert.is(fetch?.basis, 'estimated');
  assert.is(fetch?.lowBytes, 0);
  assert.ok((fetch?.highBytes ?? 0) >= 6 * MB);
  assert.match(fetch?.because ?? '', /^line 3 above it runs: .*its cache mount \/cache is not empty/);
});

test('an older build left the same layers: they are used', () => {
  const other = past('other', {
    at: 2000,
    bytes: { 'COPY lock.txt ./': 0, [FETCH]: 2 * MB },
    emptyMount: false,
    inputs: { ...SAME, 'COPY lock.txt ./': input('2') },
  });
  assert.is(ask(NOW, [other, COLD], engine(false)).get(FETCH)?.willRun, false);
});

test('a layer that BuildKit has dropped is made again, for what it took before', () => {
  const steps = ask(NOW, [COLD], engine(true, LAYERS.slice(2)));
  const wget = steps.get('RUN wget tools');
  assert.is(wget?.willRun, true);
  assert.match(wget?.because ?? '', 'no longer in the build cache');
  assert.is(wget?.basis, 'measured');
  assert.is(wget?.fetchBytes, 8 * MB);
  const fetch = steps.get(FETCH);
  assert.is(fetch?.basis, 'measured', 'empty again, the same files');
  assert.is(fetch?.fetchBytes, 6 * MB);
});

test('a layer of the same words that is not as old as any run of the step is another project’s', () => {
  const at = (createdAt: number) => ({
    ...engine(true),
    layers: LAYERS.map((description) => ({ description, createdAt })),
  });
  assert.is(ask(NOW, [COLD], at(1000)).get('RUN wget tools')?.willRun, false);
  const others = ask(NOW, [COLD], at(90_000_000)).get('RUN wget tools');
  assert.is(others?.willRun, true);
  assert.match(others?.because ?? '', 'no longer in the build cache');
});

test('a filled cache: what another run with the same files took, once it had filled it', () => {
  const warm = past('warm', { at: 2000, bytes: { [FETCH]: 30_000 }, emptyMount: false, inputs: SAME });
  const gone = engine(
    false,
    LAYERS.filter((layer) => !layer.includes('fetch')),
  );
  const known = ask(NOW, [warm, COLD], gone).get(FETCH);
  assert.is(known?.fetchBytes, 30_000);
  assert.is(known?.basis, 'measured');
  const inferred = ask(NOW, [COLD], gone).get(FETCH);
  assert.is(inferred?.fetchBytes, 0);
  assert.is(inferred?.basis, 'estimated');
  assert.ok((inferred?.highBytes ?? 0) >= 6 * MB);
});

test('never seen cold: what the savings ledger derived from warm runs', () => {
  const warm = past('warm', { at: 2000, bytes: { [FETCH]: 2 * MB }, emptyMount: false, inputs: SAME });
  const cost = {
    bytes: 5 * MB,
    lowBytes: 4 * MB,
    highBytes: 7 * MB,
    basis: 'derived' as const,
    at: 1,
    durationMs: 1,
  };
  const known = { ...warm, coldOf: (step: Step) => (step.name === FETCH ? cost : undefined) };
  const fetch = ask(NOW, [known], engine(true, LAYERS.slice(2))).get(FETCH);
  assert.is(fetch?.fetchBytes, 5 * MB);
  assert.is(fetch?.lowBytes, 4 * MB);
  assert.is(fetch?.basis, 'derived');
  assert.is(fetch?.coldBytes, 5 * MB);
  const changed = ask({ ...NOW, 3: input('2') }, [known], engine(true)).get(FETCH);
  assert.is(changed?.basis, 'estimated');
  assert.is(changed?.lowBytes, 0);
});

test('a cache that something else filled: between nothing and everything', () => {
  const other = past('other', {
    at: 1000,
    bytes: { [FETCH]: 6 * MB },
    emptyMount: true,
    record: 'gone',
    inputs: SAME,
  });
  const fetch = ask(NOW, [other], engine(false, [])).get(FETCH);
  assert.is(fetch?.basis, 'estimated');
  assert.is(fetch?.fetchBytes, 3 * MB);
  assert.ok((fetch?.highBytes ?? 0) >= 6 * MB);
  assert.match(fetch?.because ?? '', 'something else filled that');
});

test('--no-cache runs everything with empty caches', () => {
  const steps = ask(NOW, [COLD], engine(false), { noCache: true });
  assert.is(steps.get('RUN wget tools')?.fetchBytes, 8 * MB);
  assert.is(steps.get(FETCH)?.fetchBytes, 6 * MB);
  assert.match(steps.get(FETCH)?.because ?? '', 'told not to use the cache; --no-cache replaces');
});

test('no contents noted: what is older than the build is taken for the same, and said so', () => {
  const unnoted = { ...COLD, inputs: undefined };
  const old = ask(
    { 3: { ...input('1'), newestAt: 999 }, 5: { ...input('9'), newestAt: 999 } },
    [unnoted],
    engine(false),
  );
  assert.is(old.get(FETCH)?.willRun, false);
  assert.is(old.get(FETCH)?.basis, 'estimated');
  assert.is(old.get(FETCH)?.highBytes, 6 * MB, 'should that be wrong');
  const touched = ask({ 3: { ...input('1'), newestAt: 1001 } }, [unnoted], engine(false));
  assert.match(
    touched.get('COPY lock.txt ./')?.because ?? '',
    'lock.txt, which it takes, is newer than build cold',
  );
  assert.is(touched.get(FETCH)?.lowBytes, 0);
});

test('another instruction, another variable, another image: what follows runs', () => {
  const edited = ask(NOW, [COLD], engine(false), { text: TEXT.replace('wget tools', 'wget tools more') });
  assert.is(edited.get('RUN wget tools more')?.willRun, true);
  assert.is(edited.get('RUN make')?.willRun, true);
  const text = TEXT.replace('RUN wget', 'ENV MODE=fast\nRUN wget');
  const now = { 4: input('1'), 6: input('9') };
  const slow = ask(now, [{ ...COLD, environmentOf: () => new Set(['MODE=slow']) }], engine(false), { text });
  assert.match(
    slow.get('RUN wget tools')?.because ?? '',
    'the variable MODE has another value than in build cold',
  );
  const older = { ...COLD, environmentOf: () => undefined };
  const doubtful = ask(
    now,
    [{ ...COLD, environmentOf: () => new Set(['MODE=slow']) }, older],
    engine(false),
    {
      text,
    },
  ).get('RUN wget tools');
  assert.is(doubtful?.willRun, true);
  assert.is(doubtful?.lowBytes, 0, 'that build may have had the same value');
  const fast = ask(now, [{ ...COLD, environmentOf: () => new Set(['MODE=fast']) }], engine(false), { text });
  assert.is(fast.get('RUN wget tools')?.willRun, false);
  const path = text.replace('MODE=fast', 'PATH=/x:$PATH');
  const inherited = ask(now, [{ ...COLD, environmentOf: () => new Set(['PATH=/x:/bin']) }], engine(false), {
    text: path,
  });
  assert.is(inherited.get('RUN wget tools')?.willRun, false, 'what the base image says is not known');
  const other = ask(NOW, [COLD], engine(false), { text: TEXT.replace('base:1', 'base:2') });
  assert.is(other.get('RUN wget tools')?.willRun, true);
});

test('of a build whose variables nobody knows, the names of its steps tell their values', () => {
  const now = { 4: input('1'), 6: input('9') };
  const unknown = { ...COLD, environmentOf: () => undefined };
  const ofTool = (value: string) => {
    const text = TEXT.replace('RUN wget tools', `ARG TOOL=${value}\nRUN wget $TOOL`);
    const layers = [...LAYERS, 'mount / from exec /bin/sh -c wget $TOOL'];
    return ask(now, [unknown], engine(false, layers), { text }).get(`RUN wget ${value}`);
  };
  assert.is(ofTool('tools')?.willRun, false);
  const other = ofTool('others');
  assert.is(other?.willRun, true);
  assert.match(other?.because ?? '', 'a variable in it has another value than in build cold');
});

test('only what the target needs: its stages, and images that it copies from or is read by', () => {
  const text =
    '# syntax=docker/dockerfile:1\nFROM a AS one\nFROM b AS two\nCOPY --from=one / /\nCOPY --from=c / /\nCOPY --from=docker.io/library/c:latest / /\nFROM d AS other\n';
  const file = readDockerfile(text, 'Dockerfile');
  const all = resolveStages(file);
  const needed = neededStages(all, 'two');
  assert.equal(
    needed.map(({ stage }) => stage.name),
    ['one', 'two'],
  );
  assert.equal(
    neededImages(file.syntax, needed, all).map(({ by, image, line }) => `${line} ${by}${image}`),
    ['1 # syntax=docker/dockerfile:1', '2 FROM a', '3 FROM b', '5 COPY --from=c'],
  );
  const contexts = { a: 'docker-image://other:1', c: '/some/folder' };
  assert.equal(
    neededImages(undefined, needed, all, contexts).map(({ image }) => image),
    ['other:1', 'b', 'docker.io/library/c:latest'],
  );
});

test('an image that is not there costs its missing layers, by the manifest', () => {
  const state = engine(false);
  const images = new Map([
    ['base:1', { isPresent: false, digest: undefined, missingBytes: 50 * MB, because: 'manifest' }],
  ]);
  const from = ask(NOW, [COLD], { ...state, images }).get('FROM base:1');
  assert.is(from?.willRun, true);
  assert.is(from?.basis, 'derived');
  assert.ok((from?.lowBytes ?? 0) > 50 * MB && (from?.fetchBytes ?? 0) < 53 * MB);
});

test('an image that is not there is not fetched when no step that needs it runs', () => {
  const text = `FROM assets:1 AS assets\n${TEXT}COPY --from=assets / /assets\n`;
  const lines = text.trim().split('\n');
  const built = (at: number, run: Record<string, number>) => {
    const known = past('whole', { at, bytes: run, emptyMount: true, inputs: SAME });
    const [, base] = lines;
    const first = { ...known.build.steps[0], digest: 'assets', instruction: 'FROM assets:1' } as Step;
    const last = {
      ...known.build.steps[5],
      digest: 'copied',
      inputs: ['whole-5', 'assets'],
      name: lines.at(-1),
      instruction: lines.at(-1),
      kind: 'copy',
      cacheMounts: [],
    } as Step;
    assert.match(base ?? '', 'FROM base:1');
    return { ...known, build: { ...known.build, steps: [first, ...known.build.steps, last] } };
  };
  const now = { 4: input('1'), 6: input('9') };
  const missing = { isPresent: false, digest: undefined, missingBytes: 8 * MB, because: 'missing' };
  const state = (layers: string[]): EngineState => {
    const whole = engine(false, layers);
    return { ...whole, images: new Map([...whole.images, ['assets:1', missing]]) };
  };
  const copied = '[7/7] COPY --from=assets / /assets';
  const kept = ask(now, [built(1000, COLD_BYTES)], state([...LAYERS, copied]), { text }).get('FROM assets:1');
  assert.equal([kept?.willRun, kept?.fetchBytes, kept?.basis], [false, 0, 'derived']);
  assert.match(kept?.because ?? '', 'no step that runs needs it');
  const gone = ask(now, [built(1000, COLD_BYTES)], state(LAYERS), { text }).get('FROM assets:1');
  assert.is(gone?.willRun, true);
  assert.ok((gone?.fetchBytes ?? 0) > 8 * MB);
});

test.run();
