// Which process of a real engine is which step. Steps print their own cgroup, so the build's log is the truth.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import { engine, lab, labSuite } from '../harness/index.js';
import { buildRaw, JoinedEngine, type ObservedBuild, SHOW_SELF } from './executor-scene.js';

const test = labSuite('lab: join of processes and steps');
const SIX = [1, 2, 3, 4, 5, 6];

function client(): string {
  return engine('28').client;
}

/** Six stages with what `stage` makes of each, and an image that needs them all. */
function parallel(stage: (number: number) => string): string {
  const stages = SIX.map((i) => `FROM nm-busybox AS s${i}\n${stage(i)}`);
  return [...stages, 'FROM nm-busybox', ...SIX.map((i) => `COPY --from=s${i} /x /x${i}`)].join('\n');
}

/** Asserts that each process has the step that it said it is, and how many are sure. */
async function assertTruth(
  joined: JoinedEngine,
  { truth, names, exitCode }: ObservedBuild,
  count: number,
): Promise<void> {
  assert.is(exitCode, 0);
  assert.is(truth.size, count);
  await joined.settle(truth.keys());
  for (const [id, digest] of truth) {
    const match = joined.join.match(id);
    const described = `${names.get(digest)} is taken for ${names.get(match?.digest ?? '')}`;
    assert.is(match?.digest, digest, described);
    assert.is(match?.attribution, 'exact', `not sure: ${names.get(digest)}`);
  }
}

test('the same command, told apart by build arguments in its name', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const built = await buildRaw(
    client(),
    parallel((i) => `ARG URL=${i}-${randomUUID()}\nRUN ${SHOW_SELF}; echo $URL > /x; sleep 1`),
  );
  await assertTruth(joined, built, 6);
});

test('the same command on copied files, fresh and cached', 240_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const files = Object.fromEntries(SIX.map((i) => [`f${i}`, randomUUID()]));
  for (let round = 0; round < 2; round++) {
    const mark = randomUUID();
    const stage = (i: number) => `COPY f${i} /url\nRUN : ${mark}; ${SHOW_SELF}; cat /url > /x; sleep 1`;
    await assertTruth(joined, await buildRaw(client(), parallel(stage), { files }), 6);
  }
});

test('the same command on a file that is bound at one place', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const files = Object.fromEntries(SIX.map((i) => [`f${i}`, randomUUID()]));
  const stage = (i: number) =>
    `RUN --mount=type=bind,source=f${i},target=/url ${SHOW_SELF}; cat /url > /x; sleep 1`;
  await assertTruth(joined, await buildRaw(client(), parallel(stage), { files }), 6);
});

test('the same command on different images, one of a registry, one local', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const run = `RUN ${SHOW_SELF}; echo > /x; sleep 1; : ${randomUUID()}`;
  const stages = `FROM nm-busybox AS a\n${run}\nFROM ${lab().registry}/busybox:1 AS b\n${run}\n`;
  const dockerfile = `${stages}FROM scratch\nCOPY --from=a /x /a\nCOPY --from=b /x /b\n`;
  await assertTruth(joined, await buildRaw(client(), dockerfile), 2);
});

test('the same commands all along, after a first one that differs', 240_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const mark = randomUUID();
  const stage = (i: number) =>
    [
      `${SHOW_SELF}; echo ${i} ${mark}`,
      `${SHOW_SELF}; date > /x; sleep 1`,
      `${SHOW_SELF}; date >> /x; sleep 1`,
    ]
      .map((command) => `RUN ${command}`)
      .join('\n');
  await assertTruth(joined, await buildRaw(client(), parallel(stage)), 18);
});

test('the same name, other variables: by the provenance', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const stage = (i: number) =>
    `ENV URL=${i}-${randomUUID()}\nRUN ${SHOW_SELF}; sh -c 'echo $URL > /x'; sleep 1`;
  await assertTruth(joined, await buildRaw(client(), parallel(stage)), 6);
});

test('one after the other by a locked cache', 240_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const mount = `--mount=type=cache,id=${randomUUID()},sharing=locked,target=/c`;
  const stage = (i: number) => `ENV N=${i}-${randomUUID()}\nRUN ${mount} ${SHOW_SELF}; date > /x; sleep 1`;
  await assertTruth(joined, await buildRaw(client(), parallel(stage)), 6);
});

test('secrets and proxies in the environment', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const token = randomUUID();
  const dockerfile = `FROM nm-busybox\nRUN --mount=type=secret,id=t,env=TOKEN ${SHOW_SELF}; : $TOKEN $HTTP_PROXY ${token}\n`;
  const flags = ['--secret', 'id=t,env=SECRET', '--build-arg', 'HTTP_PROXY=http://192.0.2.1:9'];
  await assertTruth(joined, await buildRaw(client(), dockerfile, { flags, env: { SECRET: token } }), 1);
});

test('two builds that share a step: it is of the first', 120_000, async (cleanup) => {
  const joined = await new JoinedEngine(cleanup).start();
  const dockerfile = `FROM nm-busybox\nRUN ${SHOW_SELF}; sleep 6; : ${randomUUID()}\n`;
  const first = buildRaw(client(), dockerfile);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const second = await buildRaw(client(), `${dockerfile}RUN : ${randomUUID()}\n`);
  const { truth } = await first;
  assert.is(truth.size, 1);
  const [[id, digest]] = [...truth] as [[string, string]];
  assert.is(second.truth.get(id), digest);
  await joined.settle([id]);
  const sharing = [...joined.builds.values()].filter(({ steps }) =>
    steps.some((step) => step.digest === digest),
  );
  assert.is(sharing.length, 2);
  const oldest = sharing.sort((a, b) => a.startedAt - b.startedAt)[0];
  assert.equal(joined.join.match(id), { executorId: id, ref: oldest?.ref, digest, attribution: 'exact' });
});

test.run();
