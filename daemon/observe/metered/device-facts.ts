/** What sysfs tells of the device behind a network interface. A few small files, read when something changed. */
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { phoneName } from '../../../src/links/phone.js';

export interface DeviceFacts {
  driver: string | undefined;
  /** `DEVTYPE`, such as `wlan`, `wwan`, `bluetooth`. */
  deviceType: string | undefined;
  /** What the phone or modem calls itself, if it is one. */
  phone: string | undefined;
}

/** From a USB interface up to its device there is one directory; hubs are above. */
const USB_LEVELS = 2;

/** @param sysRoot where sysfs is mounted */
export function deviceFacts(sysRoot: string, interfaceName: string): DeviceFacts {
  const directory = join(sysRoot, 'class/net', interfaceName);
  const driver = linkTarget(join(directory, 'device/driver'));
  return {
    driver,
    deviceType: /^DEVTYPE=(.+)$/m.exec(text(join(directory, 'uevent')) ?? '')?.[1],
    phone: phoneOf(join(directory, 'device')),
  };
}

function phoneOf(device: string): string | undefined {
  let at: string;
  try {
    at = realpathSync(device);
  } catch {
    return undefined;
  }
  for (let level = 0; level <= USB_LEVELS; level++, at = dirname(at)) {
    const vendor = text(join(at, 'idVendor'));
    if (vendor === undefined) continue;
    return phoneName({
      vendor,
      manufacturer: text(join(at, 'manufacturer')),
      product: text(join(at, 'product')),
    });
  }
  return undefined;
}

function linkTarget(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
