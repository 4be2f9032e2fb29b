/** The uplink as NetworkManager, a mock of it on a real bus, knows it: a hotspot, metered or not. */
import type { LinksDocument, StatusDocument } from '../../../src/protocol/documents.js';
import { MockBus, MockNetworkManager } from '../../daemon/observe/metered/mock-bus.js';
import { type Cleanup, eventually, lab, type Netmeter, startNetmeter } from '../harness/index.js';

export const WIRELESS = 'org.freedesktop.NetworkManager.Device.Wireless';

/** The uplink as a Wi-Fi of NetworkManager's, connected to a hotspot. */
export async function hotspot(cleanup: Cleanup) {
  const bus = new MockBus();
  cleanup.defer(() => bus.close());
  await bus.start();
  const manager = new MockNetworkManager(bus);
  await manager.start();
  const device = manager.addWifi(lab().uplink);
  const point = manager.addAccessPoint(device, 'AP1', 'Annas Hotspot');
  manager.change(device, WIRELESS, 'ActiveAccessPoint', `objpath:${point}`);
  manager.addMetered(device, 0);
  const netmeter = await startNetmeter(cleanup, { env: { DBUS_SYSTEM_BUS_ADDRESS: bus.address } });
  const setMetered = (value: number) =>
    manager.change(device, 'org.freedesktop.NetworkManager.Device', 'Metered', `uint32:${value}`);
  const join = (accessPoint: string) =>
    manager.change(device, WIRELESS, 'ActiveAccessPoint', `objpath:${accessPoint}`);
  return { bus, manager, device, point, netmeter, setMetered, join };
}

export const LINK = 'Annas Hotspot';

export const linkOf = async (netmeter: Netmeter) =>
  (await netmeter.json<LinksDocument>(['link', 'ls'])).links.find(({ name }) => name === LINK);
export const warningsOf = async (netmeter: Netmeter, code: string) =>
  (await netmeter.json<StatusDocument>(['status'])).warnings.filter((warning) => warning.code === code);

export function metered(netmeter: Netmeter, wanted: boolean) {
  return eventually(`metered to be ${wanted}`, 10_000, async () => {
    const link = await linkOf(netmeter);
    return link?.metered === wanted ? link : undefined;
  });
}
