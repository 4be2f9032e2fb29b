// NetworkManager as python3-dbusmock plays it, on a real bus that comes and goes.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NetworkManager, type NmState } from '../../../../daemon/observe/metered/network-manager.js';
import { eventually, MockBus, MockNetworkManager } from './mock-bus.js';

const test = suite('NetworkManager over D-Bus');
const DEVICE = 'org.freedesktop.NetworkManager.Device';
const WIRELESS = `${DEVICE}.Wireless`;
const NM = 'org.freedesktop.NetworkManager';
let bus: MockBus;
let mock: MockNetworkManager;
let client: NetworkManager;
let states: (NmState | undefined)[] = [];
/** The socket of the client keeps no process alive, which a waiting test needs. */
let alive: NodeJS.Timeout;

test.before.each(async () => {
  bus = new MockBus();
  mock = new MockNetworkManager(bus);
  states = [];
  client = new NetworkManager({ address: bus.address, onState: (state) => states.push(state) });
  alive = setInterval(() => {}, 1000);
});

test.after.each(async () => {
  client.stop();
  await bus.close();
  clearInterval(alive);
});

const last = () => states.at(-1);
const device = (name: string) => last()?.devices.find((candidate) => candidate.interface === name);
const ssidOf = (name: string) => Buffer.from(device(name)?.ssid ?? []).toString();

test('what was there before is read at the start: devices, their flag, the network', async () => {
  await bus.start();
  await mock.start();
  const wifi = mock.addWifi('wlan7');
  const point = mock.addAccessPoint(wifi, 'AP1', 'Annas Hotspot é');
  mock.change(wifi, WIRELESS, 'ActiveAccessPoint', `objpath:${point}`);
  mock.addMetered(wifi, 3);
  mock.addMetered(mock.path, 1);
  await client.start();
  assert.is(last()?.primaryMetered, 1);
  assert.is(device('wlan7')?.metered, 3);
  assert.is(ssidOf('wlan7'), 'Annas Hotspot é');
});

test('changes are heard of by their signals, and no others make it read', async () => {
  await bus.start();
  await mock.start();
  await client.start();
  assert.equal(last()?.devices, []);
  const wired = mock.addEthernet('eth7');
  await eventually('the new device', () => device('eth7') !== undefined);
  mock.addMetered(wired, 4);
  mock.change(wired, DEVICE, 'Metered', 'uint32:1');
  await eventually('the flag', () => device('eth7')?.metered === 1);
  mock.change(wired, DEVICE, 'Metered', 'uint32:2');
  await eventually('the other flag', () => device('eth7')?.metered === 2);
  mock.addMetered(mock.path, 0);
  mock.change(mock.path, NM, 'Metered', 'uint32:3');
  await eventually('the flag of the connection', () => last()?.primaryMetered === 3);
  const told = states.length;
  mock.change(wired, DEVICE, 'DeviceType', 'uint32:1');
  mock.change(wired, DEVICE, 'Metered', 'uint32:1');
  await eventually('the next flag', () => device('eth7')?.metered === 1);
  assert.is(states.length, told + 1);
});

test('another Wi-Fi is another network', async () => {
  await bus.start();
  await mock.start();
  const wifi = mock.addWifi('wlan7');
  const [home, phone] = [mock.addAccessPoint(wifi, 'AP1', 'Home'), mock.addAccessPoint(wifi, 'AP2', 'Phone')];
  mock.change(wifi, WIRELESS, 'ActiveAccessPoint', `objpath:${home}`);
  await client.start();
  assert.is(ssidOf('wlan7'), 'Home');
  mock.change(wifi, WIRELESS, 'ActiveAccessPoint', `objpath:${phone}`);
  await eventually('the other network', () => ssidOf('wlan7') === 'Phone');
  mock.change(wifi, WIRELESS, 'ActiveAccessPoint', 'objpath:/');
  await eventually('no network', () => device('wlan7') !== undefined && ssidOf('wlan7') === '');
});

test('no bus, no NetworkManager: nothing is known, and both are found when they come and come back', async () => {
  await client.start();
  assert.is(last(), undefined);
  await bus.start();
  await mock.start();
  mock.addEthernet('eth7');
  await eventually('NetworkManager on a bus that came later', () => device('eth7') !== undefined);
  await bus.removeServices();
  await eventually('its end', () => last() === undefined);
  await mock.start();
  await eventually('its return', () => last() !== undefined);
  await bus.stop();
  await eventually('the end of the bus', () => last() === undefined);
  await bus.start();
  await mock.start();
  await eventually('the return of the bus', () => last() !== undefined);
});

test('what answers nonsense is as good as not there', async () => {
  await bus.start();
  await mock.start();
  mock.addMetered(mock.path, 77);
  const wired = mock.addEthernet('eth7');
  mock.change(wired, DEVICE, 'ActiveConnection', 'objpath:/org/freedesktop/NetworkManager/Nothing');
  mock.addProperty(mock.path, NM, 'PrimaryConnection', 'objpath:/org/freedesktop/NetworkManager/Nothing');
  await client.start();
  assert.is(last()?.primaryMetered, undefined);
  assert.is(last()?.primaryInterface, undefined);
  assert.is(device('eth7')?.metered, undefined);
});

test.run();
