// A Dockerfile that installs without a cache mount: what advice promises, and what following it really saves.
import * as assert from 'uvu/assert';
import type { AdviseDocument, ReportDocument } from '../../../src/protocol/documents.js';
import { BuildCache, Project } from '../estimate/scene.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { labSuite, originPath, startNetmeter } from '../harness/index.js';
import { importNpm, packagesOf } from './npm.js';

const test = labSuite('advice');
const MB = 1_000_000;
const ROUNDS = 3;

test('an npm project saves what it was promised, once it follows the advice', 300_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const cache = new BuildCache();
  const project = new Project(netmeter, cleanup);
  await cache.start(cleanup);
  const image = `nm-npm-${project.id}`;
  await importNpm(image, cleanup);
  const { files, paths } = await packagesOf([3 * MB, 2 * MB], cleanup);
  const dockerfile = `FROM ${image}\nWORKDIR /app\nCOPY . .\nRUN npm ci --no-audit --no-fund\n`;
  project.write({ ...files, Dockerfile: dockerfile });
  const received = async () => {
    const counts = await Promise.all(paths.map(originPath));
    return counts.reduce((sum, count) => sum + receivedOverTcp(count), 0);
  };
  const rounds = async () => {
    const before = await received();
    for (let round = 0; round < ROUNDS; round++) {
      project.write({ 'app.js': `// ${round} ${before}\n` });
      await project.build();
    }
    return (await received()) - before;
  };

  const without = await rounds();
  const file = `${project.folder}/Dockerfile`;
  const { advice } = await netmeter.json<AdviseDocument>(['advise', file]);
  const mount = advice.find((each) => each.code === 'cache-mount-missing');
  assert.match(mount?.message ?? '', '--mount=type=cache,target=/root/.npm');
  assert.is(mount?.where, `${file}:4`);
  assert.is(mount?.basis, 'estimated');
  assert.ok(advice.some((each) => each.code === 'layer-cache-broken' && each.message.includes('COPY . .')));
  const promised = mount?.savesBytes ?? 0;
  assertWithin(promised, (without / ROUNDS) * (ROUNDS - 1), 0.02, 'what is promised: all runs but one');

  const report = await netmeter.json<ReportDocument>(['report']);
  const reported = report.advice.find((each) => each.where === `${file}:4`);
  assert.is(reported?.savesBytes, promised, 'the report says the same');

  const { stdout: fixed } = await netmeter.run(['advise', '--fixed', file]);
  project.write({ Dockerfile: fixed });
  const withMount = await rounds();
  const saved = without - withMount;
  assert.ok(saved <= promised * 1.02, `saved ${saved}, at most ${promised} were promised`);
  assertWithin(saved, promised, 0.05, 'what following the advice saved');
});

test.run();
