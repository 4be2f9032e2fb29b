// Ten builds of one project, each estimated before it ran: the estimates beside what really crossed the uplink.
import * as assert from 'uvu/assert';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import { docker, engine, lab, labSuite, pushRandomImage, startNetmeter } from '../harness/index.js';
import { holdAgainst, running, step } from './hold.js';
import { BuildCache, Project, type Taken } from './scene.js';

const test = labSuite('estimates');
const MB = 1_000_000;
const TOOLS = 6 * MB;
const PACKAGE = 2 * MB;

test('ten builds: estimates beside what was taken', 400_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const cache = new BuildCache();
  const project = new Project(netmeter, cleanup);
  const { id } = project;
  await cache.start(cleanup);
  const image = await pushRandomImage('estimate', [5 * MB, 3 * MB]);
  const imageBytes = image.configBytes + image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const lock = (...names: string[]) => names.map((name) => `${name}-${id}\n`).join('');
  project.write({
    Dockerfile: dockerfile(id, image.reference),
    'lock.txt': lock('a', 'b', 'c'),
    'app.txt': 'one\n',
    '.dockerignore': '*.log\n',
  });
  const all: [name: string, taken: Taken][] = [];
  const build = async (name: string, ...flags: string[]) => {
    const taken = await project.build(...flags);
    all.push([name, taken]);
    return taken;
  };

  // Nothing was ever seen: the image is known by its manifest, the rest is not.
  await netmeter.run(['link', 'set', lab().uplink, '--metered', 'yes']);
  const gated = await netmeter.run(['check', '--limit', '1MB', project.folder], { anyExit: true });
  assert.is(gated.exitCode, 1, gated.stdout);
  assert.match(gated.stdout, `That is over the limit of 1.00 MB (${lab().uplink} is metered).`);
  const open = await netmeter.run(['check', '--limit', '1GB', project.folder]);
  assert.match(open.stdout, 'What is known of it is within the limit');
  const cold = await build('cold');
  assert.is(cold.estimate.fetchBytes, null);
  assert.is(step(cold, 'FROM nm-busybox').willRun, false, 'nm-busybox is local');
  assert.ok(step(cold, `FROM ${image.reference}`).lowBytes! >= imageBytes);
  assert.is(step(cold, 'RUN wget').basis, 'unknown');

  const unchanged = await build('unchanged');
  assert.equal(running(unchanged), [], 'nothing will run');

  project.write({ 'app.txt': 'two\n', 'ignored.log': 'x\n' });
  const source = await build('a source file changed');
  assert.match(step(source, 'COPY . .').because, 'app.txt that it takes changed');
  assert.is(step(source, 'RUN wget').willRun, false);

  project.write({ 'lock.txt': lock('a', 'b', 'c', 'd') });
  const locked = await build('a package added to the lock file');
  assert.match(step(locked, 'COPY lock.txt').because, 'lock.txt that it takes changed');
  assert.is(step(locked, '--mount=type=cache').willRun, true);
  assert.is(step(locked, '--mount=type=cache').basis, 'estimated');

  project.write({ 'lock.txt': lock('a', 'b', 'c') });
  const back = await build('the lock file as it was');
  assert.is(step(back, '--mount=type=cache').willRun, false, 'an older build left that layer');

  await cache.forget((record) => record.Type === 'exec.cachemount');
  project.write({ 'lock.txt': lock('a', 'b', 'e') });
  const empty = await build('another lock file, an empty cache');
  assert.match(step(empty, '--mount=type=cache').because, 'is empty');

  await cache.forget((record) => record.Type === 'exec.cachemount');
  const fresh = await build('the same, nothing cached', '--no-cache');
  assert.is(fresh.estimate.basis, 'measured');

  await cache.forget((record) => record.Type === 'regular');
  const pruned = await build('layers pruned, the cache warm');
  assert.match(step(pruned, 'RUN wget').because, 'no longer in the build cache');
  assert.is(step(pruned, 'RUN wget').basis, 'measured');

  await cache.forget((record) => record.Type === 'exec.cachemount');
  const other = await docker('28', ['build', '-q', '-f', '-', project.folder], { input: halfWarm(id) });
  await docker('28', ['rmi', '-f', other.stdout.trim()]);
  project.write({ 'lock.txt': lock('a', 'b', 'c', 'e', 'f') });
  await build('half of the packages in the cache');

  const last = await build('unchanged again');
  assert.equal(running(last), []);

  const slow = await project.estimate('--build-arg', 'MODE=slow');
  const wget = slow.steps.find((each) => each.name.startsWith('RUN wget'));
  assert.match(wget?.because ?? '', 'the variable MODE has another value');
  assert.is(wget?.willRun, true);

  const words = ['run', '--', engine('28').client, 'build', '-q', project.folder];
  const { stderr } = await netmeter.run(words, { timeoutMs: 120_000 });
  assert.match(stderr, 'netmeter: This build will fetch about 0 B');

  for (const [name, { estimate, wireBytes }] of all) holdAgainst(name, estimate, wireBytes);
  const report = await netmeter.json<ReportDocument>(['report']);
  assert.ok(report.estimates.count >= all.length - 1, 'each but the first, of which nothing could be known');
  assert.ok((report.estimates.medianErrorRatio ?? 1) <= 0.05, String(report.estimates.medianErrorRatio));
});

function dockerfile(id: string, image: string): string {
  const { origin } = lab();
  return `FROM ${image} AS data
FROM nm-busybox
WORKDIR /app
ARG MODE=fast
ARG TARGETVARIANT
ENV LEVEL="a b" PATH=/opt/bin:$PATH
RUN wget -q -O /tools ${origin}/bytes/${TOOLS}/tools-${id}
COPY lock.txt ./
RUN --mount=type=cache,id=packages-${id},target=/cache \\
    for p in $(cat lock.txt); do \\
      [ -e /cache/$p ] || wget -q -O /cache/$p ${origin}/bytes/${PACKAGE}/$p || exit 1; \\
    done
COPY . .
RUN wc -c *.txt
COPY --from=data / /data
`;
}

/** Another Dockerfile that uses the same cache. */
function halfWarm(id: string): string {
  return `FROM nm-busybox
RUN --mount=type=cache,id=packages-${id},target=/other wget -q -O /other/a-${id} ${lab().origin}/bytes/${PACKAGE}/a-${id}
`;
}

test.run();
