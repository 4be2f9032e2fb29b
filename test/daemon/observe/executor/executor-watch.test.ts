import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineScene, idOf, specOf, until } from '../../engine-files/engine-scene.js';

const test = suite<{ scene: EngineScene }>('executor watch');

test.before.each((context) => {
  context.scene = new EngineScene();
});
test.after.each(({ scene }) => scene.end());

const A = idOf(1);
const B = idOf(2);

function ids(list: readonly { id: string }[]): string[] {
  return list.map(({ id }) => id).sort();
}

test('a step whose configuration comes late and in parts', async ({ scene }) => {
  mkdirSync(scene.executor, { recursive: true });
  const watch = scene.watch();
  watch.start();
  const folder = scene.folder(A);
  writeFileSync(`${folder}/config.json`, '');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const text = JSON.stringify(specOf(A, 'make'));
  writeFileSync(`${folder}/config.json`, text.slice(0, 40));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.is(scene.seen.length, 0);
  appendFileSync(`${folder}/config.json`, text.slice(40));
  await until(() => scene.seen.length === 1);
  const [execution] = scene.seen;
  assert.is(execution?.id, A);
  assert.is(execution?.engine, 'scene');
  assert.is(execution?.cgroupPath, `/docker/buildkit/${A}`);
  assert.equal(execution?.args, ['/bin/sh', '-c', 'make']);
  assert.equal(execution?.env, ['PATH=/bin']);
  assert.is(execution?.cwd, '/src');
  assert.is(execution?.hostname, 'buildkitsandbox');
  assert.is(execution?.goneAt, undefined);
  assert.equal(ids(watch.running), [A]);
  await until(() => execution?.aliveAt !== undefined);
  scene.remove(A);
  await until(() => scene.gone.length === 1);
  assert.is(scene.gone[0]?.id, A);
  assert.ok((scene.gone[0]?.goneAt ?? 0) >= (execution?.seenAt ?? 0));
  assert.equal(watch.running, []);
  assert.equal(scene.missed, []);
});

test('a folder that came and went unread is told of', async ({ scene }) => {
  mkdirSync(scene.executor, { recursive: true });
  const watch = scene.watch();
  watch.start();
  scene.folder(A);
  scene.remove(A);
  scene.folder(B);
  await new Promise((resolve) => setTimeout(resolve, 20));
  scene.remove(B);
  await until(() => scene.missed.length === 2);
  assert.equal([...scene.missed].sort(), [A, B]);
  assert.is(watch.counts.missed, 2);
  assert.is(watch.counts.seen, 0);
});

test('other entries are none of its business', async ({ scene }) => {
  mkdirSync(scene.executor, { recursive: true });
  const watch = scene.watch();
  watch.start();
  writeFileSync(`${scene.executor}/hosts.${A}`, '');
  writeFileSync(`${scene.executor}/resolv.conf`, '');
  writeFileSync(`${scene.executor}/runc-log.json`, '');
  writeFileSync(`${scene.executor}/${B}`, 'no folder');
  rmSync(`${scene.executor}/hosts.${A}`);
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  await until(() => scene.seen.length > 0);
  assert.equal(ids(scene.seen), [A]);
  assert.equal(scene.missed, []);
});

test('an engine that has not made the directory yet', async ({ scene }) => {
  const watch = scene.watch(60_000);
  watch.start();
  assert.is(watch.watching, false);
  assert.is(watch.problem(), undefined);
  mkdirSync(scene.data('buildkit'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  mkdirSync(scene.executor);
  await until(() => watch.watching);
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  await until(() => scene.seen.length === 1);
});

test('a directory that is replaced', async ({ scene }) => {
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  scene.watch().start();
  assert.equal(ids(scene.seen), [A]);
  renameSync(scene.executor, `${scene.executor}-old`);
  await until(() => scene.gone.length === 1);
  scene.folder(B);
  scene.config(B, specOf(B, 'make'));
  await until(() => scene.seen.length === 2);
  assert.equal(ids(scene.seen), [A, B]);
});

test('steps that run when it starts, and what a crashed engine left', async ({ scene }) => {
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  const running = scene.watch();
  running.start();
  assert.equal(ids(scene.seen), [A]);
  assert.is(running.counts.leftover, 0);
  running.stop();
  assert.equal(ids(scene.gone), [A]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  scene.startedSecondsAgo(0);
  const restarted = scene.watch();
  restarted.start();
  assert.is(restarted.counts.leftover, 1);
  assert.is(scene.seen.length, 1);
  scene.folder(B);
  scene.config(B, specOf(B, 'make'));
  await until(() => scene.seen.length === 2);
  // The next engine may clean up.
  scene.remove(A);
  scene.remove(B);
  await until(() => scene.gone.length === 2);
  assert.equal(ids(scene.gone), [A, B]);
  assert.equal(scene.missed, []);
});

test('stop tells what runs to be gone, and nothing afterwards', async ({ scene }) => {
  const abort = new AbortController();
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  scene.folder(B);
  scene.watch().start(abort.signal);
  abort.abort();
  assert.equal(ids(scene.gone), [A]);
  assert.equal(scene.missed, []);
  scene.config(B, specOf(B, 'make'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.is(scene.seen.length, 1);
});

test('two hundred one after the other, thirty-two at a time: all are seen and go', async ({ scene }) => {
  mkdirSync(scene.executor, { recursive: true });
  const watch = scene.watch();
  watch.start();
  const one = async (number: number) => {
    const id = idOf(number);
    scene.folder(id);
    await new Promise((resolve) => setImmediate(resolve));
    scene.config(id, specOf(id, `step ${number}`));
    await until(() => scene.seen.some((execution) => execution.id === id));
    scene.remove(id);
  };
  for (let number = 0; number < 200; number++) await one(number);
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 32 }, (_, i) => one(1000 + round * 100 + i)));
  }
  await until(() => scene.gone.length === 296);
  assert.is(new Set(ids(scene.seen)).size, 296);
  assert.equal(ids(scene.gone), ids(scene.seen));
  assert.equal(scene.missed, []);
  assert.is(watch.counts.overflows, 0);
});

test('more events than the kernel keeps: what is still there is found, and the loss is counted', async ({
  scene,
}) => {
  mkdirSync(scene.executor, { recursive: true });
  const watch = scene.watch();
  watch.start();
  // /proc/sys/fs/inotify/max_queued_events is 16,384; none is taken out of the queue before this is over.
  for (let round = 0; round < 9000; round++) {
    mkdirSync(`${scene.executor}/noise`);
    rmSync(`${scene.executor}/noise`, { recursive: true });
  }
  scene.folder(A);
  scene.config(A, specOf(A, 'make'));
  await until(() => scene.seen.length === 1);
  assert.equal(ids(scene.seen), [A]);
  await until(() => watch.counts.overflows === 1);
});

test.run();
