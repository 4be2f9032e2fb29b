import { NativeStruct } from '../../../sys/native-struct.js';
import { isErrno } from '../../../sys/system-error.js';
import { bpf, bpfError, closeQuietly, objectInfo, tryBpf } from './bpf-call.js';

export interface MapShape {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
}

/** BPF_MAP_TYPE_PERCPU_ARRAY: a look-up fills one value per possible CPU. */
export const PERCPU_ARRAY = 6;

const ENOENT = 2;
const E2BIG = 7;
const ENOSPC = 28;

/** An open BPF map. Keys and values are copied into memory that the map owns, and reused by every call. */
export class BpfMap {
  readonly fd: number;
  readonly name: string;
  readonly shape: MapShape;
  readonly #key: Uint8Array;
  readonly #element: NativeStruct;

  constructor(fd: number, name: string, shape: MapShape) {
    this.fd = fd;
    this.name = name;
    this.shape = shape;
    this.#key = new Uint8Array(new ArrayBuffer(shape.keySize));
    this.#element = new NativeStruct(32).u32(0, fd).pointer(8, this.#key);
  }

  static create(name: string, shape: MapShape): BpfMap {
    const attributes = new NativeStruct(72)
      .u32(0, shape.type)
      .u32(4, shape.keySize)
      .u32(8, shape.valueSize)
      .u32(12, shape.maxEntries)
      .u32(16, shape.flags)
      .set(28, Buffer.from(name.slice(0, 15), 'latin1'));
    return new BpfMap(bpf('MAP_CREATE', attributes, name), name, shape);
  }

  /** Takes over an open descriptor, with the shape the kernel reports: `struct bpf_map_info`. */
  static fromFd(fd: number, name: string): BpfMap {
    const info = objectInfo(fd, 64, name);
    return new BpfMap(fd, name, {
      type: info.getU32(0),
      keySize: info.getU32(8),
      valueSize: info.getU32(12),
      maxEntries: info.getU32(16),
      flags: info.getU32(20),
    });
  }

  /** Fills `value` with the entry's value. @returns false when there is no such entry */
  lookup(key: Uint8Array, value: Uint8Array): boolean {
    return this.#entry('MAP_LOOKUP_ELEM', key, value);
  }

  /** Removes an entry and fills `value` with its last value, in one step where the kernel can (5.14). */
  take(key: Uint8Array, value: Uint8Array): boolean {
    try {
      return this.#entry('MAP_LOOKUP_AND_DELETE_ELEM', key, value);
    } catch (error) {
      if (!isErrno(error, 'ENOTSUPP', 'EOPNOTSUPP', 'EINVAL')) throw error;
      return this.lookup(key, value) && this.delete(key);
    }
  }

  update(key: Uint8Array, value: Uint8Array): void {
    this.#key.set(key);
    this.#element.pointer(16, value).u64(24, 0);
    bpf('MAP_UPDATE_ELEM', this.#element, this.name);
  }

  /** @returns false when there is no such entry */
  delete(key: Uint8Array): boolean {
    this.#key.set(key);
    this.#element.u64(16, 0).u64(24, 0);
    return this.#found('MAP_DELETE_ELEM', tryBpf('MAP_DELETE_ELEM', this.#element));
  }

  /**
   * Steps through the keys: fills `next` with the key behind `key`, or with the first one when `key` is
   * `undefined` or has been removed. @returns false at the end
   */
  nextKey(key: Uint8Array | undefined, next: Uint8Array): boolean {
    if (key !== undefined) this.#key.set(key);
    const attributes = new NativeStruct(32).u32(0, this.fd).pointer(16, next);
    if (key !== undefined) attributes.pointer(8, this.#key);
    return this.#found('MAP_GET_NEXT_KEY', tryBpf('MAP_GET_NEXT_KEY', attributes));
  }

  close(): void {
    closeQuietly(this.fd);
  }

  #entry(
    command: 'MAP_LOOKUP_ELEM' | 'MAP_LOOKUP_AND_DELETE_ELEM',
    key: Uint8Array,
    value: Uint8Array,
  ): boolean {
    this.#key.set(key);
    this.#element.pointer(16, value).u64(24, 0);
    return this.#found(command, tryBpf(command, this.#element));
  }

  #found(command: Parameters<typeof tryBpf>[0], result: number): boolean {
    if (result === -ENOENT || (result === -E2BIG && this.shape.type === PERCPU_ARRAY)) return false;
    if (result < 0) throw bpfError(command, -result, this.name);
    return true;
  }
}

/** What a batch read came to: entries copied, whether it was the last, whether the buffer is too small. */
export interface BatchResult {
  count: number;
  done: boolean;
  tooSmall: boolean;
}

/** Reads a hash map bucket by bucket, many entries a call (BPF_MAP_LOOKUP_BATCH, Linux 5.6). */
export class BatchCursor {
  readonly #map: BpfMap;
  readonly #position = new Uint8Array(new ArrayBuffer(8));
  readonly #attributes = new NativeStruct(56);
  #started = false;

  constructor(map: BpfMap) {
    this.#map = map;
    this.#attributes.u32(36, map.fd);
  }

  rewind(): void {
    this.#started = false;
  }

  /**
   * Reads on into `keys` and `values`, at most `capacity` entries.
   * @throws NetmeterError with errno EINVAL or ENOTSUPP on kernels without batch reads
   */
  next(keys: Uint8Array, values: Uint8Array, capacity: number): BatchResult {
    const attributes = this.#attributes
      .pointer(8, this.#position)
      .pointer(16, keys)
      .pointer(24, values)
      .u32(32, capacity);
    if (this.#started) attributes.pointer(0, this.#position);
    else attributes.u64(0, 0);
    const result = tryBpf('MAP_LOOKUP_BATCH', attributes);
    if (result === -ENOSPC) return { count: 0, done: false, tooSmall: true };
    if (result < 0 && result !== -ENOENT) throw bpfError('MAP_LOOKUP_BATCH', -result, this.#map.name);
    this.#started = true;
    return { count: attributes.getU32(32), done: result === -ENOENT, tooSmall: false };
  }
}
