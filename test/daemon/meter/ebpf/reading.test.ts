import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CounterTable } from '../../../../daemon/meter/ebpf/counter-table.js';
import { maps, programs, sourceHash } from '../../../../daemon/meter/ebpf/generated/bytecode.js';
import { BpfMap } from '../../../../daemon/meter/ebpf/kernel/bpf-map.js';
import {
  CGROUP_KEY_SIZE,
  COUNTER_SIZE,
  decodeCgroupKey,
  decodeFlowKey,
  decodeSlot,
  ENDING,
  FLOW_KEY_SIZE,
  OVERFLOW_SLOTS,
} from '../../../../daemon/meter/ebpf/layout.js';
import { MapReader } from '../../../../daemon/meter/ebpf/map-reader.js';
import { countCpus, LastResort, possibleCpus } from '../../../../daemon/meter/ebpf/overflow.js';
import { recognise } from '../../../../daemon/meter/ebpf/tracepoint.js';
import { hashSources } from '../../../../scripts/build-bpf-sources.js';

/** A map of counters with `count` entries: the key starts with its number, which is also its bytes. */
function fill(count: number, maxEntries: number): BpfMap {
  const map = BpfMap.create('reading', { ...maps.flows, maxEntries });
  const key = new Uint32Array(new ArrayBuffer(FLOW_KEY_SIZE));
  const value = new Uint32Array(new ArrayBuffer(COUNTER_SIZE));
  for (let i = 1; i <= count; i++) {
    key[0] = i;
    key[9] = i * 7;
    value[0] = i;
    value[1] = 1;
    value[2] = 1;
    map.update(new Uint8Array(key.buffer), new Uint8Array(value.buffer));
  }
  return map;
}

/** What a reader makes of a map: how many entries, how many of them different, and their sum. */
function read(reader: MapReader): { entries: number; different: number; bytes: number } {
  const seen = new Set<number>();
  let entries = 0;
  let bytes = 0;
  reader.read((keys, keyWord, values, valueWord) => {
    entries++;
    seen.add(keys[keyWord]!);
    bytes += values[valueWord]! + values[valueWord + 1]! * 2 ** 32;
  });
  return { entries, different: seen.size, bytes };
}

function expected(count: number): ReturnType<typeof read> {
  return { entries: count, different: count, bytes: (count * (count + 1)) / 2 + count * 2 ** 32 };
}

for (const count of [0, 1, 4096, 10_000]) {
  test(`${count} entries are read in batches and singly, all and once each`, () => {
    const map = fill(count, 65_536);
    try {
      const batches = new MapReader(map);
      assert.equal(read(batches), expected(count));
      assert.equal(read(batches), expected(count));
      assert.ok(batches.readsInBatches);
      assert.equal(read(new MapReader(map, false)), expected(count));
    } finally {
      map.close();
    }
  });
}

test('a bucket that does not fit makes the buffers grow', () => {
  const map = fill(64, 64);
  try {
    assert.equal(read(new MapReader(map, true, 1)), expected(64));
  } finally {
    map.close();
  }
});

test('the last resort is read in one call and slot by slot, its CPUs added up', () => {
  const map = BpfMap.create('reading', maps.last_resort);
  try {
    const cpus = possibleCpus();
    const key = new Uint32Array(1);
    const values = new Uint32Array(cpus * 4);
    for (const slot of [0, 3, OVERFLOW_SLOTS - 1]) {
      key[0] = slot;
      for (let cpu = 0; cpu < cpus; cpu++) values.set([slot + 1, 1, cpu + 1, 0], cpu * 4);
      map.update(new Uint8Array(key.buffer), new Uint8Array(values.buffer));
    }
    for (const batches of [true, false]) {
      const read: [slot: number, bytes: number, packets: number][] = [];
      const lastResort = new LastResort(map, cpus, batches);
      lastResort.read((counter, bytes, packets) =>
        read.push([lastResort.counters.indexOf(counter), bytes, packets]),
      );
      assert.is(lastResort.readsInBatches, batches);
      assert.equal(
        read,
        [0, 3, OVERFLOW_SLOTS - 1].map((slot) => [
          slot,
          cpus * (slot + 1 + 2 ** 32),
          (cpus * (cpus + 1)) / 2,
        ]),
      );
    }
  } finally {
    map.close();
  }
});

