// The view as somebody uses it: 200 steps, keys, pausing, filters, sizes, a daemon that is not there or late.
import { render } from 'ink';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SpokenApp } from '../../../cli/ui/components/SpokenApp.js';
import type { Wishes } from '../../../cli/ui/questions.js';
import { LiveState } from '../../../src/live/state.js';
import type { LiveView } from '../../../src/live/types.js';
import { PROTOCOL_VERSION } from '../../../src/protocol/messages.js';
import { until } from '../../daemon/observe/docker/until.js';
import { build, busyState, busyView, HELLO, iso, NOW, received, STEPS, step, tick } from './scene.js';
import { assertScreen, KEYS, openScreen, type ScreenOptions, type TestScreen } from './screen.js';

async function using(view: LiveView, options: ScreenOptions, body: (screen: TestScreen) => Promise<void>) {
  const screen = openScreen(view, options);
  try {
    await screen.press();
    await body(screen);
  } finally {
    screen.close();
  }
}

/** A build of 200 steps of which one runs. */
function longBuild(running: number): LiveView {
  const state = new LiveState();
  state.event({ version: PROTOCOL_VERSION, ...HELLO }, NOW);
  const steps = Array.from({ length: 200 }, (_, i) =>
    step({
      digest: `sha256:${i}`,
      name: `[app ${i + 1}/200] RUN make part-${i}`,
      wan: received(i * 1000),
      ...(i < running ? {} : { completedAt: null, durationMs: null }),
      ...(i === running ? { status: 'running', startedAt: iso(3) } : {}),
    }),
  ).slice(0, running + 1);
  state.event({ version: PROTOCOL_VERSION, event: 'build', build: build({ steps: 200 }), steps }, NOW);
  return state.view(NOW);
}

test('200 steps: the running one is followed until a row is selected, and again with f', async () => {
  await using(longBuild(120), {}, async (screen) => {
    assert.match(screen.text(), />▶ \[app 121\/200\]/);
    screen.source.set(longBuild(180));
    await screen.press();
    assert.match(screen.text(), />▶ \[app 181\/200\]/);
    await screen.press('g');
    assert.match(screen.text(), />▾ shop/);
    assert.match(screen.text(), /\[app 1\/200\]/);
    screen.source.set(longBuild(190));
    await screen.press();
    assert.not.match(screen.text(), /\[app 191\/200\]/);
    await screen.press(KEYS.pageDown, 'j', 'j');
    assert.match(screen.text(), />✓ \[app 1\d\/200\]/);
    await screen.press('f');
    assert.match(screen.text(), />▶ \[app 191\/200\]/);
    assertScreen('200-steps-80x24', screen.text());
  });
});

test('another build that begins while a long one is followed is shown from its beginning', async () => {
  const state = new LiveState();
  state.event({ version: PROTOCOL_VERSION, ...HELLO }, NOW);
  const tell = (ref: string, count: number, ago: number) => {
    const steps = Array.from({ length: count }, (_, i) =>
      step({
        digest: `${ref}${i}`,
        name: `[${ref} ${i + 1}/${count}] RUN make`,
        status: 'running',
        startedAt: iso(ago - i / 1000),
        completedAt: null,
        durationMs: null,
      }),
    );
    const document = build({ ref, name: ref, startedAt: iso(ago) });
    state.event({ version: PROTOCOL_VERSION, event: 'build', build: document, steps }, NOW);
  };
  tell('long', 60, 50);
  await using(state.view(NOW), {}, async (screen) => {
    assert.match(screen.text(), />▶ \[long 60\/60\]/);
    tell('short', 5, 5);
    screen.source.set(state.view(NOW));
    await screen.press();
    assert.match(screen.text(), /▾ short[\s\S]*\[short 1\/5\][\s\S]*>▶ \[short 5\/5\]/);
  });
});

