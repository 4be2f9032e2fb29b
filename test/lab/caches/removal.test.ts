// Cache mounts removed by the names that Dockerfiles use: only what is meant, and nothing that a step has mounted.
import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { build, eventually, labSuite, Netmeter, startNetmeter } from '../harness/index.js';
import { TmuxTerminal } from '../ui/terminal.js';
import { engineRecords } from './engine-view.js';
import { listed, mark } from './scene.js';

const test = labSuite('cache mounts removed by name');

test('removes the one that is named, and nothing else', 120_000, async (cleanup) => {
  const word = mark(cleanup);
  const netmeter = await startNetmeter(cleanup);
  const target = `/${word}`;
  await build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox
RUN --mount=type=cache,id=${word}-1,target=${target} echo one > ${target}/f
RUN --mount=type=cache,id=${word}-2,target=${target} echo two > ${target}/f
RUN --mount=type=cache,id=${word}-3,target=/other echo three > /other/f
`,
  });
  const before = await engineRecords();
  const ambiguous = await netmeter.run(['cache', 'rm', target], { anyExit: true });
  assert.is(ambiguous.exitCode, 2);
  const [one, two] = await Promise.all([1, 2].map((n) => listed(netmeter, `${word}-${n}`)));
  assert.match(ambiguous.stderr, one?.[0]?.recordId ?? '-');
  assert.match(ambiguous.stderr, two?.[0]?.recordId ?? '-');
  // Two at once: one of them removes it, the other finds it gone.
  const both = await Promise.all(
    [1, 2].map(() => netmeter.run(['cache', 'rm', `${word}-1`, '--json'], { anyExit: true })),
  );
  const said = both.map(
    ({ stdout }) => JSON.parse(stdout).caches?.[0]?.status ?? JSON.parse(stdout).error.code,
  );
  assert.is(said.filter((status) => status === 'removed').length, 1, said.join());
  for (const status of said) assert.ok(['removed', 'gone', 'not-found'].includes(status), status);
  const after = new Set((await engineRecords()).map(({ ID }) => ID));
  const gone = before.filter(({ ID }) => !after.has(ID)).map(({ ID }) => ID);
  assert.equal(gone, [one?.[0]?.recordId]);
  // Now the target fits one alone, which is not the one that was meant.
  const unsure = await netmeter.run(['cache', 'rm', target, `${word}-3`], { anyExit: true });
  assert.is(unsure.exitCode, 2);
  assert.match(unsure.stderr, 'not-confirmed');
  assert.match(unsure.stderr, two?.[0]?.recordId ?? '-');
  const inJson = await netmeter.run(['cache', 'rm', target, '--json'], { anyExit: true });
  assert.is(inJson.exitCode, 2);
  assert.is(JSON.parse(inJson.stdout).error.code, 'not-confirmed');
  assert.is((await listed(netmeter, word)).length, 2, 'nothing is removed before the answer');
  for (const [key, left] of [
    ['n', 2],
    ['C-d', 2],
    ['y', 1],
  ] as const) {
    const terminal = new TmuxTerminal(cleanup, `rm-${key}`);
    const { command, args, env } = netmeter.commandLine(['cache', 'rm', target]);
    const words = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), command, ...args];
    await terminal.open(
      `env ${words.map((each) => `'${each}'`).join(' ')}; echo "exit $?"; sleep 60`,
      120,
      10,
    );
    const asked = await terminal.shows(/Remove it\?/);
    assert.match(asked, `${word}-2 at ${target}`);
    await terminal.press(...(key === 'C-d' ? [key] : [key, 'Enter']));
    await terminal.shows(left === 2 ? /exit 1/ : /exit 0/);
    assert.is((await listed(netmeter, word)).length, left, key);
  }
  const again = await netmeter.run(['cache', 'rm', target, `${word}-3`, '--yes'], { anyExit: true });
  assert.is(again.exitCode, 1, 'one of them is gone, and nothing is removed');
  await netmeter.run(['cache', 'rm', '/other', '--yes']);
  assert.is((await listed(netmeter, word)).length, 0);
  assert.is((await netmeter.run(['cache', 'rm', `${word}-3`], { anyExit: true })).exitCode, 1);
});

test('refuses to remove what a step has mounted, and says which', 120_000, async (cleanup) => {
  const word = mark(cleanup);
  const netmeter = await startNetmeter(cleanup);
  const building = build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox
RUN --mount=type=cache,id=${word},target=/c : ${word}; touch /c/here; n=0; until [ -e /c/go ] || [ $n = 600 ]; do sleep 0.1; n=$((n+1)); done
`,
  });
  building.catch(() => {});
  const held = await eventually('the cache to be in use', 30_000, async () => {
    const [cache] = await listed(netmeter, word);
    return cache?.inUse && cache.heldBy !== null ? cache : undefined;
  });
  assert.match(held.heldBy?.step ?? '', /touch \/c\/here/);
  const refused = await netmeter.run(['cache', 'rm', word], { anyExit: true });
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, /touch \/c\/here.*\n?/);
  assert.match(refused.stderr, /cache-in-use/);
  const copied = await netmeter.run(['cache', 'export', word, '--to', '/nowhere/'], { anyExit: true });
  assert.is(copied.exitCode, 1);
  assert.match(copied.stderr, /in use by .*touch \/c\/here.*cache-in-use/);
  const alone = new Netmeter(cleanup);
  const [seen] = await listed(alone, word);
  assert.match(seen?.heldBy?.step ?? '', /touch \/c\/here/, 'without a daemon, too');
  writeFileSync(`${held.path}/go`, '');
  await building;
  await netmeter.run(['cache', 'rm', word]);
  assert.is((await listed(netmeter, word)).length, 0);
});

test.run();
