/** A file's or standard input's bytes, unpacked where they are compressed. */
import { NetmeterError } from '../../src/errors.js';
import { type Decompressor, decompressorFor } from './decompress.js';
import { openInput } from './open-input.js';

const MAGIC_BYTES = 4;

export class UnpackedInput {
  readonly file: string;
  readonly #signal: AbortSignal;
  readBytes = 0;
  unpackedBytes = 0;
  /** What is wrong with the compressed data after what could be unpacked; known at the end. */
  damage: string | undefined;

  constructor(file: string, signal: AbortSignal) {
    this.file = file;
    this.#signal = signal;
  }

  /** @throws NetmeterError `unreadable-input` or `permission-denied` */
  async *chunks(): AsyncGenerator<Uint8Array> {
    let decompressor: Decompressor | undefined;
    let start: Uint8Array | undefined = new Uint8Array(0);
    for await (const chunk of openInput(this.file, this.#signal)) {
      let bytes = chunk;
      this.readBytes += chunk.length;
      if (start !== undefined) {
        // A pipe may give the first bytes one by one.
        bytes = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
        if (bytes.length < MAGIC_BYTES) {
          start = bytes;
          continue;
        }
        decompressor = decompressorFor(bytes);
        start = undefined;
      }
      for await (const unpacked of decompressor?.unpack(bytes) ?? [bytes]) {
        this.unpackedBytes += unpacked.length;
        yield unpacked;
      }
    }
    if (start !== undefined) yield start;
    this.damage = await decompressor?.finish();
    if (this.damage !== undefined && this.unpackedBytes === 0) {
      throw new NetmeterError(
        'unreadable-input',
        `its compressed data is damaged at the start: ${this.damage}`,
      );
    }
  }
}

/** The same error with the file in its message. */
export function namingFile(file: string, error: unknown): unknown {
  if (!(error instanceof NetmeterError) || error.message.startsWith(file)) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new NetmeterError(error.code, `${file === '-' ? 'standard input' : file}: ${error.message}`, {
    ...hint,
    cause: error,
  });
}