test('a list that is sorted otherwise, and filtered', async () => {
  await using(longBuild(50), {}, async (screen) => {
    await screen.press('s', 'g');
    assert.match(screen.text(), /SAVED\n ▶ \[app 51\/200\].*\n ✓ \[app 50\/200\]/, 'most bytes first');
    await screen.press('/', 'part-7');
    assert.match(screen.text(), /filter: part-7_/);
    await screen.press(KEYS.enter);
    assert.match(screen.text(), /part-7/);
    assert.not.match(screen.text(), /part-49/);
    await screen.press(KEYS.escape);
    assert.match(screen.text(), /part-49/);
    await screen.press('/', 'nowhere', KEYS.enter);
    assert.match(screen.text(), 'No build or step has that in its name.');
  });
});

test('a screen that stands still stays as it was, and goes on with what is new', async () => {
  await using(longBuild(10), {}, async (screen) => {
    await screen.press(' ');
    screen.source.set(longBuild(20));
    await screen.press();
    assert.match(screen.text(), /PAUSED at 09:30/);
    assert.not.match(screen.text(), /\[app 21\/200\]/);
    await screen.press(' ');
    assert.match(screen.text(), />▶ \[app 21\/200\]/);
    assert.not.match(screen.text(), /PAUSED/);
  });
});

test('what is asked for is what is shown: period, remotes, steps of builds that are unfolded', async () => {
  await using(busyView(), {}, async (screen) => {
    // React runs effects a moment after it has drawn.
    const asks = (wishes: Wishes) =>
      until(() => JSON.stringify(screen.source.wishes.at(-1)) === JSON.stringify(wishes));
    await asks({ period: 'today', remotes: false, warnings: false, refs: [] });
    await screen.press('3');
    await asks({ period: 'today', remotes: true, warnings: false, refs: [] });
    await screen.press('5', 'p');
    await asks({ period: 'start', remotes: false, warnings: true, refs: [] });
    await screen.press('p', 'p', '1', 'G', KEYS.enter);
    await asks({ period: 'cycle', remotes: false, warnings: false, refs: ['failed1'] });
    assert.match(screen.text(), 'its steps are being asked for');
  });
});

test('keys that come together are pressed one after the other', async () => {
  await using(busyView(), {}, async (screen) => {
    await screen.press('/piq\rg\r');
    assert.match(screen.text(), 'No build or step has that in its name.');
    assert.is(screen.quits, 0);
    assert.is(screen.source.wishes.at(-1)?.period, 'today');
    await screen.press('/x\u007f\u007f\u007f\u007f\u007f\u007fevil\r');
    assert.match(screen.text(), 'evil 1/1');
    assert.not.match(screen.text(), '▶ [app 2/4]');
  });
});

test('a build that ended stays unfolded until another one begins', async () => {
  const state = busyState();
  const hear = (over: Parameters<typeof build>[0]) =>
    state.event({ version: PROTOCOL_VERSION, event: 'build', build: build(over), steps: STEPS }, NOW);
  await using(state.view(NOW), { rows: 60 }, async (screen) => {
    hear({ status: 'completed', completedAt: iso(0) });
    screen.source.set(state.view(NOW));
    await screen.press();
    assert.match(screen.text(), /▾ shop {2}completed/);
    hear({ ref: 'next', name: 'next', startedAt: iso(0) });
    screen.source.set(state.view(NOW));
    await screen.press();
    assert.match(screen.text(), /▾ next {2}running[\s\S]*▸ shop {2}completed/);
  });
});

test('quitting: q and Ctrl-C; not while a filter is typed', async () => {
  await using(busyView(), {}, async (screen) => {
    await screen.press('/', 'q');
    assert.is(screen.quits, 0);
    await screen.press(KEYS.enter, 'q');
    assert.is(screen.quits, 1);
    await screen.press(KEYS.interrupt);
    assert.is(screen.quits, 2);
  });
});

