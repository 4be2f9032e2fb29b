import { parseAddress } from '../../../src/metering/address.js';
import { NativeStruct } from '../../sys/native-struct.js';
import type { BpfMap } from './kernel/bpf-map.js';

/** MTU of an interface: a packet over it travels in fragments, whose headers count. */
export interface InterfaceMtu {
  /** Cookie of the network namespace. */
  netns: number;
  ifindex: number;
  /** In bytes. */
  mtu: number;
}

/** A service on a port above the usual ones (32768 and up), which would otherwise be taken for a client's. */
export interface Endpoint {
  /** `undefined` for any address. */
  address: string | undefined;
  port: number;
}

interface ConfigurationMaps {
  configuration: BpfMap;
  mtus: BpfMap;
  endpoints: BpfMap;
}

const DEFAULT_MTU = 1500;
/** The smallest MTU that IPv4 allows (RFC 791): nothing smaller is believed. */
const SMALLEST_MTU = 68;
const FIRST_KEY = new Uint8Array(4);

/** What the programs are told while they run: `struct configuration` and the two maps beside it. */
export class Configuration {
  readonly #maps: ConfigurationMaps;

  constructor(maps: ConfigurationMaps) {
    this.#maps = maps;
  }

  initialise(netnsKnown: boolean): void {
    const value = new NativeStruct(16)
      .u32(0, DEFAULT_MTU)
      .u32(4, DEFAULT_MTU)
      .u32(12, netnsKnown ? 1 : 0);
    this.#maps.configuration.update(FIRST_KEY, value.bytes);
  }

  /** Whether the programs of this generation tell namespaces apart. */
  get netnsKnown(): boolean {
    return this.#read().getU32(12) === 1;
  }

  /** Replaces all that is known about MTUs. Where namespaces are not told apart, the first entry wins. */
  setMtus(defaultMtu: number, mtus: readonly InterfaceMtu[]): void {
    const value = this.#read();
    const believed = mtus.filter(({ mtu }) => mtu >= SMALLEST_MTU);
    const netnsKnown = value.getU32(12) === 1;
    const entries = [...believed].reverse().map(({ netns, ifindex, mtu }): Entry => {
      const key = new NativeStruct(16).u64(0, netnsKnown ? netns : 0).u32(8, ifindex);
      return [key.bytes, new NativeStruct(4).u32(0, mtu).bytes];
    });
    const smallest = Math.min(defaultMtu, ...believed.map(({ mtu }) => mtu));
    replaceEntries(this.#maps.mtus, entries);
    this.#maps.configuration.update(FIRST_KEY, value.u32(0, defaultMtu).u32(4, smallest).bytes);
  }

  /** Replaces the endpoints. Those on lower ports need not be told: the ports tell themselves. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const entries = endpoints.map(({ address, port }): Entry => {
      const key = new NativeStruct(20).set(0, addressKey(address)).u16(16, port);
      return [key.bytes, new NativeStruct(4).u32(0, 1).bytes];
    });
    replaceEntries(this.#maps.endpoints, entries);
    this.#maps.configuration.update(FIRST_KEY, this.#read().u32(8, entries.length).bytes);
  }

  #read(): NativeStruct {
    const value = new NativeStruct(16);
    this.#maps.configuration.lookup(FIRST_KEY, value.bytes);
    return value;
  }
}

type Entry = [key: Uint8Array, value: Uint8Array];

function replaceEntries(map: BpfMap, entries: readonly Entry[]): void {
  const wanted = new Set(entries.map(([key]) => Buffer.from(key).toString('hex')));
  const stale: Uint8Array[] = [];
  const key = new Uint8Array(new ArrayBuffer(map.shape.keySize));
  for (let more = map.nextKey(undefined, key); more; more = map.nextKey(key, key)) {
    if (!wanted.has(Buffer.from(key).toString('hex'))) stale.push(key.slice());
  }
  for (const one of stale) map.delete(one);
  for (const [entryKey, value] of entries) map.update(entryKey, value);
}

/** 16 bytes, IPv4 as ::ffff:a.b.c.d; zeros, which stand for any address, for what is no address. */
function addressKey(address: string | undefined): Uint8Array {
  const bytes = address === undefined ? undefined : parseAddress(address);
  const key = new Uint8Array(16);
  if (bytes === undefined) return key;
  if (bytes.length === 16) {
    key.set(bytes);
  } else {
    key.fill(0xff, 10, 12);
    key.set(bytes, 12);
  }
  return key;
}
