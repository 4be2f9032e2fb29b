import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowCounter } from '../../../daemon/meter/ebpf/ebpf-meter.js';
import { FlowLedger, type FlowRules, GROUP_OWNER } from '../../../daemon/pipeline/flow-ledger.js';
import type { Owner } from '../../../src/metering/types.js';

const rules: FlowRules = {
  ownerOf: (flow): Owner => ({ id: `host:/${flow.cgroupId}`, kind: 'host', name: 'h', facts: {} }),
  place: () => ({ class: 'wan', link: 'up0' }),
  placesGeneration: () => 0,
};

function flow(over: Partial<FlowCounter> = {}): FlowCounter {
  return {
    key: 'k',
    cgroupId: 7,
    netns: 1,
    ifindex: 2,
    remote: { address: '198.51.100.9', port: 443, protocol: 'tcp' },
    direction: 'rx',
    serviceIsLocal: false,
    packetType: 'unicast',
    bytes: 0,
    packets: 0,
    movedAt: 0,
    ...over,
  };
}

test('a delta is made against the last committed value, so a failed commit loses nothing', () => {
  const ledger = new FlowLedger(rules);
  ledger.read(flow({ bytes: 100, packets: 1 }));
  assert.is(ledger.drafts().rows[0]?.rxBytes, 100);
  // The commit failed: no accept. The next draft covers both.
  ledger.read(flow({ bytes: 250, packets: 3 }));
  const again = ledger.drafts();
  assert.is(again.rows[0]?.rxBytes, 250);
  assert.is(again.rows[0]?.rxPackets, 3);
  assert.equal(again.positions, [{ key: 'k', bytes: 250, packets: 3 }]);
  ledger.accept();
  assert.is(ledger.drafts().rows.length, 0);
});

test('positions of an earlier run are where counting goes on', () => {
  const ledger = new FlowLedger(rules);
  ledger.restore([{ key: 'k', bytes: 900, packets: 9 }]);
  ledger.read(flow({ bytes: 1000, packets: 10 }));
  assert.is(ledger.drafts().rows[0]?.rxBytes, 100);
});

test('a key that was forgotten and comes again starts from nothing', () => {
  const ledger = new FlowLedger(rules);
  ledger.read(flow({ bytes: 100, packets: 1 }));
  ledger.drafts();
  ledger.accept();
  ledger.forget('k');
  ledger.read(flow({ bytes: 30, packets: 1 }));
  assert.is(ledger.drafts().rows[0]?.rxBytes, 30);
});

test('counters that were there before metering began start from their value', () => {
  const ledger = new FlowLedger(rules);
  ledger.begin(flow({ bytes: 5000, packets: 50 }));
  const first = ledger.drafts();
  assert.equal(first.positions, [{ key: 'k', bytes: 5000, packets: 50 }]);
  assert.is(first.rows.length, 0);
  ledger.accept();
  ledger.read(flow({ bytes: 5100, packets: 51 }));
  assert.is(ledger.drafts().rows[0]?.rxBytes, 100);
});

test('stored positions without a counter are left over', () => {
  const ledger = new FlowLedger(rules);
  ledger.restore([
    { key: 'k', bytes: 900, packets: 9 },
    { key: 'old', bytes: 5, packets: 1 },
  ]);
  ledger.read(flow({ bytes: 900, packets: 9 }));
  assert.equal(ledger.leftovers(), ['old']);
});

test('a broadcast that three listeners counted crossed the wire once', () => {
  const ledger = new FlowLedger(rules);
  for (const cgroupId of [1, 2, 3]) {
    const listener = { key: `k${cgroupId}`, cgroupId, packetType: 'broadcast' } as const;
    ledger.read(flow({ ...listener, bytes: 500, packets: 5 }));
  }
  const { rows } = ledger.drafts();
  assert.is(rows.length, 1);
  assert.is(rows[0]?.ownerId, GROUP_OWNER.id);
  assert.is(rows[0]?.rxBytes, 500);
});

test('a flow goes to another class when routes changed, from then on', () => {
  let generation = 0;
  const ledger = new FlowLedger({
    ...rules,
    place: () => (generation === 0 ? { class: 'wan', link: 'up0' } : { class: 'lan', link: 'docker0' }),
    placesGeneration: () => generation,
  });
  ledger.read(flow({ bytes: 10, packets: 1 }));
  assert.is(ledger.drafts().rows[0]?.class, 'wan');
  ledger.accept();
  generation = 1;
  ledger.read(flow({ bytes: 25, packets: 2 }));
  const { rows } = ledger.drafts();
  assert.is(rows[0]?.class, 'lan');
  assert.is(rows[0]?.rxBytes, 15);
});

test('whatever the order of reads, commits, failures and restarts, the rows add up to the counters', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 4 }),
    grow: fc.integer({ min: 0, max: 1_000_000 }),
    after: fc.constantFrom('nothing', 'commit', 'fail', 'crash'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let ledger = new FlowLedger(rules);
      const counters = new Map<string, number>();
      const database = { positions: new Map<string, number>(), sum: 0 };
      const commit = () => {
        const { rows, positions } = ledger.drafts();
        for (const row of rows) database.sum += row.rxBytes;
        for (const position of positions) database.positions.set(position.key, position.bytes);
        ledger.accept();
      };
      const readAll = () => {
        for (const [key, bytes] of counters) ledger.read(flow({ key, bytes, packets: bytes }));
      };
      for (const { key, grow, after } of steps) {
        const name = `k${key}`;
        counters.set(name, (counters.get(name) ?? 0) + grow);
        readAll();
        if (after === 'commit') commit();
        if (after === 'fail') ledger.drafts();
        if (after === 'crash') {
          ledger = new FlowLedger(rules);
          ledger.restore([...database.positions].map(([k, bytes]) => ({ key: k, bytes, packets: bytes })));
        }
      }
      readAll();
      commit();
      assert.is(
        database.sum,
        [...counters.values()].reduce((a, b) => a + b, 0),
      );
    }),
  );
});

test.run();
