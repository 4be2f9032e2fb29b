/** Which kind of record a file is, told by its beginning. */
import { NetmeterError } from '../../src/errors.js';
import { looksLikePlain } from '../../src/records/progress/plain.js';
import { looksLikeRawJson } from '../../src/records/progress/rawjson.js';
import { proxyLogFormat } from '../../src/records/proxy/choose-format.js';
import { readDistributionMetrics } from '../../src/records/proxy/distribution-metrics.js';
import type { ProxyLogFormat } from '../../src/records/proxy/types.js';

export type Recognised =
  | { as: 'dockerbuild' | 'rawjson' | 'plain' | 'metrics' }
  | { as: 'proxy-log'; format: ProxyLogFormat };

/** Where a tar archive says that it is one. */
const USTAR_AT = 257;
const CAPTURE_MAGICS = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'];

/**
 * @param stated nginx's log_format, when it was given
 * @throws NetmeterError `unreadable-input` for what is none
 */
export function recognise(start: Uint8Array, isWhole: boolean, stated: string | undefined): Recognised {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (bytes.toString('latin1', USTAR_AT, USTAR_AT + 5) === 'ustar') return { as: 'dockerbuild' };
  if (CAPTURE_MAGICS.includes(bytes.toString('hex', 0, 4))) {
    throw new NetmeterError('unreadable-input', 'it is a packet capture', {
      hint: 'netmeter pcap --import reads it.',
    });
  }
  if (bytes.includes(0)) throw unknown('it has zero bytes in it');
  const decoded = bytes.toString('utf8');
  // The last line may be cut off here.
  const text = isWhole ? decoded : decoded.slice(0, decoded.lastIndexOf('\n') + 1) || decoded;
  if (stated !== undefined) {
    const format = proxyLogFormat(text, stated);
    if (format === undefined) throw unknown('its lines do not have the format that was given');
    return { as: 'proxy-log', format };
  }
  if (looksLikeRawJson(text)) return { as: 'rawjson' };
  const format = proxyLogFormat(text);
  if (format !== undefined) return { as: 'proxy-log', format };
  if (readDistributionMetrics(text) !== undefined) return { as: 'metrics' };
  if (looksLikePlain(text)) return { as: 'plain' };
  throw unknown(text.trim() === '' ? 'it is empty' : 'its first lines have no format that is known');
}

function unknown(because: string): NetmeterError {
  return new NetmeterError('unreadable-input', `no record that netmeter reads: ${because}`, {
    hint:
      'It reads BuildKit progress (rawjson, plain), .dockerbuild archives, and logs of squid (native, combined), ' +
      'apt-cacher-ng, verdaccio and nginx. For nginx state its log_format: --format combined, or the format itself. ' +
      'Other custom formats are refused rather than misread.',
  });
}
