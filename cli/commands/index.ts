/** All commands, in the order in which help lists them. One file each, loaded when it is needed. */
import type { Command } from '../command.js';

export interface CommandEntry {
  /** As in the command itself: `status`, or `build show` for a subcommand. */
  name: string;
  load(): Promise<Command<object>>;
}

/** What help says of the words that several commands begin with. */
export const groups: Readonly<Record<string, string>> = {
  build: 'one build, step by step',
  link: 'uplinks, whether they are metered, their prices and limits',
  budget: 'how much a link may carry',
  proxy: 'package proxies, what they delivered and fetched',
  cache: 'cache mounts by the ids that Dockerfiles use',
  service: 'the systemd unit',
};

export const commands: readonly CommandEntry[] = [
  { name: 'start', load: async () => (await import('./start.js')).start },
  { name: 'stop', load: async () => (await import('./stop.js')).stop },
  { name: 'status', load: async () => (await import('./status.js')).status },
  { name: 'logs', load: async () => (await import('./logs.js')).logs },
  { name: 'doctor', load: async () => (await import('./doctor.js')).doctor },
  { name: 'top', load: async () => (await import('./top.js')).top },
  { name: 'builds', load: async () => (await import('./builds.js')).builds },
  { name: 'build show', load: async () => (await import('./build-show.js')).buildShow },
  { name: 'run', load: async () => (await import('./run.js')).run },
  { name: 'report', load: async () => (await import('./report.js')).report },
  { name: 'estimate', load: async () => (await import('./estimate.js')).estimate },
  { name: 'check', load: async () => (await import('./check.js')).check },
  { name: 'baseline', load: async () => (await import('./baseline.js')).baseline },
  { name: 'advise', load: async () => (await import('./advise.js')).advise },
  { name: 'link ls', load: async () => (await import('./link.js')).linkLs },
  { name: 'link set', load: async () => (await import('./link.js')).linkSet },
  { name: 'budget ls', load: async () => (await import('./budget.js')).budgetLs },
  { name: 'budget set', load: async () => (await import('./budget.js')).budgetSet },
  { name: 'budget rm', load: async () => (await import('./budget.js')).budgetRm },
  { name: 'prompt', load: async () => (await import('./prompt.js')).prompt },
  { name: 'notify', load: async () => (await import('./notify.js')).notify },
  { name: 'export', load: async () => (await import('./export.js')).exportAll },
  { name: 'import', load: async () => (await import('./import.js')).importRecords },
  { name: 'proxy ls', load: async () => (await import('./proxy.js')).proxyLs },
  { name: 'proxy add', load: async () => (await import('./proxy.js')).proxyAdd },
  { name: 'proxy rm', load: async () => (await import('./proxy.js')).proxyRm },
  { name: 'cache ls', load: async () => (await import('./cache-ls.js')).cacheLs },
  { name: 'cache show', load: async () => (await import('./cache-show.js')).cacheShow },
  { name: 'cache rm', load: async () => (await import('./cache-rm.js')).cacheRm },
  { name: 'cache path', load: async () => (await import('./cache-path.js')).cachePath },
  { name: 'cache export', load: async () => (await import('./cache-export.js')).cacheExport },
  { name: 'cache import', load: async () => (await import('./cache-import.js')).cacheImport },
  { name: 'pcap', load: async () => (await import('./pcap.js')).pcap },
  { name: 'service install', load: async () => (await import('./service.js')).serviceInstall },
  { name: 'service remove', load: async () => (await import('./service.js')).serviceRemove },
];
