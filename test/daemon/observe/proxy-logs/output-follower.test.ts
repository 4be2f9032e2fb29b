import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LogFollower } from '../../../../daemon/observe/proxy-logs/log-follower.js';
import type { Store } from '../../../../daemon/store/types.js';
import { inDirectory, open } from '../../store/support.js';
import { ContainerOutput } from './container-output.js';

const ID = 'c'.repeat(64);
const WHEEL = 'a 1.0';
const BANNER = ['/docker-entrypoint.sh: Launching', '10-listen: info: Getting the checksum', '', 'ready'];

/** As nginx's image writes it: whole seconds, so that many lines are equal. */
function main(second: number, bytes = 1_000): string {
  const time = new Date(Date.UTC(2026, 0) + second * 1_000).toISOString().slice(11, 19);
  const request = '"GET /simple/a/a-1.0-py3-none-any.whl HTTP/1.1"';
  return `172.17.0.9 - - [01/Jan/2026:${time} +0000] ${request} 200 ${bytes} "-" "pip/23.0" "-"`;
}

function pretty(bytes: number): string {
  return `\u001b[32m http <--\u001b[0m 200, user: null(172.17.0.9), req: 'GET /nm-a/-/nm-a-1.0.0.tgz', bytes: 0/${bytes}`;
}

interface Scene {
  output: ContainerOutput;
  store: Store;
  problems: string[];
  labels: Record<string, string>;
  look(times?: number): Promise<void>;
  /** Requests and served bytes of a package; undefined when nothing was told. */
  sums(name?: string): Promise<number[] | undefined>;
  /** A daemon that starts anew. */
  restart(): void;
}

async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const [output, labels, problems] = [new ContainerOutput(), {} as Record<string, string>, [] as string[]];
    const store = await open(directory);
    const start = () =>
      new LogFollower({
        store: () => store,
        procRoot: '/nowhere',
        hostRoot: '/nowhere',
        container: (id) => (id === ID ? { pid: 7, labels } : undefined),
        output: (_, wanted, signal) => output.open(wanted, signal),
        log: (message, error) => problems.push(`${message}: ${error}`),
      });
    let follower = start();
    const known = {
      name: 'mirror',
      kind: undefined,
      origin: 'label',
      place: 'container',
      ownerId: `container:${ID}`,
      endpoints: [],
      because: undefined,
    } as const;
    await run({
      output,
      store,
      problems,
      labels,
      look: async (times = 2) => {
        for (let time = 0; time < times; time++) {
          await follower.look([known]);
          for (let turn = 0; turn < 5; turn++) await setImmediate();
        }
      },
      sums: async (name = WHEEL) => {
        const one = (await store.proxyPackages(0)).find((each) => each.name === name);
        return one && [one.requests, one.servedBytes];
      },
      restart: () => {
        follower.stop();
        follower = start();
      },
    });
    follower.stop();
    await store.close();
  });
}

test('what a container writes is read once, other words before it or not', async () => {
  await scene(async ({ output, look, sums, problems }) => {
    output.write(0, ...BANNER);
    await look();
    assert.is(await sums(), undefined);
    output.write(1_000, main(1), main(1), main(1, 500));
    await look();
    assert.equal(await sums(), [3, 2_500], 'equal lines are as many requests');
    output.write(1_000, main(1));
    await look();
    await look();
    assert.equal(await sums(), [4, 3_500]);
    assert.equal(output.asked, [{ tail: 20_000 }]);
    assert.equal(problems, []);
  });
});

test('a restart goes on where it was: equal lines of one second and of one instant included', async () => {
  await scene(async ({ output, look, sums, restart }) => {
    output.write(0, ...BANNER);
    output.write(30_000, main(30));
    output.write(30_500, main(30), main(30));
    await look();
    assert.equal(await sums(), [3, 3_000]);
    restart();
    output.write(30_500, main(30));
    output.write(30_700, main(30));
    await look(3);
    assert.equal(await sums(), [5, 5_000]);
    assert.equal(output.asked.at(-1), { since: '1767225620.500000000' });
    restart();
    await look(3);
    assert.equal(await sums(), [5, 5_000]);
  });
});

test('a container or an engine that ends and comes back loses nothing', async () => {
  await scene(async ({ output, look, sums, problems }) => {
    output.write(0, main(0), main(0));
    await look();
    output.end();
    output.write(100, main(0));
    output.refuses = new Error('the engine is away');
    await look(20);
    assert.equal(problems.length, 1, 'said once');
    output.refuses = undefined;
    output.write(200, main(0));
    await look(40);
    assert.equal(await sums(), [4, 4_000]);
  });
});

test('formats without times have the engine’s: verdaccio as its image writes it', async () => {
  await scene(async ({ output, look, sums, restart }) => {
    const name = 'nm-a 1.0.0';
    output.write(0, ' info --- http address - http://0.0.0.0:4873/ - verdaccio/6.0.0');
    // Told twice at once is one request; a second later it is another one.
    output.write(1_000, pretty(700), pretty(700));
    output.write(2_000, pretty(700));
    await look(3);
    assert.equal(await sums(name), [2, 1_400], 'the last one has waited for its double');
    restart();
    await look(3);
    assert.equal(await sums(name), [2, 1_400]);
    output.write(600_000, pretty(700));
    await look(1);
    restart();
    await look(3);
    assert.equal(await sums(name), [3, 2_100]);
  });
});

test('the log_format that a label states says what was fetched', async () => {
  await scene(async ({ output, store, labels, look, problems, restart }) => {
    labels['netmeter.log-format'] =
      '$remote_addr [$time_local] "$request" $status $bytes_sent $upstream_cache_status $upstream_bytes_received';
    const line = (rest: string) =>
      `192.0.2.9 [01/Jan/2026:00:00:09 +0000] "GET /simple/a/a-1.0-py3-none-any.whl HTTP/1.1" 200 ${rest}`;
    output.write(0, 'starting', line('900 MISS 950'), line('900 HIT -'));
    await look();
    const [told] = await store.proxyPackages(0);
    assert.equal([told?.hits, told?.misses, told?.servedBytes, told?.fetchedBytes], [1, 1, 1_800, 950]);
    assert.equal(problems, []);
    labels['netmeter.log-format'] = 'nothing of use';
    restart();
    output.write(1, line('900 HIT -'));
    await look(8);
    assert.is(problems.length, 1, 'said once');
  });
});

test('output that is no log is given up, and floods are read piece by piece', async () => {
  await scene(async ({ output, look, sums, problems, restart }) => {
    output.write(0, ...Array.from({ length: 21_000 }, (_, at) => `[2026-01-01] INFO thing ${at}`));
    await look(20);
    assert.is(problems.length, 1);
    assert.match(problems[0] ?? '', 'no access log');
    assert.is(output.asked.length, 1, 'and not asked for again');
    restart();
    output.write(1_000, ...Array.from({ length: 30_000 }, (_, at) => main(1, at)));
    await look(3);
    const [some = 0] = (await sums()) ?? [];
    assert.ok(some > 0 && some <= 7_500, `${some}`);
    await look(12);
    assert.is((await sums())?.[0], 20_000, 'the last lines');
  });
});

test.run();
