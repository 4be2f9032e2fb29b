import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OutputFrames } from '../../../../daemon/observe/docker/output-frames.js';

const T1 = '2026-11-26T12:00:00.000000001Z';
const T2 = '2026-11-26T12:00:00.120000000Z';

function frame(text: string, stream = 1): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

test('frames are lines with times, wherever the chunks are cut', () => {
  const bytes = Buffer.concat([frame(`${T1} one\n`), frame(`${T2} \n`), frame(`${T2} zwei ü\r\n`)]);
  const expected = [
    { time: T1, text: 'one' },
    { time: T2, text: '' },
    { time: T2, text: 'zwei ü\r' },
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const frames = new OutputFrames();
    const lines = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...frames.push(bytes.subarray(at, at + size)));
    assert.equal(lines, expected, `pieces of ${size}`);
  }
});

test('a line that came in several messages is left out, the next one is not', () => {
  const frames = new OutputFrames();
  const cut = [frame(`${T1} ${'x'.repeat(16_384)}`), frame(`${T1} rest\n`), frame(`${T2} good\n`)];
  assert.equal(frames.push(Buffer.concat(cut)), [{ time: T2, text: 'good' }]);
});

test('containers with a terminal have bare lines', () => {
  const frames = new OutputFrames();
  assert.equal(frames.push(Buffer.from(`${T1} one\r\n${T2} tw`)), [{ time: T1, text: 'one\r' }]);
  assert.equal(frames.push(Buffer.from('o\r\nno time\n')), [{ time: T2, text: 'two\r' }]);
});

test('what has no time is passed over, and what no engine sends is refused', () => {
  const frames = new OutputFrames();
  assert.equal(frames.push(frame('no time at all\n')), []);
  assert.equal(frames.push(frame(`${T1.replace('-11-', '-91-')} no date\n`)), []);
  assert.equal(frames.push(Buffer.alloc(0)), []);
  const endless = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  assert.throws(() => frames.push(endless), RangeError);
  const bare = new OutputFrames();
  assert.throws(() => bare.push(Buffer.alloc(2_000_000, 'x')), RangeError);
});

test.run();
