import { closeSync } from 'node:fs';
import { type ErrorCode, NetmeterError } from '../../../src/errors.js';
import type { CgroupMount } from './cgroup-mount.js';
import { Configuration } from './configuration.js';
import { maps as mapShapes, version } from './generated/bytecode.js';
import { createGeneration, type Generation } from './generation.js';
import { closeQuietly } from './kernel/bpf-call.js';
import { createLink } from './kernel/bpf-link.js';
import { DEFAULT_PIN_DIRECTORY, type EbpfMeterOptions, requireCgroupMount } from './opening.js';
import { inspectPinDirectory, lockPinDirectory, type Pinning } from './pin-directory.js';
import { linkAttachTypeOf, loadLinkPrograms, loadNamingProgram, type MeterMaps } from './programs.js';
import { findTracepoint } from './tracepoint.js';

const LOOPBACK = 1;

/** Whether the exact tier can run here, and how well. */
export type EbpfProbe =
  | {
      ok: true;
      cgroup: CgroupMount;
      /** As it is now; a BPF file system that is missing is mounted at the start. */
      pinning: Pinning;
      /** Another process meters already. */
      running: boolean;
      /** See the members of the same names of `EbpfMeter`. */
      netnsKnown: boolean;
      namesMissing: string | undefined;
      /** Why the last packets of ended connections stay without an owner. */
      tailsMissing: string | undefined;
    }
  | { ok: false; code: ErrorCode; because: string; fix: string | undefined };

/**
 * Tries everything out that metering needs, on maps and programs of its own that are gone afterwards.
 * Attaches nothing but, for an instant, an idle program to the loopback interface.
 */
export function probeEbpf(options: EbpfMeterOptions = {}): EbpfProbe {
  const { pinDir = DEFAULT_PIN_DIRECTORY, procRoot = '/proc' } = options;
  try {
    const cgroup = requireCgroupMount(options);
    const generation = createTrial();
    try {
      const pinning = inspectPinDirectory(pinDir);
      return {
        ok: true,
        cgroup,
        pinning,
        running: isLocked(pinDir),
        netnsKnown: new Configuration(generation.maps).netnsKnown,
        namesMissing: tryNames(generation.maps, procRoot),
        tailsMissing: tryLinkPrograms(generation.maps),
      };
    } finally {
      generation.close();
    }
  } catch (error) {
    if (!(error instanceof NetmeterError)) throw error;
    return { ok: false, code: error.code, because: error.message, fix: error.hint };
  }
}

function createTrial(): Generation {
  const { flows, by_cgroup: byCgroup } = mapShapes;
  return createGeneration(undefined, {
    version,
    maxFlows: flows.maxEntries,
    maxCgroups: byCgroup.maxEntries,
    netns: true,
  });
}

function isLocked(pinDir: string): boolean {
  try {
    closeSync(lockPinDirectory(pinDir));
    return false;
  } catch (error) {
    return error instanceof NetmeterError && error.code === 'daemon-already-running';
  }
}

function tryNames(maps: MeterMaps, procRoot: string): string | undefined {
  const tracepoint = findTracepoint(procRoot);
  if (typeof tracepoint === 'string') return tracepoint;
  return reasonOf(() => closeQuietly(loadNamingProgram(maps, tracepoint.layout)));
}

function tryLinkPrograms(maps: MeterMaps): string | undefined {
  return reasonOf(() => {
    const { ingress, egress } = loadLinkPrograms(maps);
    try {
      closeQuietly(createLink(ingress, LOOPBACK, linkAttachTypeOf('ingress'), 'loopback'));
    } finally {
      closeQuietly(ingress);
      closeQuietly(egress);
    }
  });
}

function reasonOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
