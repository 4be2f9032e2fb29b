// The polled tier against the counters that the container's own namespace shows.
import * as assert from 'uvu/assert';
import { DockerStatsMeter } from '../../../daemon/meter/docker-stats/docker-stats-meter.js';
import { DockerObserver } from '../../../daemon/observe/docker/docker-observer.js';
import { resolveEngine } from '../../../daemon/observe/docker/engine-address.js';
import { bytesPath, docker, engine, eventually, lab, labSuite } from '../harness/index.js';

const IMAGE = 'nm-busybox';
const BYTES = 3_000_000;

for (const name of ['28', '20'] as const) {
  const test = labSuite(`docker stats: engine ${name}`, [name]);

  test(
    'equals what the container sees of its interface, and starts again with it',
    120_000,
    async (cleanup) => {
      const address = resolveEngine({ dockerHost: engine(name).dockerHost, env: {}, homeDir: '/' });
      const observer = new DockerObserver({ address, procRoot: '/proc', now: Date.now, log: () => {} });
      cleanup.defer(() => observer.stop());
      await observer.start(new AbortController().signal);
      const run = async (...args: string[]): Promise<string> => {
        const { stdout } = await docker(name, ['run', '-d', ...args, IMAGE, 'sleep', '300']);
        cleanup.defer(() => docker(name, ['rm', '-f', stdout.trim()], { anyExit: true }));
        return stdout.trim();
      };
      const id = await run();
      const sharing = await run('--network', `container:${id}`);
      const ofHost = await run('--network', 'host');
      const ids = [id, sharing, ofHost];
      await eventually(
        'their networks',
        20_000,
        () => ids.every((each) => observer.container(each)?.networkMode !== undefined) || undefined,
      );
      const meter = new DockerStatsMeter({
        address,
        containers: () => [...observer.containers()].filter((each) => ids.includes(each.id)),
        now: Date.now,
      });
      cleanup.defer(() => meter.stop());
      const exec = async (...command: string[]): Promise<string> =>
        (await docker(name, ['exec', id, ...command])).stdout;

      await exec('wget', '-q', '-O', '/dev/null', lab().origin + bytesPath(BYTES, 'stats'));
      // Neighbours' discoveries come in between: the figure of the namespace is read before and after.
      const before = interfaceCounters(await exec('cat', '/proc/net/dev'));
      const [counters, ...more] = await meter.sample();
      const after = interfaceCounters(await exec('cat', '/proc/net/dev'));
      assert.equal(more, []);
      assert.is(counters!.containerId, id);
      assert.ok(counters!.rxBytes > BYTES, `${counters!.rxBytes}`);
      for (const figure of ['rxBytes', 'rxPackets', 'txBytes', 'txPackets'] as const) {
        const value = counters![figure];
        assert.ok(
          before[figure] <= value && value <= after[figure],
          `${figure}: ${before[figure]} ${value} ${after[figure]}`,
        );
      }

      await docker(name, ['restart', '-t', '0', id]);
      await eventually('its new process', 20_000, () => {
        const { pid } = observer.container(id)!;
        return (pid !== undefined && pid !== counters!.pid) || undefined;
      });
      const [again] = await meter.sample();
      assert.is.not(again!.pid, counters!.pid);
      assert.ok(again!.rxBytes < BYTES, `${again!.rxBytes}`);
    },
  );

  test.run();
}

/** The line of eth0 in /proc/net/dev: eight figures received, then eight sent. */
function interfaceCounters(text: string): Record<'rxBytes' | 'rxPackets' | 'txBytes' | 'txPackets', number> {
  const figures = /eth0:\s*(.*)/.exec(text)![1]!.split(/\s+/).map(Number);
  return { rxBytes: figures[0]!, rxPackets: figures[1]!, txBytes: figures[8]!, txPackets: figures[9]! };
}