test('the table finds what a map of strings finds', () => {
  const keys = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 2 }));
  fc.assert(
    fc.property(keys, fc.array(fc.nat(20)), (all, drop) => {
      const table = new CounterTable(8, (key) => ({
        ...decodeSlot(0),
        key: Buffer.from(key).toString('hex'),
      }));
      const model = new Map<string, number>();
      const count = (pair: number[]): void => {
        table.find(Uint32Array.from(pair), 0).bytes++;
        const name = Buffer.from(Uint32Array.from(pair).buffer).toString('hex');
        model.set(name, (model.get(name) ?? 0) + 1);
      };
      all.forEach(count);
      const dropped = new Set(drop.filter((index) => index < table.counters.length));
      for (const index of dropped) model.delete(table.counters[index]!.key);
      table.remove(dropped);
      all.slice(0, 5).forEach(count);
      assert.equal(new Map(table.counters.map(({ key, bytes }) => [key, bytes])), model);
    }),
  );
});

test('the table grows with many keys', () => {
  const table = new CounterTable(FLOW_KEY_SIZE, decodeFlowKey);
  const key = new Uint32Array(FLOW_KEY_SIZE / 4);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) {
      key[4] = i;
      table.find(key, 0).packets++;
    }
  }
  assert.is(table.counters.length, 5000);
  assert.ok(table.counters.every(({ packets }) => packets === 2));
});

test('a flow key is read field by field', () => {
  const key = Buffer.alloc(FLOW_KEY_SIZE);
  key.writeBigUInt64LE(0x1_0000_0002n, 0);
  key.writeBigUInt64LE(77n, 8);
  Buffer.from('00000000000000000000ffffc0000201', 'hex').copy(key, 16);
  key.writeUInt32LE(5, 32);
  key.writeUInt16LE(443, 36);
  key[38] = 6;
  key[39] = 0b1011;
  assert.equal(decodeFlowKey(key), {
    key: key.toString('hex'),
    cgroupId: 0x1_0000_0002,
    netns: 77,
    ifindex: 5,
    remote: { address: '192.0.2.1', port: 443, protocol: 'tcp' },
    direction: 'tx',
    serviceIsLocal: true,
    packetType: 'multicast',
    bytes: 0,
    packets: 0,
    movedAt: 0,
  });
});

test('an overflow key says loopback by its interface', () => {
  const key = Buffer.alloc(CGROUP_KEY_SIZE);
  key.writeBigUInt64LE(9n, 0);
  key[16] = 0b0110;
  const { cgroupId, ifindex, direction, packetType, remote } = decodeCgroupKey(key);
  assert.equal(
    { cgroupId, ifindex, direction, packetType, address: remote.address },
    { cgroupId: 9, ifindex: 1, direction: 'rx', packetType: 'broadcast', address: '' },
  );
  assert.is(decodeSlot(1).key, 'total:1');
});

test('sizes here are those of the C structures', () => {
  assert.is(maps.flows.keySize, FLOW_KEY_SIZE);
  assert.is(maps.flows.valueSize, COUNTER_SIZE);
  assert.is(maps.by_cgroup.keySize, CGROUP_KEY_SIZE);
  assert.is(maps.last_resort.maxEntries, OVERFLOW_SLOTS);
  assert.is(maps.endings.valueSize, ENDING.link + 2 * COUNTER_SIZE);
});

test('the bytecode was made from the sources beside it', () => {
  assert.is(sourceHash, hashSources());
});

test('bytecode is whole instructions, and maps are used where it loads one', () => {
  for (const { code, mapUses } of Object.values(programs)) {
    const bytes = Buffer.from(code.join(''), 'hex');
    assert.is(bytes.length % 8, 0);
    for (const [instruction, map] of mapUses) {
      assert.is(bytes[instruction * 8], 0x18);
      assert.ok(map in maps);
    }
  }
});

test('the two layouts of the tracepoint are told apart, and no other is believed', () => {
  const field = (type: string, offset: number, size: number): string =>
    `\tfield:${type};\toffset:${offset};\tsize:${size};\tsigned:0;`;
  const common = field('int common_pid', 4, 4);
  const now = [field('int root', 8, 4), field('int level', 12, 4), field('u64 id', 16, 8)];
  const before = [field('int root', 8, 4), field('int id', 12, 4), field('int level', 16, 4)];
  const path = (offset: number): string => field('__data_loc char[] path', offset, 4);
  assert.is(recognise([common, ...now, path(24)].join('\n')), 'level_first');
  assert.is(recognise([common, ...before, path(20)].join('\n')), 'id_first');
  assert.is(recognise([common, ...now, path(32)].join('\n')), undefined);
  assert.is(recognise(''), undefined);
  const here = readFileSync('/sys/kernel/tracing/events/cgroup/cgroup_mkdir/format', 'utf8');
  assert.is(recognise(here), 'level_first');
});

test('lists of CPUs are counted', () => {
  assert.is(countCpus('0\n'), 1);
  assert.is(countCpus('0-3,8,10-11\n'), 7);
});

test.run();
