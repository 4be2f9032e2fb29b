/**
 * A real D-Bus of a test's own, and services on it by python3-dbusmock: what speaks there is not netmeter. It needs
 * Debian's dbus and python3-dbusmock, which scripts/lab installs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3';
const MOCK = 'org.freedesktop.DBus.Mock';
const START_MS = 20_000;

export class MockBus {
  readonly #dir = mkdtempSync(join(tmpdir(), 'nm-bus-'));
  #daemon: ChildProcess | undefined;
  readonly #services = new Set<ChildProcess>();

  get address(): string {
    return `unix:path=${this.#dir}/bus`;
  }

  /** Starts the bus, also again after `stop`. */
  async start(): Promise<void> {
    const args = ['--session', '--nofork', '--nopidfile', `--address=${this.address}`];
    this.#daemon = spawn('dbus-daemon', args, { stdio: 'ignore' });
    await eventually('the bus', () => existsSync(`${this.#dir}/bus`));
  }

  async stop(): Promise<void> {
    await this.removeServices();
    await end(this.#daemon);
    this.#daemon = undefined;
    rmSync(`${this.#dir}/bus`, { force: true });
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** @param template of dbusmock, such as `networkmanager` */
  async add(template: string, name: string, bus: 'system' | 'session' = 'system'): Promise<void> {
    const env = {
      ...process.env,
      DBUS_SYSTEM_BUS_ADDRESS: this.address,
      DBUS_SESSION_BUS_ADDRESS: this.address,
    };
    const service = spawn(PYTHON, ['-m', 'dbusmock', `--${bus}`, '--template', template], {
      env,
      stdio: 'ignore',
    });
    this.#services.add(service);
    await eventually(name, () =>
      this.#send('org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', `string:${name}`).includes(
        'true',
      ),
    );
  }

  async removeServices(): Promise<void> {
    for (const service of this.#services) await end(service);
    this.#services.clear();
  }

  /** Calls one of the mock's own methods. @returns what it answered, as dbus-send prints it */
  mock(name: string, path: string, method: string, ...args: string[]): string {
    return this.#send(name, path, `${MOCK}.${method}`, ...args);
  }

  /** Sets a property, which the mock announces. */
  set(name: string, path: string, interfaceName: string, property: string, value: string): void {
    const args = [`string:${interfaceName}`, `string:${property}`, `variant:${value}`];
    this.#send(name, path, 'org.freedesktop.DBus.Properties.Set', ...args);
  }

  #send(name: string, path: string, method: string, ...args: string[]): string {
    const words = [`--bus=${this.address}`, '--print-reply', `--dest=${name}`, path, method, ...args];
    return execFileSync('dbus-send', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

const NM = 'org.freedesktop.NetworkManager';
const NM_PATH = '/org/freedesktop/NetworkManager';

/** NetworkManager as its template is, which lacks `Metered`. */
export class MockNetworkManager {
  readonly #bus: MockBus;

  constructor(bus: MockBus) {
    this.#bus = bus;
  }

  async start(): Promise<void> {
    await this.#bus.add('networkmanager', NM);
  }

  /** @returns the device's path */
  addWifi(interfaceName: string): string {
    const device = interfaceName.replaceAll('-', '_');
    this.#bus.mock(NM, NM_PATH, 'AddWiFiDevice', `string:${device}`, `string:${interfaceName}`, 'uint32:100');
    const path = `${NM_PATH}/Devices/${device}`;
    this.addProperty(path, `${NM}.Device.Wireless`, 'ActiveAccessPoint', 'objpath:/');
    return path;
  }

  addEthernet(interfaceName: string): string {
    this.#bus.mock(
      NM,
      NM_PATH,
      'AddEthernetDevice',
      `string:${interfaceName}`,
      `string:${interfaceName}`,
      'uint32:100',
    );
    return `${NM_PATH}/Devices/${interfaceName}`;
  }

  /** @returns the access point's path */
  addAccessPoint(device: string, name: string, ssid: string): string {
    const facts = [
      'string:00:23:F8:7E:12:BB',
      'uint32:2',
      'uint32:2425',
      'uint32:5400',
      'byte:82',
      'uint32:0',
    ];
    this.#bus.mock(
      NM,
      NM_PATH,
      'AddAccessPoint',
      `string:${device}`,
      `string:${name}`,
      `string:${ssid}`,
      ...facts,
    );
    return `${NM_PATH}/AccessPoint/${name}`;
  }

  /** Properties that the template lacks; without a signal, as ones that were always there. */
  addMetered(path: string, value: number): void {
    this.addProperty(path, path === NM_PATH ? NM : `${NM}.Device`, 'Metered', `uint32:${value}`);
  }

  addProperty(path: string, interfaceName: string, property: string, value: string): void {
    this.#bus.mock(
      NM,
      path,
      'AddProperty',
      `string:${interfaceName}`,
      `string:${property}`,
      `variant:${value}`,
    );
  }

  get path(): string {
    return NM_PATH;
  }

  /** With its signal. @param value as dbus-send takes it, such as `uint32:1` or `objpath:/` */
  change(path: string, interfaceName: string, property: string, value: string): void {
    this.#bus.set(NM, path, interfaceName, property, value);
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Waits for something; the limit is only there so that a failure has an end. */
export async function eventually(what: string, probe: () => boolean): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      if (probe()) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: it did not come to be`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
