import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Reads single buckets of a bbolt database (go.etcd.io/bbolt, file format version 2) that its owner has open for
 * writing. bbolt never changes a page that the current root reaches: pages of the root before are reused, and
 * only after the next root was written. So what was read is consistent when the root is still the same
 * afterwards; else it is read again. No lock is taken, the owner notices nothing.
 */
export class BoltFile {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * Calls `read` until the root did not change meanwhile. Undefined when it did each time, or when the file is
   * not what it should be.
   */
  consistently<T>(read: (root: BoltBucket) => T): T | undefined {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const meta = this.#meta();
      if (meta === undefined) return undefined;
      let result: T | undefined;
      let whole = true;
      try {
        result = read(new BoltBucket(new Pages(this.#fd, meta), meta.root));
      } catch (error) {
        if (!(error instanceof NotABoltPage)) throw error;
        whole = false;
      }
      if (this.#meta()?.transaction === meta.transaction) return whole ? result : undefined;
    }
    return undefined;
  }

  #meta(): Meta | undefined {
    const size = fstatSync(this.#fd).size;
    const first = readMeta(readAt(this.#fd, META_BYTES, 0));
    const pageSize = first?.pageSize ?? DEFAULT_PAGE;
    const second = readMeta(readAt(this.#fd, META_BYTES, pageSize));
    const newer = [first, second]
      .filter((meta) => meta !== undefined)
      .sort((a, b) => Number(b.transaction - a.transaction))[0];
    return newer === undefined || size < 2 * pageSize ? undefined : newer;
  }
}

/** Opens a database for one consistent read; undefined also when there is none. */
export function readBolt<T>(path: string, read: (root: BoltBucket) => T): T | undefined {
  let file: BoltFile;
  try {
    file = new BoltFile(path);
  } catch {
    return undefined;
  }
  try {
    return file.consistently(read);
  } finally {
    file.close();
  }
}

class NotABoltPage extends Error {}

interface Meta {
  pageSize: number;
  root: number;
  transaction: bigint;
}

const MOST_ATTEMPTS = 5;
const DEFAULT_PAGE = 4096;
const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
/** Page header and the fields of the meta page, its checksum last. */
const META_BYTES = PAGE_HEADER + 64;
const BRANCH = 0x01;
const LEAF = 0x02;
const BUCKET = 0x01;
const DEEPEST = 32;
/** Overflow pages of a page with a large value; 16 MiB. */
const MOST_OVERFLOW = 4096;

function readMeta(page: Buffer): Meta | undefined {
  if (page.length < META_BYTES || page.readUInt32LE(PAGE_HEADER) !== MAGIC) return undefined;
  if (page.readUInt32LE(PAGE_HEADER + 4) !== VERSION) return undefined;
  if (fnv64a(page.subarray(PAGE_HEADER, META_BYTES - 8)) !== page.readBigUInt64LE(META_BYTES - 8)) {
    return undefined;
  }
  const pageSize = page.readUInt32LE(PAGE_HEADER + 8);
  if (pageSize < 512 || pageSize > 1 << 20) return undefined;
  return {
    pageSize,
    root: Number(page.readBigUInt64LE(PAGE_HEADER + 16)),
    transaction: page.readBigUInt64LE(PAGE_HEADER + 48),
  };
}

function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

function readAt(fd: number, length: number, position: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}

class Pages {
  readonly #fd: number;
  readonly #meta: Meta;

  constructor(fd: number, meta: Meta) {
    this.#fd = fd;
    this.#meta = meta;
  }

  read(id: number): Buffer {
    const { pageSize } = this.#meta;
    const page = readAt(this.#fd, pageSize, id * pageSize);
    if (page.length < PAGE_HEADER || page.readBigUInt64LE(0) !== BigInt(id)) throw new NotABoltPage();
    const overflow = page.readUInt32LE(12);
    if (overflow === 0) return page;
    if (overflow > MOST_OVERFLOW) throw new NotABoltPage();
    return readAt(this.#fd, pageSize * (overflow + 1), id * pageSize);
  }
}

interface Element {
  key: Buffer;
  isBucket: boolean;
  /** Branches have a child page instead. */
  value: Buffer;
  child: number;
}

/** One bucket: a sorted tree of keys, whose values are bytes or buckets again. */
export class BoltBucket {
  readonly #pages: Pages;
  readonly #root: number | Buffer;

  /** @param root the number of its first page, or that page itself when it is small and kept in the parent */
  constructor(pages: Pages, root: number | Buffer) {
    this.#pages = pages;
    this.#root = root;
  }

  bucket(name: string): BoltBucket | undefined {
    const found = this.#find(name);
    return found?.isBucket ? this.#child(found.value) : undefined;
  }

  value(name: string): Buffer | undefined {
    const found = this.#find(name);
    return found === undefined || found.isBucket ? undefined : found.value;
  }

  /** All plain values; meant for small buckets. */
  values(): Map<string, string> {
    const values = new Map<string, string>();
    this.#collect(this.#first(), values, 0);
    return values;
  }

  #find(name: string): Element | undefined {
    const key = Buffer.from(name);
    let page = this.#first();
    for (let depth = 0; depth < DEEPEST; depth++) {
      const found = findElement(page, key);
      if (found === undefined) return undefined;
      if (isLeaf(page)) return found.key.equals(key) ? found : undefined;
      page = this.#pages.read(found.child);
    }
    throw new NotABoltPage();
  }

  #collect(page: Buffer, into: Map<string, string>, depth: number): void {
    if (depth > DEEPEST) throw new NotABoltPage();
    for (let index = 0; index < page.readUInt16LE(10); index++) {
      const element = elementOf(page, index);
      if (!isLeaf(page)) this.#collect(this.#pages.read(element.child), into, depth + 1);
      else if (!element.isBucket) into.set(element.key.toString(), element.value.toString());
    }
  }

  #child(value: Buffer): BoltBucket {
    if (value.length < 16) throw new NotABoltPage();
    const root = Number(value.readBigUInt64LE(0));
    return new BoltBucket(this.#pages, root === 0 ? value.subarray(16) : root);
  }

  #first(): Buffer {
    return typeof this.#root === 'number' ? this.#pages.read(this.#root) : this.#root;
  }
}

function isLeaf(page: Buffer): boolean {
  const flags = page.readUInt16LE(8);
  if ((flags & LEAF) !== 0) return true;
  if ((flags & BRANCH) !== 0) return false;
  throw new NotABoltPage();
}

/** Leaf: the first element that is not below `key`. Branch: the last that is not above it. */
function findElement(page: Buffer, key: Buffer): Element | undefined {
  if (page.length < PAGE_HEADER) throw new NotABoltPage();
  const leaf = isLeaf(page);
  let low = 0;
  let high = page.readUInt16LE(10);
  const count = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = elementOf(page, middle).key.compare(key);
    if (leaf ? order < 0 : order <= 0) low = middle + 1;
    else high = middle;
  }
  if (!leaf) return count === 0 ? undefined : elementOf(page, Math.max(0, low - 1));
  return low < count ? elementOf(page, low) : undefined;
}

function elementOf(page: Buffer, index: number): Element {
  const at = PAGE_HEADER + index * 16;
  if (at + 16 > page.length) throw new NotABoltPage();
  if (isLeaf(page)) {
    const flags = page.readUInt32LE(at);
    const keyAt = at + page.readUInt32LE(at + 4);
    const valueAt = keyAt + page.readUInt32LE(at + 8);
    const end = valueAt + page.readUInt32LE(at + 12);
    if (end > page.length) throw new NotABoltPage();
    const isBucket = (flags & BUCKET) !== 0;
    return { key: page.subarray(keyAt, valueAt), isBucket, value: page.subarray(valueAt, end), child: 0 };
  }
  const keyAt = at + page.readUInt32LE(at);
  const end = keyAt + page.readUInt32LE(at + 4);
  if (end > page.length) throw new NotABoltPage();
  const child = Number(page.readBigUInt64LE(at + 8));
  return { key: page.subarray(keyAt, end), isBucket: false, value: EMPTY, child };
}

const EMPTY = Buffer.alloc(0);
