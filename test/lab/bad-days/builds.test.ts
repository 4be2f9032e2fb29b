// Builds with very many steps, and with names that would drive a terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument } from '../../../src/protocol/documents.js';
import { finishedBuild, received, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  type Cleanup,
  docker,
  eventually,
  lab,
  labSuite,
  type Netmeter,
  originPath,
  startNetmeter,
} from '../harness/index.js';

const test = labSuite('bad days: builds');
const STAGES = 10;
const STEPS_PER_STAGE = 51;

function imageTag(cleanup: Cleanup, label: string): string {
  const tag = `bad-day-${label}-${process.pid}`;
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  return tag;
}

test('more than 500 steps: all are shown, and bytes find theirs', 240_000, async (cleanup) => {
  const tag = imageTag(cleanup, 'steps');
  const path = bytesPath(2_000_000, 'steps');
  const netmeter = await startNetmeter(cleanup);
  const stages = Array.from({ length: STAGES }, (_, stage) => {
    const steps = Array.from({ length: STEPS_PER_STAGE }, (_, i) =>
      i % 10 === 0 ? `RUN : ${stage} ${i}` : `COPY file /copy-${stage}-${i}`,
    );
    return [`FROM nm-busybox AS s${stage}`, ...steps].join('\n');
  });
  const gathered = stages.map((_, stage) => `COPY --from=s${stage} /copy-${stage}-1 /`);
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    files: { file: 'content' },
    dockerfile: `${stages.join('\n')}\nFROM nm-busybox\n${gathered.join('\n')}\nRUN wget -q -O /dev/null ${lab().origin}${path}\n`,
    timeoutMs: 180_000,
  });
  const shown = await finishedBuild(netmeter, tag);
  assert.is(shown.build.status, 'completed');
  const named = (kind: string) => shown.steps.filter((step) => step.kind === kind);
  assert.is(named('run').length, STAGES * 6 + 1);
  assert.is(named('copy').length, STAGES * (STEPS_PER_STAGE - 6) + STAGES);
  assert.ok(named('run').every((step) => step.status === 'done' && step.attribution === 'exact'));
  assertWithin(
    received(stepNamed(shown, path)),
    receivedOverTcp(await originPath(path)),
    1e-2,
    'the last step',
  );
  const { stdout } = await netmeter.run(['build', 'show', shown.build.ref]);
  for (const step of [...named('run'), ...named('copy')]) assert.ok(stdout.includes(step.name), step.name);
  const { builds } = await netmeter.json<BuildsDocument>(['builds']);
  assert.is(builds.find(({ name }) => name === tag)?.steps, shown.steps.length);
});

/** Clears the screen, sets its title, turns the writing direction, hides, moves up and overwrites. */
const HOSTILE = ['\u001b[2J\u001b[31m', '\u001b]0;title\u0007', '\u202e', '\u200b', '\u009b1A', '\r'];
/** Line ends alone may leave a command for a terminal. */
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

test(
  'escape codes and newlines in step names are shown, not sent, and whole in JSON',
  120_000,
  async (cleanup) => {
    const tag = imageTag(cleanup, 'names');
    // At a million bytes a second: over some ticks, in which top has to tell of the step.
    const path = bytesPath(3_000_000, 'names').replace('/bytes/', '/slow/');
    const netmeter = await startNetmeter(cleanup);
    const watched = await watch(netmeter, cleanup);
    await build({
      engine: '28',
      args: { HOSTILE: HOSTILE.join('x') },
      flags: ['--no-cache', '-t', tag],
      dockerfile: [
        'FROM nm-busybox',
        'ARG HOSTILE',
        `RUN : "${HOSTILE.join('y')}" && wget -q -O /dev/null ${lab().origin}${path}`,
        'RUN : "$HOSTILE" expanded',
        "RUN <<END\nprintf '\\033[31mred\\n'\necho \u001b[1mbold\nEND",
        'WORKDIR /w\u001b[5m',
      ].join('\n'),
    });
    const shown = await finishedBuild(netmeter, tag);
    const hostile = shown.steps.filter((step) => step.name.includes('\u001b'));
    assert.ok(hostile.length >= 3, JSON.stringify(shown.steps.map((step) => step.name)));
    assert.match(stepNamed(shown, path).name, HOSTILE[0]!);
    assert.match(stepNamed(shown, path).name, HOSTILE[2]!);
    await eventually('top to tell of the build', 20_000, () => {
      return watched.text().includes(`status=completed`) ? true : undefined;
    });
    const asked = [['build', 'show', shown.build.ref], ['builds'], ['status'], ['report'], ['logs']];
    for (const command of asked) {
      const { stdout, stderr } = await netmeter.run(command);
      assert.not.match(stdout + stderr, RAW, command.join(' '));
    }
    const { stdout } = await netmeter.run(['build', 'show', shown.build.ref]);
    assert.match(stdout, '\\e[2J\\e[31my\\e]0;title\\u0007y\\u202ey\\u200by\\u009b1A');
    // One line a step, whatever its name: the table of them ends where the build's cache mounts would begin.
    assert.is(
      stdout.split('\n').filter((line) => line.includes(' done ')).length,
      shown.steps.filter(isShown).length,
    );
    assert.match(watched.text(), path);
    assert.not.match(watched.text(), RAW);
  },
);

function isShown(step: BuildShowDocument['steps'][number]): boolean {
  return step.status === 'done' && step.kind !== 'internal';
}

/** `netmeter top` as somebody looks at it during a build. */
async function watch(netmeter: Netmeter, cleanup: Cleanup): Promise<{ text(): string }> {
  const { command, args, env } = netmeter.foreground();
  const words = [args[0]!, 'top', '--plain'];
  const child = spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.defer(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    await exited;
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child.stdout, 'data');
  return { text: () => text };
}

test.run();
