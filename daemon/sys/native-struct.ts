import { addressOf } from './syscall.js';

/**
 * A C structure in memory, written field by field at byte offsets, in the byte order of x64 and arm64.
 * Memory that the structure points to stays reachable as long as the structure is.
 */
export class NativeStruct {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #pointedTo = new Map<number, Uint8Array>();

  constructor(size: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(size));
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, value: number): this {
    this.#view.setUint8(offset, value);
    return this;
  }

  u16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, true);
    return this;
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: number | bigint): this {
    this.#view.setBigUint64(offset, BigInt(value), true);
    return this;
  }

  pointer(offset: number, memory: Uint8Array): this {
    this.#pointedTo.set(offset, memory);
    return this.u64(offset, addressOf(memory));
  }

  set(offset: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, offset);
    return this;
  }

  getU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  getI32(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  /** A 64-bit field as a number: exact below 2^53. */
  getU64(offset: number): number {
    return this.getU32(offset) + this.getU32(offset + 4) * 0x1_0000_0000;
  }
}

/** A string as C has it: UTF-8 with a terminating zero. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, 'utf8');
}
