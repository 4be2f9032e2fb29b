import { join } from 'node:path';
import { attachToEvent, openTracepointEvent } from '../../sys/perf-event.js';
import type { Generation } from './generation.js';
import { programFile, unlinkIfThere } from './generation-name.js';
import { closeQuietly } from './kernel/bpf-call.js';
import { createLink, linkFacts } from './kernel/bpf-link.js';
import { openPinned, pinObject } from './kernel/bpf-pin.js';
import { PERF_EVENT, programId } from './kernel/bpf-program.js';
import { loadNamingProgram } from './programs.js';
import { findTracepoint } from './tracepoint.js';

/** The file in the pin directory that keeps the program attached. */
export const PIN = 'names';

/** The attachment of the program that notes the paths of new cgroups. */
export class NamingLink {
  readonly #fds: number[];
  readonly #path: string | undefined;

  private constructor(fds: number[], path: string | undefined) {
    this.#fds = fds;
    this.#path = path;
  }

  /**
   * Sees to it that new cgroups are noted in this generation's map. Links to tracepoints came with Linux
   * 5.15; older kernels attach only as long as this process lives.
   *
   * @returns the attachment, or why there is none: a sentence for people. Cgroups that come and go between
   *   two samples then stay nameless, and are counted all the same
   */
  static attach(generation: Generation, pinDir: string | undefined, procRoot?: string): NamingLink | string {
    const path = pinDir === undefined ? undefined : join(pinDir, PIN);
    try {
      return adopt(generation, path) ?? create(generation, path, procRoot);
    } catch (error) {
      return `the names of new cgroups cannot be noted: ${(error as Error).message}`;
    }
  }

  static of(fds: number[], path: string | undefined): NamingLink {
    return new NamingLink(fds, path);
  }

  detach(): void {
    if (this.#path !== undefined) unlinkIfThere(this.#path);
    this.close();
  }

  close(): void {
    this.#fds.splice(0).forEach(closeQuietly);
  }
}

function adopt(generation: Generation, path: string | undefined): NamingLink | undefined {
  const { directory } = generation;
  if (path === undefined || directory === undefined) return undefined;
  const program = openPinned(join(directory, programFile('names')));
  const link = openPinned(path);
  const adopted =
    program !== undefined && link !== undefined && linkFacts(link).programId === programId(program);
  closeQuietly(program);
  if (adopted) return NamingLink.of([link], path);
  closeQuietly(link);
  return undefined;
}

function create(
  generation: Generation,
  path: string | undefined,
  procRoot: string | undefined,
): NamingLink | string {
  const tracepoint = findTracepoint(procRoot);
  if (typeof tracepoint === 'string') return tracepoint;
  const program = loadNamingProgram(generation.maps, tracepoint.layout);
  const event = openTracepointEvent(tracepoint.id, 0);
  let link: number | undefined;
  try {
    link = tryCreateLink(program, event);
    if (link === undefined) {
      attachToEvent(event, program);
      return NamingLink.of([event], undefined);
    }
    if (path === undefined || generation.directory === undefined) return NamingLink.of([link], undefined);
    const programPath = join(generation.directory, programFile('names'));
    unlinkIfThere(programPath);
    pinObject(program, programPath);
    unlinkIfThere(path);
    pinObject(link, path);
    return NamingLink.of([link], path);
  } catch (error) {
    closeQuietly(link);
    throw error;
  } finally {
    closeQuietly(program);
    if (link !== undefined) closeQuietly(event);
  }
}

function tryCreateLink(program: number, event: number): number | undefined {
  try {
    return createLink(program, event, PERF_EVENT, 'cgroup_mkdir');
  } catch {
    return undefined;
  }
}
