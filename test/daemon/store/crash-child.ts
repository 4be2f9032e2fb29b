/**
 * A daemon to be killed: `crash-child.ts DIRECTORY LOG [UID]`. It counts on from the position that was committed
 * last, and tells in LOG what it is about to commit and what is committed. Both are plain appends, which
 * the kernel keeps when the process is killed.
 */
import { appendFileSync } from 'node:fs';
import { container, DAY, MINUTE, NOON, open, row, tick } from './support.js';

const [directory, log, uid] = process.argv.slice(2) as [string, string, string?];
const owners = ['a', 'b', 'c'].map(container);
const owner = uid === undefined ? {} : { owner: { uid: Number(uid), gid: Number(uid) } };
const store = await open(directory, owner);
const before = await store.positions('boot');
let total = before[0]?.bytes ?? 0;
let end = (await store.lastTickAt()) ?? NOON;
for (let number = 1; ; number++) {
  end += 7 * MINUTE;
  const interval = { from: end - 7 * MINUTE, to: end };
  const rows = Array.from({ length: 40 }, (_, port) => {
    const bytes = Math.floor(Math.random() * 1e6) + 1;
    total += bytes;
    const remote = { address: '198.51.100.4', port, protocol: 'tcp' as const };
    return row(owners[port % owners.length]!, end, bytes, { remote, interval });
  });
  appendFileSync(log, `begin ${total}\n`);
  const positions = [{ key: 'counter', bytes: total, packets: number }];
  await store.commit({ ...tick(end, { owners, rows, positions }), interval });
  appendFileSync(log, `committed ${total}\n`);
  if (number % 3 === 0) {
    const shares = {
      fromOwnerId: owners[0]!.id,
      to: owners[1]!,
      interval,
      share: 0.4,
      classes: ['wan' as const],
    };
    await store.move(`${end}`, [shares]);
  }
  if (number % 20 === 0) void store.maintain(end + (number % 40) * DAY);
}
