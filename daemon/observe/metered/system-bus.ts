import { existsSync } from 'node:fs';
import type { Message, MessageBus } from '@homebridge/dbus-native';

/** A signal as it came: arguments decoded, variants unwrapped. */
export interface BusSignal {
  path: string;
  interface: string;
  member: string;
  body: readonly unknown[];
}

export interface SystemBusOptions {
  /** A D-Bus address: `unix:path=/run/dbus/system_bus_socket`. */
  address: string;
  /** Match rules to subscribe with, anew on every connection. */
  matches: readonly string[];
  /** Connected and subscribed: what was known before may have changed meanwhile. */
  onConnected(): void;
  onSignal(signal: BusSignal): void;
  onLost(because: string): void;
}

/** Do not start a service to answer. */
const NO_AUTO_START = 0x2;
const SIGNAL = 4;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const CALL_TIMEOUT_MS = 5_000;

/** A connection to a D-Bus that is kept: when the bus goes, it is looked for again, ever less often. */
export class SystemBus {
  readonly #options: SystemBusOptions;
  #bus: MessageBus | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #stopped = false;

  constructor(options: SystemBusOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#bus?.connection.stream.destroy();
    this.#bus = undefined;
  }

  /**
   * Calls a method, and starts no service for it.
   * @throws Error what the other end answered; that there is no bus, or no answer within seconds
   */
  call(
    destination: string,
    path: string,
    interfaceName: string,
    member: string,
    signature = '',
    body: unknown[] = [],
  ): Promise<unknown> {
    const bus = this.#bus;
    if (bus === undefined) return Promise.reject(new Error('there is no bus'));
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${destination} does not answer`)), CALL_TIMEOUT_MS);
      late.unref();
      const message = { destination, path, interface: interfaceName, member, flags: NO_AUTO_START };
      bus.invoke({ ...message, ...(signature && { signature, body }) }, (error, value) => {
        clearTimeout(late);
        if (error === null) resolve(plain(value));
        else reject(new Error(`${error.name}: ${String(error.message)}`));
      });
    });
  }

  async #connect(): Promise<void> {
    try {
      // Loaded for whoever has a bus, since it takes some megabytes: most servers have none.
      const path = /^unix:path=([^,;]+)/.exec(this.#options.address)?.[1];
      if (path !== undefined && !existsSync(path)) throw new Error(`there is no bus at ${path}`);
      const { default: dbus } = await import('@homebridge/dbus-native');
      if (this.#stopped) return;
      const bus = dbus.createClient({ busAddress: this.#options.address });
      const { connection } = bus;
      connection.stream.unref();
      let because = 'the bus ended the connection';
      connection.on('error', (error: Error) => {
        because = error.message;
        connection.stream.destroy();
      });
      connection.stream.once('close', () => this.#lost(bus, because));
      connection.on('message', (message: Message) => this.#received(message));
      connection.once('connect', () => void this.#subscribe(bus));
    } catch (error) {
      this.#lost(undefined, (error as Error).message);
    }
  }

  async #subscribe(bus: MessageBus): Promise<void> {
    this.#bus = bus;
    try {
      for (const match of this.#options.matches) {
        await this.call(
          'org.freedesktop.DBus',
          '/org/freedesktop/DBus',
          'org.freedesktop.DBus',
          'AddMatch',
          's',
          [match],
        );
      }
      this.#retryMs = FIRST_RETRY_MS;
      this.#options.onConnected();
    } catch (error) {
      bus.connection.emit('error', error);
    }
  }

  #received(message: Message): void {
    if (message.type !== SIGNAL) return;
    const { path = '', interface: interfaceName = '', member = '', body = [] } = message;
    this.#options.onSignal({ path, interface: interfaceName, member, body: body.map(plain) });
  }

  #lost(bus: MessageBus | undefined, because: string): void {
    if (this.#stopped || (this.#bus !== undefined && this.#bus !== bus)) return;
    this.#bus = undefined;
    this.#options.onLost(because);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}

/** `[[{type, child}], [value]]` is a variant, a list of pairs is a dictionary if its keys are texts. */
export function plain(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (isVariant(value)) return plain(value[1][0]);
  if (value.length > 0 && value.every(isEntry)) {
    return new Map(value.map(([key, inner]) => [key, plain(inner)]));
  }
  return value.map(plain);
}

function isVariant(value: unknown[]): value is [unknown[], unknown[]] {
  const [type, inner] = value;
  if (value.length !== 2 || !Array.isArray(type) || !Array.isArray(inner)) return false;
  const [first] = type as [{ type?: unknown; child?: unknown } | undefined];
  return type.length === 1 && typeof first?.type === 'string' && Array.isArray(first.child);
}

function isEntry(value: unknown): value is [string, unknown] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    Array.isArray(value[1]) &&
    isVariant(value[1])
  );
}
