import { quicCrypto } from '../../../../cli/capture/quic-crypto.js';
import { CaptureAnalysis } from '../../../../src/capture/analysis.js';
import { CaptureStream } from '../../../../src/capture/read-capture.js';
import { pcapFile } from '../packets.js';

/** Names found in raw IP packets, as `source name address,address`. */
export function namesIn(packets: Buffer[]): string[] {
  return analysisOf(packets)
    .names.list()
    .map(({ source, name, addresses }) => `${source} ${name} ${addresses.join()}`.trim());
}

export function analysisOf(packets: Buffer[]): CaptureAnalysis {
  const analysis = new CaptureAnalysis(quicCrypto);
  const stream = new CaptureStream(analysis);
  stream.push(
    pcapFile(
      packets.map((bytes) => ({ bytes })),
      { linkType: 101 },
    ),
  );
  stream.end();
  return analysis;
}
