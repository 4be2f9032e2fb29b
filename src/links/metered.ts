/**
 * links: what a person would call a link, and whether it is metered: by the user's word, by NetworkManager's,
 * and by what its device and its lease tell, in this order.
 */

/** NMMetered, https://networkmanager.dev/docs/api/latest/nm-dbus-types.html#NMMetered */
export type NmMetered = 0 | 1 | 2 | 3 | 4;

const NM_YES = 1;
const NM_NO = 2;
const NM_GUESS_YES = 3;

/** What is known of one link. All of it may be missing. */
export interface MeteredFacts {
  /** What the user said; undefined: nothing, or `auto`. */
  user: boolean | undefined;
  networkManager: NmMetered | undefined;
  /** A DHCP lease of it says so: the file, or whoever told. */
  lease: string | undefined;
  /** The driver of its device. */
  driver: string | undefined;
  /** `DEVTYPE` of the kernel. */
  deviceType: string | undefined;
  /** Name of the phone that it is tethered to by USB. */
  phone: string | undefined;
  /** The host's own addresses on it. */
  addresses: readonly string[];
}

export interface MeteredVerdict {
  /** Null: nobody can tell. */
  metered: boolean | null;
  because: string;
}

const MODEM_DRIVERS: readonly string[] = [
  'qmi_wwan',
  'cdc_mbim',
  'option',
  'sierra_net',
  'hso',
  'mhi_wwan_mbim',
];

export function judgeMetered(facts: MeteredFacts): MeteredVerdict {
  if (facts.user !== undefined) {
    return { metered: facts.user, because: `you said that it is ${facts.user ? '' : 'not '}metered` };
  }
  const { networkManager } = facts;
  if (networkManager === NM_YES) return yes('NetworkManager says that it is metered');
  if (networkManager === NM_GUESS_YES) return yes('NetworkManager guesses that it is metered');
  if (networkManager === NM_NO)
    return { metered: false, because: 'NetworkManager says that it is not metered' };
  // Its guess that a link is not metered knows nothing of iPhones: what is seen here counts more.
  const fact = factOf(facts);
  if (fact !== undefined) return yes(fact);
  if (networkManager === undefined) {
    return { metered: null, because: 'nothing tells whether it is metered; NetworkManager does not know it' };
  }
  return { metered: false, because: 'NetworkManager does not say that it is metered, and nothing else does' };
}

function factOf({ lease, driver, deviceType, phone, addresses }: MeteredFacts): string | undefined {
  if (lease !== undefined) return `its DHCP lease says ANDROID_METERED (${lease})`;
  if (driver === 'ipheth') return 'it is an iPhone tethered by USB (driver ipheth)';
  if (driver === 'rndis_host') return 'it is a phone tethered by USB (driver rndis_host)';
  if (phone !== undefined && isUsbEthernet(driver))
    return `it is tethered by USB to ${phone} (driver ${driver})`;
  if (deviceType === 'wwan') return 'it is a mobile broadband modem (wwan)';
  if (driver !== undefined && MODEM_DRIVERS.includes(driver)) {
    return `it is a mobile broadband modem (driver ${driver})`;
  }
  if (deviceType === 'bluetooth') return 'it is a Bluetooth network of a phone (PAN)';
  if (addresses.some(isOfAniPhone)) return "its address is of an iPhone's hotspot (172.20.10.0/28)";
  return undefined;
}

/** Drivers that phones use and docks as well, so that the device has to be known. */
function isUsbEthernet(driver: string | undefined): boolean {
  return driver === 'cdc_ether' || driver === 'cdc_ncm';
}

/** 172.20.10.0/28, which iOS gives to all guests of its hotspot; the first address is the phone's own. */
function isOfAniPhone(address: string): boolean {
  const last = /^172\.20\.10\.(\d+)$/.exec(address)?.[1];
  return last !== undefined && Number(last) < 16;
}

function yes(because: string): MeteredVerdict {
  return { metered: true, because };
}
