import { BlockList, isIP } from 'node:net';
import { asList, asRecord, asText } from '../observe/docker/json-value.js';
import type { RegistrySettings } from './registry.js';

/** Go's names of architectures, by the kernel's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };

/** From what the engine answers to `/info`: insecure registries, mirrors, platform. */
export function registrySettings(info: unknown): RegistrySettings {
  const facts = asRecord(info);
  const registries = asRecord(facts.RegistryConfig);
  const indexes = asRecord(registries.IndexConfigs);
  const hub = asRecord(indexes['docker.io']);
  const mirrors = [...asList(registries.Mirrors), ...asList(hub.Mirrors)].flatMap(
    (each) => asText(each) ?? [],
  );
  const machine = asText(facts.Architecture) ?? 'x86_64';
  const insecure = ranges(asList(registries.InsecureRegistryCIDRs).map(String));
  return {
    mirrors: [...new Set(mirrors)],
    os: asText(facts.OSType) ?? 'linux',
    architecture: ARCHITECTURES[machine] ?? machine,
    isInsecure(host) {
      if (asRecord(indexes[host]).Secure === false) return true;
      const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
      if (name === 'localhost') return true;
      const family = isIP(name);
      return family !== 0 && insecure.check(name, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

function ranges(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix = ''] = cidr.split('/');
    const family = isIP(address);
    const length = Number(prefix);
    if (family === 0 || !Number.isInteger(length) || length > (family === 6 ? 128 : 32)) continue;
    list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
