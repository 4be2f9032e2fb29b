import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findIp } from '../../../src/capture/link-layer.js';
import { MALFORMED, NOT_IP, UNKNOWN_LINK_TYPE } from '../../../src/capture/negative-offset.js';
import { be16, ethernet, ipv4, ipv6 } from './packets.js';

const V4 = ipv4(Buffer.from('payload'));
const V6 = ipv6(Buffer.from('payload'), 59);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

function check(linkType: number, prefix: Buffer, ip: Buffer): void {
  // Not at the start of the array: offsets must be relative to the packet.
  const bytes = Buffer.concat([Buffer.alloc(5, 0x45), prefix, ip]);
  assert.is(
    findIp(linkType, bytes, 5, bytes.length),
    5 + prefix.length,
    `${linkType} ${prefix.toString('hex')}`,
  );
  for (let cut = 5; cut < 5 + prefix.length; cut++) {
    assert.ok(findIp(linkType, bytes, 5, cut) < 0, `${linkType} cut at ${cut}`);
  }
}

test('link types find the IP header behind their own', () => {
  const macs = '020202020202 030303030303';
  const cases: [number, string, Buffer][] = [
    [1, `${macs} 0800`, V4],
    [1, `${macs} 86dd`, V6],
    [1, `${macs} 8100 0005 0800`, V4],
    [1, `${macs} 88a8 0005 8100 0006 86dd`, V6],
    [1, `${macs} 8847 00010040 00020140`, V4],
    [1, `${macs} 8864 1100 0001 0020 0021`, V4],
    [1, `${macs} 0030 aaaa03 000000 0800`, V4],
    [0, '02000000', V4],
    [0, '0000001e', V6],
    [108, '00000002', V4],
    [9, 'ff03 0021', V4],
    [9, '0057', V6],
    [9, '21', V4],
    [50, 'ff03 0057', V6],
    [50, '0f00 0800', V4],
    [51, '1100 0001 0020 0021', V4],
    [104, '0f00 0800', V4],
    [107, '1841 03 cc', V4],
    [113, '0000 0001 0006 020202020202 0000 0800', V4],
    [129, '01 02 0000 f0', V4],
    [129, '01 02 0000 d4 00 0001', V4],
    [129, '01 02 0000 c4 03 0001', V6],
    [129, '01 02 0000 d4 ff ffff d4 00 0001', V4],
    [7, '01 02 d4 00 0001', V4],
    [276, '86dd 0000 00000002 0001 00 06 0202020202020000', V6],
    [192, '00 00 0800 01000000 020202020202 030303030303 0800', V4],
  ];
  for (const [linkType, prefix, ip] of cases) check(linkType, hex(prefix), ip);
});

test('raw IP under all of its numbers', () => {
  for (const linkType of [12, 14, 101, 228]) check(linkType, Buffer.alloc(0), V4);
  for (const linkType of [12, 14, 101, 229]) check(linkType, Buffer.alloc(0), V6);
});

test('what is not IP, broken or not known is told apart', () => {
  const cases: [number, Buffer, number][] = [
    [1, ethernet(0x0806, Buffer.alloc(28)), NOT_IP],
    [129, hex('01 02 0000 f1 00070800'), NOT_IP],
    [129, Buffer.concat([hex('01 02 0000 d4 02 0001'), V4]), NOT_IP],
    [129, Buffer.concat([hex('01 02 0000 d4 00 0001'), V6]), MALFORMED],
    [1, ethernet(38, hex('42 42 03 0000')), NOT_IP],
    [1, ethernet(0x86dd, V4), MALFORMED],
    [1, ethernet(0x0800, Buffer.from([0x95])), MALFORMED],
    [1, Buffer.alloc(13), MALFORMED],
    [9, hex('c021 01 01'), NOT_IP],
    [101, Buffer.from([0]), MALFORMED],
    [127, Buffer.alloc(64), UNKNOWN_LINK_TYPE],
    [192, hex('00 00 0800 c0000000 0000'), MALFORMED],
    [1, ethernet(0x8100, Buffer.concat([be16(1), be16(0x0806), Buffer.alloc(28)])), NOT_IP],
  ];
  for (const [linkType, bytes, expected] of cases) {
    assert.is(findIp(linkType, bytes, 0, bytes.length), expected, `${linkType} ${bytes.toString('hex')}`);
  }
});

test.run();
