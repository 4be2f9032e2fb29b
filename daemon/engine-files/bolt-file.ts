import { closeSync, fstatSync, openSync } from 'node:fs';
import {
  DEFAULT_PAGE,
  type Element,
  elementOf,
  findElement,
  isLeaf,
  META_BYTES,
  type Meta,
  NotABoltPage,
  Pages,
  readAt,
  readMeta,
} from './bolt-page.js';

const MOST_ATTEMPTS = 5;
const DEEPEST = 32;

/**
 * Reads single buckets of a bbolt database (go.etcd.io/bbolt, file format version 2) that its owner has open for
 * writing. A transaction never changes a page that the one before it left: it writes to pages that are free since
 * longer. So what was read is consistent when the root is still the same afterwards. No lock is taken, the owner
 * notices nothing.
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
   * Calls `read` until the root did not change meanwhile. When it did each time, one change is put up with: only the
   * change after that may touch what was read, and what it leaves is checked. Undefined when there is nothing to read.
   */
  consistently<T>(read: (root: BoltBucket) => T): T | undefined {
    let nearly: T | undefined;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const before = this.#meta();
      if (before === undefined) return undefined;
      const result = attempted(() => read(new BoltBucket(new Pages(this.#fd, before), before.root)));
      const changes = (this.#meta()?.transaction ?? before.transaction) - before.transaction;
      if (changes === 0n) return result;
      if (changes === 1n) nearly ??= result;
    }
    return nearly;
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

/** Undefined when a page is not what it should be; a number in it that is none may lie outside of any file. */
function attempted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotABoltPage || error instanceof RangeError) return undefined;
    throw error;
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

/** One bucket: a sorted tree of keys, whose values are bytes or buckets again. */
export class BoltBucket {
  readonly #pages: Pages;
  readonly #root: number | Buffer;

  /** @param root the number of its first page, or that page itself when it is small and kept in the parent */
  constructor(pages: Pages, root: number | Buffer) {
    this.#pages = pages;
    this.#root = root;
  }

  bucket(name: string | Buffer): BoltBucket | undefined {
    const found = this.#find(name);
    return found?.isBucket ? this.#child(found.value) : undefined;
  }

  value(name: string | Buffer): Buffer | undefined {
    const found = this.#find(name);
    return found === undefined || found.isBucket ? undefined : found.value;
  }

  /** All plain values; meant for small buckets. */
  values(): Map<string, string> {
    const values = new Map<string, string>();
    for (const { key, value, isBucket } of this.#elements(this.#first(), 0)) {
      if (!isBucket) values.set(key.toString(), value.toString());
    }
    return values;
  }

  /** Names of the buckets in it; reads all of its pages. */
  bucketNames(): string[] {
    const elements = [...this.#elements(this.#first(), 0)];
    return elements.filter(({ isBucket }) => isBucket).map(({ key }) => key.toString());
  }

  #find(name: string | Buffer): Element | undefined {
    const key = typeof name === 'string' ? Buffer.from(name) : name;
    let page = this.#first();
    for (let depth = 0; depth < DEEPEST; depth++) {
      const found = findElement(page, key);
      if (found === undefined) return undefined;
      if (isLeaf(page)) return found.key.equals(key) ? found : undefined;
      page = this.#pages.read(found.child);
    }
    throw new NotABoltPage();
  }

  *#elements(page: Buffer, depth: number): Generator<Element> {
    if (depth > DEEPEST) throw new NotABoltPage();
    for (let index = 0; index < page.readUInt16LE(10); index++) {
      const element = elementOf(page, index);
      if (isLeaf(page)) yield element;
      else yield* this.#elements(this.#pages.read(element.child), depth + 1);
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
