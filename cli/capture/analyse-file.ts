/** One capture file, from its bytes to its document. */
import { CaptureAnalysis } from '../../src/capture/analysis.js';
import { type CaptureDocument, captureDocument } from '../../src/capture/document.js';
import { CaptureStream } from '../../src/capture/read-capture.js';
import { NetmeterError } from '../../src/errors.js';
import { type Decompressor, decompressorFor } from './decompress.js';
import { openInput } from './open-input.js';
import { quicCrypto } from './quic-crypto.js';

/** Rejects with NetmeterError `unreadable-input` or `permission-denied`, whose message names the file. */
export async function analyseFile(file: string, signal: AbortSignal): Promise<CaptureDocument> {
  const analysis = new CaptureAnalysis(quicCrypto);
  const stream = new CaptureStream(analysis);
  let decompressor: Decompressor | undefined;
  let readBytes = 0;
  let unpackedBytes = 0;
  let start: Uint8Array | undefined = new Uint8Array(0);
  try {
    for await (const chunk of openInput(file, signal)) {
      let bytes = chunk;
      readBytes += chunk.length;
      if (start !== undefined) {
        // A pipe may give the first bytes one by one.
        bytes = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
        if (bytes.length < 4) {
          start = bytes;
          continue;
        }
        decompressor = decompressorFor(bytes);
        start = undefined;
      }
      if (decompressor === undefined) stream.push(bytes);
      else {
        for await (const unpacked of decompressor.unpack(bytes)) {
          unpackedBytes += unpacked.length;
          stream.push(unpacked);
        }
      }
    }
    if (start !== undefined) stream.push(start);
    const damage = await decompressor?.finish();
    if (damage !== undefined && unpackedBytes === 0) {
      throw new NetmeterError('unreadable-input', `its compressed data is damaged at the start: ${damage}`);
    }
    const end = stream.end();
    const interrupted = { offset: readBytes, reason: 'reading was interrupted' };
    const stopped = signal.aborted && file !== '-' ? interrupted : undefined;
    const cut =
      damage === undefined ? undefined : { offset: unpackedBytes, reason: `compressed data: ${damage}` };
    return captureDocument(file, analysis, { ...end, problem: end.problem ?? cut ?? stopped });
  } catch (error) {
    throw naming(file, error);
  }
}

function naming(file: string, error: unknown): unknown {
  if (!(error instanceof NetmeterError) || error.message.startsWith(file)) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new NetmeterError(error.code, `${file === '-' ? 'standard input' : file}: ${error.message}`, {
    ...hint,
    cause: error,
  });
}
