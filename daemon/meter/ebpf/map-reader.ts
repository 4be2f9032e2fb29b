import { isErrno } from '../../sys/system-error.js';
import { BatchCursor, type BpfMap } from './kernel/bpf-map.js';

/** Called for the key at `keyWord` of `keys`; the value's two halves start at `valueWord` of `values`. */
export type OnEntry = (keys: Uint32Array, keyWord: number, values: Uint32Array, valueWord: number) => void;

const FIRST_CAPACITY = 4096;

/**
 * Reads all entries of a hash map, whose keys and values are whole 32-bit words: in batches, or entry by entry on kernels without batch
 * reads. The buffers are kept and grow when a bucket does not fit.
 */
export class MapReader {
  readonly #map: BpfMap;
  readonly #cursor: BatchCursor;
  #batches: boolean;
  #capacity = 0;
  #keys = new Uint32Array(0);
  #values = new Uint32Array(0);

  /**
   * @param batches false reads entry by entry even where the kernel knows batches
   * @param capacity entries that the buffers hold at first
   */
  constructor(map: BpfMap, batches = true, capacity = FIRST_CAPACITY) {
    this.#map = map;
    this.#cursor = new BatchCursor(map);
    this.#batches = batches;
    this.#reserve(capacity);
  }

  /** True as long as the kernel has not refused to read in batches. */
  get readsInBatches(): boolean {
    return this.#batches;
  }

  read(onEntry: OnEntry): void {
    if (this.#batches && this.#readBatches(onEntry)) return;
    this.#readSingly(onEntry);
  }

  /** @returns false when this kernel cannot, which it says before it has returned anything */
  #readBatches(onEntry: OnEntry): boolean {
    const keyWords = this.#map.shape.keySize / 4;
    const valueWords = this.#map.shape.valueSize / 4;
    this.#cursor.rewind();
    for (let first = true; ; first = false) {
      let result: ReturnType<BatchCursor['next']>;
      try {
        result = this.#cursor.next(bytesOf(this.#keys), bytesOf(this.#values), this.#capacity);
      } catch (error) {
        if (!first || !isErrno(error, 'EINVAL', 'ENOTSUPP', 'EOPNOTSUPP')) throw error;
        this.#batches = false;
        return false;
      }
      for (let i = 0; i < result.count; i++) onEntry(this.#keys, i * keyWords, this.#values, i * valueWords);
      if (result.done) return true;
      if (result.tooSmall) this.#reserve(this.#capacity * 2);
    }
  }

  /** Walks from key to key. Entries are removed by this process alone and never during the walk. */
  #readSingly(onEntry: OnEntry): void {
    const key = bytesOf(this.#keys).subarray(0, this.#map.shape.keySize);
    const value = bytesOf(this.#values).subarray(0, this.#map.shape.valueSize);
    for (let more = this.#map.nextKey(undefined, key); more; more = this.#map.nextKey(key, key)) {
      if (this.#map.lookup(key, value)) onEntry(this.#keys, 0, this.#values, 0);
    }
  }

  #reserve(capacity: number): void {
    this.#capacity = capacity;
    this.#keys = new Uint32Array(new ArrayBuffer(capacity * this.#map.shape.keySize));
    this.#values = new Uint32Array(new ArrayBuffer(capacity * this.#map.shape.valueSize));
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
