/** Compressed files, told by their first bytes. Whatever could be unpacked before damage is handed on. */

import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { NetmeterError } from '../../src/errors.js';

/** A piece this small unpacks to 16 MB at most. */
const PIECE = 16_384;

export interface Decompressor {
  /** Unpacked chunks, in order; what they contain is overwritten by nobody. */
  unpack(chunk: Uint8Array): AsyncIterable<Uint8Array>;
  /** Undefined when the compressed data was whole, else what is wrong with it. */
  finish(): Promise<string | undefined>;
}

/** @param start the file's first bytes, four at least where it has as many */
export function decompressorFor(start: Uint8Array): Decompressor | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return unpackWith(zlib.createGunzip());
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  if (!isZstd) return undefined;
  // Node has it from 22.15 on.
  const create = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;
  if (create === undefined) {
    throw new NetmeterError(
      'unreadable-input',
      `it is compressed with zstd, which Node ${process.versions.node} cannot read`,
      {
        hint: 'Unpack it on the way: zstd -dc FILE | netmeter COMMAND -',
      },
    );
  }
  return unpackWith(create());
}

function unpackWith(stream: Transform): Decompressor {
  let unpacked: Uint8Array[] = [];
  let failure: string | undefined;
  stream.on('data', (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on('error', (error) => {
    failure = error.message;
  });
  return {
    async *unpack(chunk) {
      for (let at = 0; at < chunk.length && failure === undefined; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        await new Promise<void>((resolve) => {
          stream.once('error', () => resolve());
          stream.write(piece, () => resolve());
        });
        const ready = unpacked;
        unpacked = [];
        yield* ready;
      }
    },
    /** Only now: the last piece of cut-off data would not be unpacked if the end were known with it. */
    async finish() {
      if (failure !== undefined) return failure;
      await new Promise<void>((resolve) => {
        stream.once('error', () => resolve());
        stream.once('end', () => resolve());
        stream.end();
        stream.resume();
      });
      return failure;
    },
  };
}
