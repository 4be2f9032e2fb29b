import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onLink } from '../../../src/savings/on-link.js';

test('packets that fit are what they are; larger ones would have been several', () => {
  const sent = { txBytes: 5_200, txPackets: 100 };
  assert.is(onLink({ rxBytes: 1_500_000, rxPackets: 1_000, ...sent }), 1_505_200);
  // 20 packets of loopback with 65,483 bytes of content each, as 905 of 1,448 bytes.
  const content = 20 * 65_483;
  assert.is(onLink({ rxBytes: content + 20 * 52, rxPackets: 20, ...sent }), content + 905 * 52 + 5_200);
  assert.is(onLink({ rxBytes: 0, rxPackets: 0, txBytes: 0, txPackets: 0 }), 0);
});

test.run();
