import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isNetmeterError } from './is-error.js';
import {
  block,
  type Endian,
  enhancedPacket,
  interfaceBlock,
  obsoletePacket,
  sectionHeader,
  simplePacket,
} from './packets.js';
import { readCapture } from './read.js';

const text = (hex: string) => Buffer.from(hex, 'hex').toString();
const resolution = (value: number): [number, Buffer] => [9, Buffer.from([value])];

for (const endian of ['little', 'big'] as Endian[]) {
  test(`every kind of packet block of a ${endian}-endian section`, () => {
    const file = Buffer.concat([
      sectionHeader(endian),
      interfaceBlock(endian, 1, [], 4),
      interfaceBlock(endian, 101),
      enhancedPacket(endian, Buffer.from('enhanced'), 1, 1_500_000n, 900),
      simplePacket(endian, Buffer.from('simp'), 700),
      obsoletePacket(endian, Buffer.from('obsolete!'), 1),
    ]);
    const { packets, problem, format } = readCapture(file);
    assert.is(format, 'pcapng');
    assert.is(problem, undefined);
    assert.equal(
      packets.map(({ linkType, hex, wireLength, at }) => [linkType, text(hex), wireLength, at]),
      [
        [101, 'enhanced', 900, 1500],
        [1, 'simp', 700, undefined],
        [101, 'obsolete!', 9, 0],
      ],
    );
  });

  test(`clocks of a ${endian}-endian section: resolutions and offsets`, () => {
    const offset = Buffer.alloc(8);
    if (endian === 'big') offset.writeBigInt64BE(-5n);
    else offset.writeBigInt64LE(-5n);
    const file = Buffer.concat([
      sectionHeader(endian),
      interfaceBlock(endian, 1, [resolution(9)]),
      interfaceBlock(endian, 1, [resolution(0x80 | 10)]),
      interfaceBlock(endian, 1, [[2, Buffer.from('eth0')], resolution(3), [14, offset]]),
      enhancedPacket(endian, Buffer.from('a'), 0, 7_000_000_000n),
      enhancedPacket(endian, Buffer.from('b'), 1, 2048n),
      enhancedPacket(endian, Buffer.from('c'), 2, 9000n),
      enhancedPacket(endian, Buffer.from('d'), 2, 0xffff_ffff_ffff_ffffn),
    ]);
    assert.equal(
      readCapture(file).packets.map(({ at }) => at),
      [7000, 2000, 4000, undefined],
    );
  });
}

test('sections of both byte orders in one file, each with interfaces of its own', () => {
  const file = Buffer.concat([
    sectionHeader('little'),
    interfaceBlock('little', 1),
    enhancedPacket('little', Buffer.from('one')),
    sectionHeader('big'),
    interfaceBlock('big', 113),
    enhancedPacket('big', Buffer.from('two')),
  ]);
  assert.equal(
    readCapture(file).packets.map(({ linkType, hex }) => [linkType, text(hex)]),
    [
      [1, 'one'],
      [113, 'two'],
    ],
  );
});

test('unknown blocks are passed over and counted, whatever their length', () => {
  const file = Buffer.concat([
    sectionHeader('little'),
    interfaceBlock('little', 1),
    block(0xbad, Buffer.alloc(2_000_000, 7), 'little'),
    block(5, Buffer.alloc(12), 'little'),
    enhancedPacket('little', Buffer.from('after')),
  ]);
  for (const sizes of [[file.length], [100_000], [4099]]) {
    const { packets, skippedBlocks } = readCapture(file, sizes);
    assert.is(skippedBlocks, 2);
    assert.equal(
      packets.map(({ hex }) => text(hex)),
      ['after'],
    );
  }
});

test("the capture's own table of names", () => {
  const records = Buffer.concat([
    Buffer.from([1, 0, 12, 0, 192, 0, 2, 9]),
    Buffer.from('a.test\0b'),
    Buffer.from([9, 0, 2, 0, 1, 1, 0, 0]),
    Buffer.from([0, 0, 0, 0]),
  ]);
  const file = Buffer.concat([sectionHeader('little'), block(4, records, 'little')]);
  assert.equal(readCapture(file).resolved, ['192.0.2.9 a.test', '192.0.2.9 b']);
});

test('damage ends the reading where it is; what came before stays', () => {
  const start = Buffer.concat([
    sectionHeader('little'),
    interfaceBlock('little', 1),
    enhancedPacket('little', Buffer.from('good')),
  ]);
  const tooLong = enhancedPacket('little', Buffer.from('abcd'));
  tooLong.writeUInt32LE(5, 20);
  const badTrailer = enhancedPacket('little', Buffer.from('abcd'));
  badTrailer.writeUInt32LE(16, badTrailer.length - 4);
  const huge = enhancedPacket('little', Buffer.from('abcd'));
  huge.writeUInt32LE(0xfffffff0, 4);
  const cases: [Buffer, RegExp][] = [
    [tooLong, /claims 5 captured/],
    [badTrailer, /ends with 16/],
    [huge, /4294967280 bytes/],
    [enhancedPacket('little', Buffer.from('x'), 7), /interface 7/],
    [Buffer.from('0600000008000000ffffffff', 'hex'), /8 bytes long/],
    [Buffer.from([6, 0, 0]), /cut off/],
  ];
  for (const [damaged, reason] of cases) {
    const { packets, problem } = readCapture(Buffer.concat([start, damaged]));
    assert.equal(
      packets.map(({ hex }) => text(hex)),
      ['good'],
    );
    assert.is(problem?.offset, start.length);
    assert.match(problem!.reason, reason);
  }
});

test('a section header that is none makes it no capture', () => {
  const file = sectionHeader('little');
  file.writeUInt32LE(0x12345678, 8);
  assert.throws(() => readCapture(file), isNetmeterError('unreadable-input', /byte-order magic.*offset 0/));
});

test('property: chunks of any size give the same packets', () => {
  const packets = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(packets, sizes, fc.constantFrom<Endian>('big', 'little'), (contents, chunkSizes, endian) => {
      const blocks = contents.map((bytes) => enhancedPacket(endian, Buffer.from(bytes)));
      const file = Buffer.concat([sectionHeader(endian), interfaceBlock(endian, 1), ...blocks]);
      assert.equal(
        readCapture(file, chunkSizes).packets.map(({ hex }) => hex),
        contents.map((bytes) => Buffer.from(bytes).toString('hex')),
      );
    }),
  );
});

test.run();
