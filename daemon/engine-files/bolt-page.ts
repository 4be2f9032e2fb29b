import { readSync } from 'node:fs';

/** Pages of a bbolt database (go.etcd.io/bbolt, page.go and db.go), in the byte order of x86 and ARM. */
/** What was read is no such page: it was being written, or the file is another one. */
export class NotABoltPage extends Error {}

/** The root of the whole tree, as of one transaction. */
export interface Meta {
  pageSize: number;
  root: number;
  transaction: bigint;
}

export const DEFAULT_PAGE = 4096;
const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
/** Page header and the fields of the meta page, its checksum last. */
export const META_BYTES = PAGE_HEADER + 64;
const BRANCH = 0x01;
const LEAF = 0x02;
const BUCKET = 0x01;
/** Overflow pages of a page with a large value; 16 MiB. */
const MOST_OVERFLOW = 4096;

/** Undefined unless its checksum is right. */
export function readMeta(page: Buffer): Meta | undefined {
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

export function readAt(fd: number, length: number, position: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}

/** The pages of one transaction, each read once. */
export class Pages {
  readonly #fd: number;
  readonly #meta: Meta;
  readonly #read = new Map<number, Buffer>();

  constructor(fd: number, meta: Meta) {
    this.#fd = fd;
    this.#meta = meta;
  }

  read(id: number): Buffer {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const page = this.#load(id);
    this.#read.set(id, page);
    return page;
  }

  #load(id: number): Buffer {
    const { pageSize } = this.#meta;
    const page = readAt(this.#fd, pageSize, id * pageSize);
    if (page.length < PAGE_HEADER || page.readBigUInt64LE(0) !== BigInt(id)) throw new NotABoltPage();
    const overflow = page.readUInt32LE(12);
    if (overflow === 0) return page;
    if (overflow > MOST_OVERFLOW) throw new NotABoltPage();
    return readAt(this.#fd, pageSize * (overflow + 1), id * pageSize);
  }
}

export interface Element {
  key: Buffer;
  isBucket: boolean;
  /** Branches have a child page instead. */
  value: Buffer;
  child: number;
}

export function isLeaf(page: Buffer): boolean {
  const flags = page.readUInt16LE(8);
  if ((flags & LEAF) !== 0) return true;
  if ((flags & BRANCH) !== 0) return false;
  throw new NotABoltPage();
}

/** The element to go on with. Leaf: the first that is not below `key`. Branch: the last that is not above it. */
export function findElement(page: Buffer, key: Buffer): Element | undefined {
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

export function elementOf(page: Buffer, index: number): Element {
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
