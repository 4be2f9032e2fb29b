import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isNetmeterError } from './is-error.js';
import { type Endian, pcapFile } from './packets.js';
import { readCapture } from './read.js';

const NANOSECONDS = 0xa1b23c4d;
const packet = (text: string) => ({ bytes: Buffer.from(text) });

for (const endian of ['little', 'big'] as Endian[]) {
  test(`packets, times and lengths of a ${endian}-endian file`, () => {
    const file = pcapFile(
      [
        { bytes: Buffer.from('one'), seconds: 1_700_000_000, fraction: 250_000, wireLength: 1500 },
        { bytes: Buffer.alloc(0), seconds: 4_294_967_295, fraction: 0 },
      ],
      { endian },
    );
    const { format, problem, packets } = readCapture(file);
    assert.is(format, 'pcap');
    assert.is(problem, undefined);
    assert.equal(packets, [
      { linkType: 1, hex: '6f6e65', wireLength: 1500, at: 1_700_000_000_250 },
      { linkType: 1, hex: '', wireLength: 0, at: 4_294_967_295_000 },
    ]);
  });

  test(`nanoseconds of a ${endian}-endian file`, () => {
    const file = pcapFile([{ bytes: Buffer.from('x'), seconds: 10, fraction: 500_000_000 }], {
      endian,
      magic: NANOSECONDS,
    });
    assert.is(readCapture(file).packets[0]?.at, 10_500);
  });
}

test('flag bits above the link type are no part of it', () => {
  const file = pcapFile([packet('x')], { linkType: (0x2400_0000 + 101) >>> 0 });
  assert.is(readCapture(file).packets[0]?.linkType, 101);
});

test('versions before 2.3 put the length on the wire first', () => {
  const file = pcapFile([{ bytes: Buffer.from('abc'), wireLength: 99 }], { version: [2, 2] });
  const captured = Buffer.from(file.subarray(32, 36));
  file.copy(file, 32, 36, 40);
  captured.copy(file, 36);
  for (const sizes of [[file.length], [7], [1]]) {
    const { packets } = readCapture(file, sizes);
    assert.equal([packets[0]?.hex, packets[0]?.wireLength], ['616263', 99]);
  }
});

test('a file cut anywhere gives the packets before the cut, and says where it was cut', () => {
  const file = pcapFile([packet('first'), packet('second')]);
  const second = 24 + 16 + 5;
  for (let length = 24; length < file.length; length++) {
    const { packets, problem } = readCapture(file.subarray(0, length));
    const whole = length === 24 || length === second;
    assert.is(packets.length, length < second ? 0 : 1, `${length}`);
    assert.is(problem?.offset, whole ? undefined : length < second ? 24 : second, `${length}`);
  }
});

test('a record that claims more than any packet has ends the reading, and its memory is not asked for', () => {
  const file = pcapFile([packet('first'), packet('second')]);
  file.writeUInt32LE(0x7fffffff, 24 + 16 + 5 + 8);
  const { packets, problem } = readCapture(file);
  assert.equal(
    packets.map(({ hex }) => Buffer.from(hex, 'hex').toString()),
    ['first'],
  );
  assert.is(problem?.offset, 45);
  assert.match(problem!.reason, '2147483647');
});

test('what is no capture is told apart, with the offset', () => {
  const cases: [Buffer, RegExp][] = [
    [Buffer.alloc(0), /empty/],
    [Buffer.from([0xd4, 0xc3]), /offset 2/],
    [Buffer.from('%PDF-1.7 and more'), /25 50 44 46 at offset 0/],
    [pcapFile([]).subarray(0, 20), /offset 20/],
    [pcapFile([], { version: [3, 0] }), /version 3\.0 at offset 4/],
  ];
  for (const [file, message] of cases) {
    assert.throws(() => readCapture(file), isNetmeterError('unreadable-input', message));
  }
});

test('property: chunks of any size give the same packets', () => {
  const packets = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(packets, sizes, (contents, chunkSizes) => {
      const file = pcapFile(contents.map((bytes) => ({ bytes: Buffer.from(bytes) })));
      const read = readCapture(file, chunkSizes);
      assert.is(read.problem, undefined);
      assert.equal(
        read.packets.map(({ hex }) => hex),
        contents.map((bytes) => Buffer.from(bytes).toString('hex')),
      );
    }),
  );
});

test.run();
