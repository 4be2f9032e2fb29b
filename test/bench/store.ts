/**
 * What the store costs: `node --import tsx test/bench/store.ts [ticks] [rows a tick]`.
 *
 * Prints the CPU time (all threads) and the bytes written per tick, then fills a week and times the
 * questions that a report asks about it (median of five).
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../daemon/store/open-store.js';
import type { Store, TickBatch } from '../../daemon/store/types.js';
import type { Owner, TrafficRow } from '../../src/metering/types.js';

const TICKS = Number(process.argv[2] ?? 3_000);
const ROWS = Number(process.argv[3] ?? 50);
const OWNERS = 20;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

const owners: Owner[] = Array.from({ length: OWNERS }, (_, place) => ({
  id: `container:${place.toString(16).padStart(64, '0')}`,
  kind: 'container',
  name: `container-${place}`,
  facts: { image: 'debian:trixie', cgroupPath: `/docker/${place}` },
}));

function batch(end: number, count: number): TickBatch {
  const interval = { from: end - SECOND, to: end };
  const rows = Array.from({ length: count }, (_, place): TrafficRow => {
    return {
      ownerId: owners[place % OWNERS]!.id,
      remote: { address: `198.51.100.${place}`, port: 443, protocol: 'tcp' },
      class: 'wan',
      link: 'wlp2s0',
      tier: 'exact',
      interval,
      rxBytes: 40_000 + place,
      txBytes: 900 + place,
      rxPackets: 30,
      txPackets: 12,
    };
  });
  const rxBytes = rows.reduce((sum, row) => sum + row.rxBytes, 0);
  const link = { link: 'wlp2s0', interval, rxBytes, txBytes: count, rxPackets: count, txPackets: count };
  return {
    interval,
    epoch: 'bench',
    rows,
    links: count === 0 ? [] : [{ ...link, txDropped: 0 }],
    owners: [],
    positions: rows.map((_, place) => ({ key: `${place}`.padStart(56, 'f'), bytes: end, packets: end })),
    forget: [],
  };
}

function writtenBytes(): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

async function perCall(what: string, count: number, run: (index: number) => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const written = writtenBytes();
  for (let index = 0; index < count; index++) await run(index);
  const { user, system } = process.cpuUsage(cpu);
  const kilobytes = (writtenBytes() - written) / count / 1024;
  console.log(`${what}: ${((user + system) / count).toFixed(0)} µs CPU, ${kilobytes.toFixed(1)} KiB written`);
}

async function ticks(store: Store): Promise<void> {
  let end = START;
  const next = () => (end += SECOND);
  await store.commit({ ...batch(end, ROWS), owners });
  for (let index = 0; index < 200; index++) await store.commit(batch(next(), ROWS));
  await perCall('making the batches alone', TICKS, async () => void batch(next(), ROWS));
  await perCall(`tick of ${ROWS} rows`, TICKS, () => store.commit(batch(next(), ROWS)));
  await perCall('tick of 5 rows', TICKS, () => store.commit(batch(next(), 5)));
  await perCall('tick of nothing', TICKS, () => store.commit(batch(next(), 0)));
  await perCall(`tick of ${ROWS} rows to new remotes`, Math.ceil(TICKS / 10), (index) => {
    const fresh = batch(next(), ROWS);
    for (const row of fresh.rows) row.remote.port = 1_000 + index;
    return store.commit(fresh);
  });
}

/** Six days of minutes and one of seconds, then what a report asks. */
async function week(store: Store, rows: number): Promise<void> {
  const until = START + 7 * DAY;
  await store.commit({ ...batch(START, rows), owners });
  for (let end = START + MINUTE; end <= until - DAY; end += MINUTE) await store.commit(batch(end, rows));
  for (let end = until - DAY + SECOND; end <= until; end += SECOND) await store.commit(batch(end, rows));
  console.log(`a week of ${rows} rows a tick`);
  const period = { from: START - 1, to: until };
  const odd = { from: START + 1_234_567, to: until - 1_234_567 };
  await timed('  usage of the week', () => store.usage(period));
  await timed('  usage between odd seconds', () => store.usage(odd));
  await timed('  usage per link', () => store.linkUsage(period));
  await timed('  days', () => store.days(period, 'Europe/Berlin'));
  await timed('  totals and remotes of all owners', async () => {
    const ids = owners.map(({ id }) => id);
    await store.totals(ids);
    await store.remotes(ids);
  });
  await timed("  one owner's rows of 10 minutes", () =>
    store.ownerRows(owners[0]!.id, { from: until - 600 * SECOND, to: until }),
  );
  await store.maintain(until);
  const hours = 6;
  await perCall('  maintenance of an hour', hours, (hour) => store.maintain(until + hour * HOUR));
}

async function timed(what: string, ask: () => Promise<unknown>): Promise<void> {
  const durations: number[] = [];
  for (let run = 0; run < 5; run++) {
    const begun = performance.now();
    await ask();
    durations.push(performance.now() - begun);
  }
  durations.sort((a, b) => a - b);
  console.log(`${what}: ${durations[2]!.toFixed(1)} ms`);
}

async function inNewStore(run: (store: Store) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-bench-'));
  try {
    const store = await openStore({ directory, clock: () => START });
    try {
      await run(store);
    } finally {
      await store.close();
    }
    console.log(`  file: ${(statSync(join(directory, 'netmeter.db')).size / 1e6).toFixed(1)} MB`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await inNewStore(ticks);
await inNewStore((store) => week(store, 20));
