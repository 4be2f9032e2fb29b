import type { Store } from '../../../daemon/store/types.js';
import type { Build } from '../../../src/builds/types.js';
import { container, DAY, linkRow, NOON, row, SECOND, tick } from './support.js';

const web = container('web');
const job = container('job');
const SAMPLE_PERIOD = { from: NOON - 1_000 * DAY, to: NOON };

/** What every fixture holds, at every level of rows. Fixed: recorded fixtures are compared with it. */
export async function sample(store: Store): Promise<void> {
  for (const end of [NOON - 900 * DAY, NOON - 100 * DAY, NOON - 3 * DAY, NOON - SECOND, NOON]) {
    await store.commit(
      tick(end, {
        owners: [web, job],
        rows: [row(web, end, 1_000), row(job, end, 70, { class: 'proxy', link: undefined })],
        links: [linkRow('wlp2s0', end, 1_100, 2)],
        positions: [{ key: 'aa', bytes: 5_000, packets: 5 }],
      }),
    );
    await store.maintain(end);
  }
  await store.move('move 1', [
    { fromOwnerId: web.id, to: job, interval: SAMPLE_PERIOD, share: 0.25, classes: ['wan'] },
  ]);
  await store.saveBuild({ ref: 'build1', startedAt: NOON, status: 'completed' } as Build);
  await store.setMeta('key', 'value');
}

/** What a store with the sample in it answers. */
export async function answers(store: Store): Promise<Record<string, unknown>> {
  const usage = await store.usage(SAMPLE_PERIOD);
  const links = await store.linkUsage(SAMPLE_PERIOD);
  return {
    usage: usage.map(({ owner, class: kind, link, rxBytes }) => [
      owner.name,
      owner.facts,
      kind,
      link,
      rxBytes,
    ]),
    links: links.map(({ link, rxBytes, txDropped }) => [link, rxBytes, txDropped]),
    remotes: (await store.remotes([web.id])).map(({ address, rxBytes }) => [address, rxBytes]),
    positions: await store.positions('boot'),
    lastTickAt: await store.lastTickAt(),
    builds: (await store.builds({})).map(({ ref }) => ref),
    meta: await store.meta('key'),
  };
}
