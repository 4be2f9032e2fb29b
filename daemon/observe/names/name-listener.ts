/**
 * names: what remote addresses are called, by what this machine's own sockets are told and say: DNS answers and the
 * ClientHellos of TLS and QUIC. Nobody is asked, so that no byte is spent and nobody learns what is looked at.
 */
import {
  type HeardName,
  nameInHello,
  nameInQuic,
  namesInDns,
  namesInDnsStream,
} from '../../../src/capture/names/heard.js';
import { QuicNames } from '../../../src/capture/names/quic.js';
import { failureOf } from '../../../src/errors.js';
import { formatAddress } from '../../../src/metering/address.js';
import type { SourceState } from '../../../src/metering/types.js';
import type { AddressName } from '../../../src/records/import.js';
import type { EpochMs } from '../../../src/units.js';
import { type Heard, HeardQueue } from './heard-queue.js';
import { quicCrypto } from './quic-crypto.js';

export interface NameListenerOptions {
  /** The cgroup2 directory to listen in; undefined where there is none. */
  cgroupRoot: string | undefined;
  now(): EpochMs;
  /** Keeps names; called with some at most once a second. */
  learn(names: readonly AddressName[]): Promise<void>;
  log(message: string): void;
}

const EVERY_MS = 1_000;
/** Taken out of the queue at once: as many as it holds, so that a flood cannot keep the daemon busy. */
const MOST_AT_ONCE = 256;
/** The same name of the same address is kept again after so long. */
const KNOWN_FOR_MS = 300_000;
const MOST_KNOWN = 8_192;

export class NameListener {
  readonly #options: NameListenerOptions;
  readonly #known = new Map<string, EpochMs>();
  readonly #quic = new QuicNames(quicCrypto);
  #queue: HeardQueue | undefined;
  #timer: NodeJS.Timeout | undefined;
  #because: string | undefined;
  #durationMs: number | undefined;
  #at: EpochMs | undefined;

  constructor(options: NameListenerOptions) {
    this.#options = options;
  }

  /** Without names everything else works: what is missing is said in `state`. */
  start(): void {
    const { cgroupRoot } = this.#options;
    if (cgroupRoot === undefined) {
      this.#because = 'cgroup2 is not mounted, and programs attach only there';
      return;
    }
    try {
      this.#queue = HeardQueue.open(cgroupRoot);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#timer = setInterval(() => void this.drain(), EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.drain();
    this.#queue?.close();
    this.#queue = undefined;
  }

  /** Reads what is waiting. Never rejects. */
  async drain(): Promise<void> {
    const queue = this.#queue;
    if (queue === undefined) return;
    const started = performance.now();
    try {
      const news: AddressName[] = [];
      const at = this.#options.now();
      this.#at = at;
      for (let i = 0; i < MOST_AT_ONCE; i++) {
        const heard = queue.take();
        if (heard === undefined) break;
        for (const found of this.#namesIn(heard)) if (this.#isNews(found, at)) news.push({ ...found, at });
      }
      if (news.length > 0) await this.#options.learn(news);
      this.#because = undefined;
    } catch (error) {
      this.#fail(error);
    }
    this.#durationMs = performance.now() - started;
  }

  state(): SourceState {
    return {
      name: 'names',
      ok: this.#because === undefined,
      because: this.#because,
      lastDurationMs: this.#durationMs,
      lastAt: this.#at,
    };
  }

  /** Payloads that came faster than they were read. */
  lost(): number {
    return this.#queue?.lost() ?? 0;
  }

  #namesIn({ kind, remote, payload }: Heard): HeardName[] {
    switch (kind) {
      case 'dns':
        return namesInDns(payload);
      case 'dns-stream':
        return namesInDnsStream(payload);
      case 'hello':
        return nameInHello(payload, formatAddress(remote, 0, 16));
      case 'quic':
        return nameInQuic(this.#quic, payload, formatAddress(remote, 0, 16));
    }
  }

  #isNews({ address, name }: HeardName, at: EpochMs): boolean {
    const key = `${address} ${name}`;
    const last = this.#known.get(key);
    if (last !== undefined && at - last < KNOWN_FOR_MS && at >= last) return false;
    this.#known.delete(key);
    this.#known.set(key, at);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return true;
  }

  #fail(error: unknown): void {
    const { because } = failureOf(error);
    if (because !== this.#because) this.#options.log(`names cannot be heard: ${because}`);
    this.#because = because;
  }
}
