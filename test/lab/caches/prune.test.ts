// The cache mount that netmeter warns of is the one that the engine's garbage collection then removes.
import * as assert from 'uvu/assert';
import type { StatusDocument } from '../../../src/protocol/documents.js';
import { PrivateBuilder } from '../engines/private-builder.js';
import { eventually, labSuite, startNetmeter } from '../harness/index.js';

const test = labSuite('cache mounts that are about to be pruned');
const MB = 1_000_000;

test('are warned of once, while they are still there', 240_000, async (cleanup) => {
  const builder = new PrivateBuilder(cleanup);
  const policy = [{ keepStorage: `${30 * MB}`, filter: ['type=exec.cachemount'] }];
  await builder.start({ builder: { gc: { enabled: true, policy } } });
  const netmeter = await startNetmeter(cleanup, { env: { DOCKER_HOST: builder.dockerHost } });
  const warnings = async () => {
    const { warnings } = await netmeter.json<StatusDocument>(['status']);
    return warnings.filter(({ code }) => code === 'cache-prune');
  };
  const cacheMounts = async () => {
    const format = '{{range .BuildCache}}{{.CacheType}} {{.Description}}\n{{end}}';
    const { stdout } = await builder.client(['system', 'df', '-v', '--format', format]);
    return stdout.split('\n').filter((line) => line.startsWith('exec.cachemount'));
  };

  for (const id of ['older', 'newer']) {
    const dockerfile = `FROM nm-busybox
RUN --mount=type=cache,id=${id},target=/c head -c ${20 * MB} /dev/urandom > /c/${id}
`;
    await builder.client(['build', '--network=host', '-'], { input: dockerfile });
  }
  const warning = await eventually('a warning', 30_000, async () => (await warnings())[0]);
  // Which of the two was used last is the engine's to say: it notes that when it lets go of them.
  const [, threatened] =
    /removes the cache mount (older|newer) \(20\.0 MB\) next/.exec(warning.message) ?? [];
  assert.ok(threatened !== undefined, warning.message);
  assert.is((await cacheMounts()).length, 2, 'both are there when one is warned of');

  const left = await eventually('the engine to collect', 120_000, async () => {
    const found = await cacheMounts();
    return found.length < 2 ? found : undefined;
  });
  assert.is(left.length, 1);
  assert.not.match(left[0] ?? '', `/c/${threatened}`);
  assert.is((await warnings()).length, 1, 'told once');
});

test.run();
