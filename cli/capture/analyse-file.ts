/** One capture file, from its bytes to its document. */
import { CaptureAnalysis } from '../../src/capture/analysis.js';
import { type CaptureDocument, captureDocument } from '../../src/capture/document.js';
import { CaptureStream } from '../../src/capture/read-capture.js';
import { namingFile, UnpackedInput } from '../input/unpacked-input.js';
import { quicCrypto } from './quic-crypto.js';

export interface AnalyseOptions {
  signal: AbortSignal;
  /** Sees every unpacked byte, in order. */
  onBytes?: (bytes: Uint8Array) => void;
}

/** Rejects with NetmeterError `unreadable-input` or `permission-denied`, whose message names the file. */
export async function analyseFile(
  file: string,
  { signal, onBytes }: AnalyseOptions,
): Promise<CaptureDocument> {
  const analysis = new CaptureAnalysis(quicCrypto);
  const stream = new CaptureStream(analysis);
  const input = new UnpackedInput(file, signal);
  try {
    for await (const bytes of input.chunks()) {
      onBytes?.(bytes);
      stream.push(bytes);
    }
    const end = stream.end();
    const { damage, readBytes, unpackedBytes } = input;
    const interrupted = { offset: readBytes, reason: 'reading was interrupted' };
    const stopped = signal.aborted && file !== '-' ? interrupted : undefined;
    const cut =
      damage === undefined ? undefined : { offset: unpackedBytes, reason: `compressed data: ${damage}` };
    return captureDocument(file, analysis, { ...end, problem: end.problem ?? cut ?? stopped });
  } catch (error) {
    throw namingFile(file, error);
  }
}
