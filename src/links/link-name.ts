/** The names of links. */
import { escapeText } from '../text/escape.js';

export interface NamingFacts {
  interface: string;
  /** Of the Wi-Fi it is connected to; its bytes may be anything. */
  ssid: Uint8Array | undefined;
  /** Of the phone or modem that it is. */
  device: string | undefined;
}

/**
 * What a person would call a link: the SSID, the modem or phone, else the interface. On one line and without
 * control characters, whatever the neighbours call their access points.
 * @param interfaces names of all interfaces: who calls a Wi-Fi like one of them gets it beside its own
 */
export function linkName(facts: NamingFacts, interfaces: ReadonlySet<string>): string {
  const called = textOf(facts.ssid) ?? facts.device?.trim();
  if (called === undefined || called === '') return facts.interface;
  const name = escapeText(called);
  return interfaces.has(name) && name !== facts.interface ? `${name} (${facts.interface})` : name;
}

/** UTF-8 where it is, else the bytes as they are written in hex. A hidden network has none. */
function textOf(ssid: Uint8Array | undefined): string | undefined {
  if (ssid === undefined || ssid.every((byte) => byte === 0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(ssid).trim();
  } catch {
    return [...ssid].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}
