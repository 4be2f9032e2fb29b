/** Which USB devices are phones, since docks use the same drivers. */

/** What sysfs says of a USB device: `idVendor`, `manufacturer`, `product`. */
export interface UsbDevice {
  vendor: string | undefined;
  manufacturer: string | undefined;
  product: string | undefined;
}

/** Vendors that make phones or modems, and no Ethernet adapters: http://www.linux-usb.org/usb.ids */
const PHONE_VENDORS: Readonly<Record<string, string>> = {
  '0421': 'Nokia',
  '04e8': 'Samsung',
  '05ac': 'Apple',
  '05c6': 'Qualcomm',
  '0bb4': 'HTC',
  '0fce': 'Sony',
  '1004': 'LG',
  '109b': 'Hisense',
  '12d1': 'Huawei',
  '18d1': 'Google',
  '19d2': 'ZTE',
  '1bbb': 'TCL',
  '22b8': 'Motorola',
  '22d9': 'OPPO',
  '2717': 'Xiaomi',
  '2a45': 'Meizu',
  '2a70': 'OnePlus',
  '2ae5': 'Fairphone',
  '2d95': 'vivo',
  '2e04': 'HMD',
};
const PHONE_WORDS = /\b(android|phone|iphone|galaxy|pixel|smartphone|mobile|lte|5g modem)\b/i;
const LONGEST_NAME = 64;

/** @returns what a person would call it, undefined when it is no phone or modem */
export function phoneName({ vendor, manufacturer, product }: UsbDevice): string | undefined {
  const brand = PHONE_VENDORS[vendor?.toLowerCase() ?? ''];
  const named = [manufacturer, product].some((text) => text !== undefined && PHONE_WORDS.test(text));
  if (brand === undefined && !named) return undefined;
  const name = product?.trim() || manufacturer?.trim() || brand || 'a phone';
  return name.slice(0, LONGEST_NAME);
}
