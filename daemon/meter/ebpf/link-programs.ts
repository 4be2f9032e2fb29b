import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../sys/system-error.js';
import { type Direction, directions, unlinkIfThere } from './generation-name.js';
import { closeQuietly } from './kernel/bpf-call.js';
import { createLink, replaceProgram, tcxFacts, tryDetachLink } from './kernel/bpf-link.js';
import { openPinned, pinObject } from './kernel/bpf-pin.js';
import { programId } from './kernel/bpf-program.js';
import { linkAttachTypeOf, loadLinkPrograms, type MeterMaps } from './programs.js';

const PIN = /^link_(\d+)_(ingress|egress)$/;

/**
 * The programs on uplinks that see the last packets of connections whose socket is gone (program/link.bpf.c).
 * They need TCX (Linux 6.6). Where they cannot be, those packets are missing in the owners' counters.
 */
export class LinkPrograms {
  readonly #maps: MeterMaps;
  readonly #pinDir: string | undefined;
  readonly #attached = new Map<number, number[]>();
  #programs: Record<Direction, number> | undefined;

  constructor(maps: MeterMaps, pinDir: string | undefined) {
    this.#maps = maps;
    this.#pinDir = pinDir;
  }

  get interfaces(): number[] {
    return [...this.#attached.keys()];
  }

  /**
   * Attaches to these interfaces of the caller's namespace, and to no others any more.
   * @returns what could not be done, for people; `undefined` when all could
   */
  follow(ifindexes: readonly number[]): string | undefined {
    for (const ifindex of this.#known()) if (!ifindexes.includes(ifindex)) this.#leave(ifindex);
    let failure: string | undefined;
    for (const ifindex of ifindexes) {
      try {
        this.#join(ifindex);
      } catch (error) {
        this.#leave(ifindex);
        // An interface that has just gone needs nothing any more.
        if (!isErrno(error, 'ENODEV')) failure = (error as Error).message;
      }
    }
    return failure;
  }

  /** Detaches from all interfaces. */
  detach(): void {
    for (const ifindex of this.#known()) this.#leave(ifindex);
    this.close();
  }

  close(): void {
    for (const fds of this.#attached.values()) fds.forEach(closeQuietly);
    this.#attached.clear();
    for (const fd of Object.values(this.#programs ?? {})) closeQuietly(fd);
    this.#programs = undefined;
  }

  /** Interfaces with programs of this process or of an earlier one. */
  #known(): Set<number> {
    const known = new Set(this.#attached.keys());
    if (this.#pinDir === undefined) return known;
    for (const name of readdirSync(this.#pinDir)) {
      const ifindex = PIN.exec(name)?.[1];
      if (ifindex !== undefined) known.add(Number(ifindex));
    }
    return known;
  }

  #join(ifindex: number): void {
    const fds = this.#attached.get(ifindex);
    if (fds?.every((fd) => tcxFacts(fd).ifindex === ifindex) === true) return;
    this.#programs ??= loadLinkPrograms(this.#maps);
    const opened: number[] = [];
    this.#attached.set(ifindex, opened);
    for (const direction of directions)
      opened.push(this.#attach(ifindex, direction, this.#programs[direction]));
  }

  #attach(ifindex: number, direction: Direction, program: number): number {
    const path = this.#pin(ifindex, direction);
    const pinned = path === undefined ? undefined : openPinned(path);
    if (pinned !== undefined) {
      const facts = tcxFacts(pinned);
      if (facts.ifindex === ifindex) {
        if (facts.programId !== programId(program))
          replaceProgram(pinned, program, `${direction} ${ifindex}`);
        return pinned;
      }
      closeQuietly(pinned);
      unlinkIfThere(path!);
    }
    const link = createLink(program, ifindex, linkAttachTypeOf(direction), `${direction} ${ifindex}`);
    if (path !== undefined) pinObject(link, path);
    return link;
  }

  #leave(ifindex: number): void {
    const fds = this.#attached.get(ifindex) ?? [];
    this.#attached.delete(ifindex);
    for (const direction of directions) {
      const path = this.#pin(ifindex, direction);
      if (path === undefined) continue;
      const pinned = openPinned(path);
      if (pinned !== undefined) fds.push(pinned);
      unlinkIfThere(path);
    }
    for (const fd of fds) {
      tryDetachLink(fd);
      closeQuietly(fd);
    }
  }

  #pin(ifindex: number, direction: Direction): string | undefined {
    return this.#pinDir === undefined ? undefined : join(this.#pinDir, `link_${ifindex}_${direction}`);
  }
}
