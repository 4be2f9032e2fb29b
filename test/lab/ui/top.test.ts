// The live view in a real terminal while a real engine builds: what it shows is what `build show` says.
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { WebSocketServer } from 'ws';
import { formatBytes, sumOf } from '../../../src/text/figures.js';
import { finishedBuild, stepNamed } from '../exactness/documents.js';
import { build, docker, lab, labSuite, Netmeter, pushRandomImage } from '../harness/index.js';
import { shellWith, showsSteps } from './rows.js';
import { TmuxTerminal } from './terminal.js';

const test = labSuite('the live view');
const MB = 1_000_000;

test('a build in a terminal, from before the daemon to after it', 240_000, async (cleanup) => {
  const tag = `live-view-${process.pid}`;
  const image = await pushRandomImage(tag, [3 * MB, 2 * MB]);
  cleanup.defer(() => docker('28', ['rmi', '-f', image.reference, tag], { anyExit: true }));
  const netmeter = new Netmeter(cleanup);
  const terminal = new TmuxTerminal(cleanup, 'top');
  await terminal.open(shellWith(netmeter), 110, 32);

  const before = await terminal.shows(/Waiting for it/);
  assert.match(before, 'sudo netmeter start');
  await netmeter.start();
  await terminal.shows(/No builds yet|▸|▾/);

  const slow = `/slow/${12 * MB}/${tag}-${Date.now()}?rate=${2 * MB}`;
  const building = build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM ${image.reference} AS assets
      FROM nm-busybox
      COPY --from=assets / /assets
      RUN --mount=type=cache,id=lv${process.pid},target=/root/.cache/pip wget -q -O /dev/null "${lab().origin}${slow}"
      RUN echo all done`,
  });
  cleanup.defer(() => building.catch(() => {}));
  const running = await terminal.shows(/▶ \[.*RUN wget.* [\d.]+ [kM]B\/s/);
  assert.match(running, new RegExp(`▾ ${tag}`));
  assert.match(running, new RegExp(`empty lv${process.pid}`), 'its cache mount');
  assert.match(running, /^build steps .*[\d.]+ [kM]B\/s/m);

  await terminal.press('2');
  await terminal.shows(/\[2 Owners\][\s\S]*unattributed/);
  await terminal.press('3');
  await terminal.shows(new RegExp(`\\[3 Remotes\\][\\s\\S]*${lab().serverV4.replaceAll('.', '\\.')}`));
  await terminal.press('4');
  await terminal.shows(new RegExp(`\\[4 Caches\\][\\s\\S]*lv${process.pid} .*in use`));
  await terminal.press('1', 'Enter');
  const details = await terminal.shows(/state\s+running/);
  assert.match(details, 'saved       known when it has ended');
  assert.match(details, 'cold        unknown');
  await terminal.press('Escape');

  await terminal.resize(60, 20);
  const small = await terminal.shows((text) => text.includes('q quit') && text.split('\n').length === 20);
  assert.match(small, /▶ \[stage-1 3\/4\] RUN/);
  await terminal.resize(110, 40);
  await terminal.shows((text) => text.split('\n').length === 40);

  await building;
  const { build: shownBuild, steps } = await finishedBuild(netmeter, tag);
  await terminal.press('k', 'g');
  const after = await showsSteps(terminal, steps);
  const whole = after.split('\n').find((line) => line.includes(`▾ ${tag}`)) ?? '';
  assert.match(whole, `WAN ${formatBytes(sumOf(shownBuild.wan))}`);
  assert.ok((sumOf(stepNamed({ schema: 1, build: shownBuild, steps }, 'RUN --mount').wan) ?? 0) > 12 * MB);

  await netmeter.kill9();
  await terminal.shows(/STALE: daemon gone since/);
  await netmeter.start();
  await terminal.shows((text) => !text.includes('STALE') && text.includes(` ${tag} `));

  await terminal.press('q');
  const left = await terminal.shows(/^left 0> ?$/m);
  assert.not.match(left, 'Builds', 'nothing of the view stays');
  await terminal.press('s', 't', 't', 'y', 'Space', '-', 'a', 'Enter');
  const modes = await terminal.shows(/ icanon /);
  assert.match(modes, / echo /);
});

test('a daemon of another protocol: says so, and leaves the terminal', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: '/live' });
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ version: 2, event: 'hello', daemonVersion: '9.0.0' }));
  });
  await new Promise<void>((resolve) => http.listen(join(netmeter.stateDir, 'socket'), resolve));
  cleanup.defer(() => http.close());
  cleanup.defer(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  const terminal = new TmuxTerminal(cleanup, 'other-protocol');
  await terminal.open(shellWith(netmeter), 160, 20);
  const text = await terminal.shows(/^left 1> ?$/m);
  assert.match(text, 'the running daemon (netmeter 9.0.0) speaks 2 (protocol-mismatch)');
  assert.match(text, 'netmeter stop && netmeter start');
});

test.run();
