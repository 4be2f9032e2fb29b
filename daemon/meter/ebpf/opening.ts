import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import type { Milliseconds } from '../../../src/units.js';
import { waitForGracePeriod } from '../../sys/grace-period.js';
import { type CgroupMount, describeCgroup, findCgroupMount } from './cgroup-mount.js';
import { CgroupNames } from './cgroup-names.js';
import { CountingLinks } from './counting-links.js';
import { version as currentVersion, maps as mapShapes } from './generated/bytecode.js';
import { createGeneration, type Generation } from './generation.js';
import { findGenerations, Inheritance } from './inherited.js';
import { NamingLink } from './naming-link.js';
import { lockPinDirectory, type Pinning, preparePinDirectory, removeIfEmpty } from './pin-directory.js';

export interface EbpfMeterOptions {
  /** Where maps and links are pinned, one directory below a BPF file system's root. */
  pinDir?: string;
  /** The cgroup2 directory to meter, with all below it; the mount of cgroup2 unless given. */
  cgroupRoot?: string;
  /** Root of the process file system. */
  procRoot?: string;
  /** Most remotes counted apart, over all owners; those beyond are counted by cgroup. */
  maxFlows?: number;
  /** Most cgroups counted apart when there is no room for more remotes; those beyond are counted in total. */
  maxCgroups?: number;
  /** False reads the maps entry by entry, as on kernels without batch reads. */
  batches?: boolean;
  /** False loads the programs that do not tell namespaces apart even where the kernel takes the others. */
  netns?: boolean;
  /** How long an ended connection must be quiet before its last packets are counted for its owner. */
  settleMs?: Milliseconds;
  /** The version of maps and programs to want, instead of this one's. */
  version?: string;
}

export const DEFAULT_PIN_DIRECTORY = '/sys/fs/bpf/netmeter';

/** Everything that is open while metering. */
export interface OpenParts {
  mount: CgroupMount;
  pinning: Pinning;
  pinDir: string | undefined;
  bootId: string;
  generation: Generation;
  links: CountingLinks;
  naming: NamingLink | string;
  inheritance: Inheritance;
  names: CgroupNames;
  unreadable: string[];
  lock: number | undefined;
}

/**
 * Starts to count, or finds what is counting already. Whatever another version left pinned is replaced
 * without a gap and without counting anything twice, and its counters are handed over.
 */
export function openParts(options: EbpfMeterOptions): OpenParts {
  const { procRoot = '/proc', pinDir: wantedDir = DEFAULT_PIN_DIRECTORY } = options;
  const mount = requireCgroupMount(options);
  const pinning = preparePinDirectory(wantedDir);
  const pinDir = pinning.ok ? wantedDir : undefined;
  const undo: (() => void)[] = [];
  try {
    const lock = pinDir === undefined ? undefined : lockPinDirectory(pinDir);
    undo.push(() => lock !== undefined && closeSync(lock));
    undo.push(() => pinDir !== undefined && removeIfEmpty(pinDir));
    const found = pinDir === undefined ? { complete: [], unreadable: [] } : findGenerations(pinDir);
    undo.push(() => found.complete.forEach(close));
    const generation = chooseGeneration(found.complete, pinDir, options);
    undo.push(() => generation.close());
    const links = attach(generation, mount, pinDir, found.complete.includes(generation));
    undo.push(() => links.close());
    if (links.replaced) waitForGracePeriod();
    const naming = NamingLink.attach(generation, pinDir, procRoot);
    undo.push(() => typeof naming !== 'string' && naming.close());
    const bootId = readFileSync(join(procRoot, 'sys/kernel/random/boot_id'), 'utf8').trim();
    const earlier = found.complete.filter((one) => one !== generation);
    const inheritance = Inheritance.read(earlier, (one) => epochOf(bootId, one));
    const whole = findCgroupMount(procRoot) ?? mount;
    const names = CgroupNames.open(whole, [generation.maps.names, ...inheritance.names]);
    const { unreadable } = found;
    return {
      mount,
      pinning,
      pinDir,
      bootId,
      generation,
      links,
      naming,
      inheritance,
      names,
      unreadable,
      lock,
    };
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** The name under which positions in a generation's counters are stored. */
export function epochOf(bootId: string, generation: Generation): string {
  return `${bootId}:${generation.name.epoch}`;
}

/** @throws NetmeterError `cgroup2-missing` */
export function requireCgroupMount(options: EbpfMeterOptions): CgroupMount {
  const { cgroupRoot, procRoot } = options;
  const mount = cgroupRoot === undefined ? findCgroupMount(procRoot) : describeCgroup(cgroupRoot);
  if (mount !== undefined) return mount;
  throw new NetmeterError('cgroup2-missing', 'cgroup2 is not mounted, and programs attach only there', {
    hint: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
  });
}

function close(generation: Generation): void {
  generation.close();
}

/** Takes what is pinned when it is what would be made, or makes it. */
function chooseGeneration(
  pinned: readonly Generation[],
  pinDir: string | undefined,
  options: EbpfMeterOptions,
): Generation {
  const wanted = {
    version: options.version ?? currentVersion,
    maxFlows: options.maxFlows ?? mapShapes.flows.maxEntries,
    maxCgroups: options.maxCgroups ?? mapShapes.by_cgroup.maxEntries,
    netns: options.netns ?? true,
  };
  const same = pinned.find((generation) => generation.is(wanted));
  return same ?? createGeneration(pinDir, wanted);
}

function attach(
  generation: Generation,
  mount: CgroupMount,
  pinDir: string | undefined,
  wasPinned: boolean,
): CountingLinks {
  try {
    return CountingLinks.attach(generation, mount, pinDir);
  } catch (error) {
    // One that has never counted is of no use to the next attempt.
    if (!wasPinned) generation.unpin();
    throw error;
  }
}
