/** metered: what makes links metered, and what they are called: NetworkManager, leases, devices. */
import type { NmMetered } from '../../../src/links/metered.js';
import { type BusSignal, SystemBus } from './system-bus.js';

/** What NetworkManager knows of one network interface. */
export interface NmDevice {
  interface: string;
  metered: NmMetered | undefined;
  /** Of the Wi-Fi that it is connected to. */
  ssid: Uint8Array | undefined;
}

export interface NmState {
  devices: readonly NmDevice[];
  /** Of the connection that the default route uses. */
  primaryMetered: NmMetered | undefined;
  /** The interface of that connection, where it tells. */
  primaryInterface: string | undefined;
}

export interface NetworkManagerOptions {
  /** Of the system bus. */
  address: string;
  /** Something that matters has changed; undefined: it is gone, or never was there. */
  onState(state: NmState | undefined): void;
}

const NAME = 'org.freedesktop.NetworkManager';
const PATH = '/org/freedesktop/NetworkManager';
const DEVICE = `${NAME}.Device`;
const WIRELESS = `${NAME}.Device.Wireless`;
const ACCESS_POINT = `${NAME}.AccessPoint`;
const ACTIVE = `${NAME}.Connection.Active`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';
/** Signals come in bursts, as a connection goes through its states. */
const SETTLE_MS = 50;

/** By interface, the properties that matter: signal strengths and bit rates change all the time. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  [NAME]: ['Metered', 'PrimaryConnection', 'Devices', 'AllDevices', 'ActiveConnections'],
  [DEVICE]: ['Metered', 'ActiveConnection', 'IpInterface', 'Interface', 'State'],
  [WIRELESS]: ['ActiveAccessPoint'],
};
const MATCHES = [
  `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${NAME}'`,
  ...Object.keys(WATCHED).map(
    (name) =>
      `type='signal',sender='${NAME}',interface='${PROPERTIES}',member='PropertiesChanged',arg0='${name}'`,
  ),
  `type='signal',sender='${NAME}',interface='${NAME}',member='DeviceAdded'`,
  `type='signal',sender='${NAME}',interface='${NAME}',member='DeviceRemoved'`,
];

type Properties = ReadonlyMap<string, unknown>;

/** NetworkManager by its signals, on a bus that may come and go, as may it. */
export class NetworkManager {
  readonly #options: NetworkManagerOptions;
  readonly #bus: SystemBus;
  #settling: NodeJS.Timeout | undefined;
  #isConnected = false;
  #reading = false;
  #again = false;
  #lastSaid: string | undefined;
  #answered: () => void = () => {};
  readonly #firstAnswer: Promise<void>;

  constructor(options: NetworkManagerOptions) {
    this.#options = options;
    this.#firstAnswer = new Promise((resolve) => {
      this.#answered = resolve;
    });
    this.#bus = new SystemBus({
      address: options.address,
      matches: MATCHES,
      onConnected: () => {
        this.#isConnected = true;
        void this.#read();
      },
      onSignal: (signal) => this.#onSignal(signal),
      onLost: () => {
        this.#isConnected = false;
        this.#tell(undefined);
      },
    });
  }

  /** Resolves when it has answered once, or has turned out not to be there. */
  start(): Promise<void> {
    this.#bus.start();
    return this.#firstAnswer;
  }

  /** Reads all of it now. Resolves when it has, or cannot. */
  async refresh(): Promise<void> {
    if (this.#isConnected) await this.#read();
  }

  stop(): void {
    clearTimeout(this.#settling);
    this.#bus.stop();
  }

  #onSignal({ member, interface: interfaceName, body }: BusSignal): void {
    if (member === 'PropertiesChanged' && interfaceName === PROPERTIES) {
      const [name, changed] = body;
      const watched = typeof name === 'string' && Object.hasOwn(WATCHED, name) ? WATCHED[name] : undefined;
      if (watched === undefined || !(changed instanceof Map)) return;
      if (!watched.some((property) => changed.has(property))) return;
    }
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#read(), SETTLE_MS);
    this.#settling.unref();
  }

  /** One at a time; what is announced meanwhile is read once more. */
  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    do {
      this.#again = false;
      this.#tell(await this.#state().catch(() => undefined));
    } while (this.#again);
    this.#reading = false;
  }

  async #state(): Promise<NmState> {
    const manager = await this.#all(PATH, NAME);
    const paths = manager.get('Devices');
    const devices = Array.isArray(paths)
      ? await Promise.all(paths.map((path) => this.#device(String(path))))
      : [];
    return {
      devices: devices.filter((device) => device !== undefined),
      primaryMetered: meteredOf(manager),
      primaryInterface: await this.#primaryInterface(manager),
    };
  }

  /** Undefined for one that vanished meanwhile. */
  async #device(path: string): Promise<NmDevice | undefined> {
    const device = await this.#all(path, DEVICE).catch(() => undefined);
    // The interface that has the addresses: a modem's differs from its control port.
    const name = textOf(device?.get('IpInterface')) ?? textOf(device?.get('Interface'));
    if (device === undefined || name === undefined) return undefined;
    return { interface: name, metered: meteredOf(device), ssid: await this.#ssid(path) };
  }

  async #ssid(devicePath: string): Promise<Uint8Array | undefined> {
    const wireless = await this.#all(devicePath, WIRELESS).catch(() => undefined);
    const point = textOf(wireless?.get('ActiveAccessPoint'));
    if (point === undefined || point === '/') return undefined;
    const properties = await this.#all(point, ACCESS_POINT).catch(() => undefined);
    const ssid = properties?.get('Ssid');
    return ssid instanceof Uint8Array && ssid.length > 0 ? ssid : undefined;
  }

  async #primaryInterface(manager: Properties): Promise<string | undefined> {
    const path = textOf(manager.get('PrimaryConnection'));
    if (path === undefined || path === '/') return undefined;
    const active = await this.#all(path, ACTIVE).catch(() => undefined);
    const [device] = (active?.get('Devices') ?? []) as unknown[];
    if (typeof device !== 'string') return undefined;
    const properties = await this.#all(device, DEVICE).catch(() => undefined);
    return textOf(properties?.get('IpInterface')) ?? textOf(properties?.get('Interface'));
  }

  async #all(path: string, interfaceName: string): Promise<Properties> {
    const answer = await this.#bus.call(NAME, path, PROPERTIES, 'GetAll', 's', [interfaceName]);
    return answer instanceof Map ? answer : new Map();
  }

  /** What has not changed is not told again. */
  #tell(state: NmState | undefined): void {
    this.#answered();
    const said =
      JSON.stringify(state, (_, value) => (value instanceof Uint8Array ? [...value] : value)) ?? '';
    if (said === this.#lastSaid) return;
    this.#lastSaid = said;
    this.#options.onState(state);
  }
}

function meteredOf(properties: Properties): NmMetered | undefined {
  const value = properties.get('Metered');
  return value === 0 || value === 1 || value === 2 || value === 3 || value === 4 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