test('a frame like the last one writes nothing; one line that changes is one line', async () => {
  const state = busyState();
  await using(state.view(NOW), { columns: 120, rows: 40 }, async (screen) => {
    const before = screen.glass.writes.length;
    screen.source.set(state.view(NOW));
    await screen.press();
    assert.is(screen.glass.writes.length, before);
    state.event({ version: PROTOCOL_VERSION, ...tick(0, 0.01) }, NOW);
    screen.source.set(state.view(NOW));
    await screen.press();
    assert.is(screen.glass.writes.length, before + 1, 'one write a frame');
    const lines = screen.glass.writes.at(-1)?.split(';1H').length ?? 0;
    assert.ok(lines > 1 && lines < 12, `${lines - 1} lines`);
  });
});

test('sizes: everything is painted anew, and fits', async () => {
  await using(busyView(), { columns: 120, rows: 40 }, async (screen) => {
    const large = screen.text();
    for (const [columns, rows] of [
      [80, 24],
      [20, 4],
      [1, 1],
      [300, 90],
    ] as const) {
      screen.glass.resize(columns, rows);
      await screen.press();
      const lines = screen.text().trimEnd().split('\n');
      assert.ok(lines.length <= rows, `${columns}x${rows}: ${lines.length} lines`);
    }
    screen.glass.resize(120, 40);
    await screen.press();
    assert.is(screen.text(), large);
  });
});

test('before the daemon: how to start it', async () => {
  const state = new LiveState();
  state.connection({
    state: 'waiting',
    because: 'netmeter is not running: nobody listens at /run/netmeter/netmeter.sock',
    hint: 'Start it: sudo netmeter start',
    before: false,
    since: NOW,
  });
  await using(state.view(NOW), {}, async (screen) => {
    assertScreen('waiting-80x24', screen.text());
    await screen.press('q');
    assert.is(screen.quits, 1);
  });
});

test('a daemon that is gone, and one that is late: the last figures stay, marked', async () => {
  const state = busyState();
  await using(state.view(NOW + 65_000), {}, async (screen) => {
    assert.match(screen.text(), 'STALE: the daemon has said nothing for 1:05');
    const hint = 'Start it: sudo netmeter start';
    state.connection({ state: 'waiting', because: 'gone', hint, before: true, since: NOW });
    screen.source.set(state.view(NOW + 70_000));
    await screen.press();
    assertScreen('stale-80x24', screen.text());
  });
});

test('what was selected and is gone is no longer selected', async () => {
  await using(longBuild(50), {}, async (screen) => {
    await screen.press('G', KEYS.enter);
    assert.match(screen.text(), /\[app 51\/200\]/);
    screen.source.set(longBuild(20));
    await screen.press();
    assert.match(screen.text(), 'This step is not known any more');
    await screen.press(KEYS.escape);
    assert.not.match(screen.text(), /^>/m);
    await screen.press('g');
    assert.match(screen.text(), />▾ shop/);
  });
});

test('for screen readers: sentences, and no escape sequences of a full screen', async () => {
  const written: string[] = [];
  const stdout = {
    columns: 80,
    rows: 24,
    isTTY: false,
    write: (text: string) => written.push(text),
    on() {},
    off() {},
  };
  const stdin = {
    isTTY: true,
    setEncoding() {},
    setRawMode() {},
    ref() {},
    unref() {},
    on() {},
    addListener() {},
    removeListener() {},
    read: () => null,
  };
  const view = busyView();
  const source = { subscribe: () => () => {}, current: () => view, want() {} };
  const instance = render(
    <SpokenApp source={source} theme={{ colors: false, ascii: false }} onQuit={() => {}} />,
    {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stdin: stdin as unknown as NodeJS.ReadStream,
      debug: true,
      isScreenReaderEnabled: true,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  );
  instance.unmount();
  assert.not.match(written.join(''), '\u001b');
  assertScreen('spoken', `${written[0]}\n`);
});

test.run();
