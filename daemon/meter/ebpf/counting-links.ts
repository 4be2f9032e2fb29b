import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import type { CgroupMount } from './cgroup-mount.js';
import type { Generation } from './generation.js';
import { type Direction, directions, unlinkIfThere } from './generation-name.js';
import { closeQuietly } from './kernel/bpf-call.js';
import { createLink, linkFacts, replaceProgram, tryDetachLink } from './kernel/bpf-link.js';
import { openPinned, pinObject } from './kernel/bpf-pin.js';
import { programId } from './kernel/bpf-program.js';
import { attachTypeOf } from './programs.js';

/** The attachments of the two counting programs to the cgroup, each pinned under its direction's name. */
export class CountingLinks {
  readonly #fds: number[] = [];
  readonly #paths: string[] = [];
  /** True when programs of another generation counted until now: they may still be at their last packet. */
  replaced = false;

  /**
   * Sees to it that this generation counts. What is attached already stays; another generation's programs
   * are replaced in one step each, so that every packet is counted by one of them and by one only.
   */
  static attach(generation: Generation, mount: CgroupMount, pinDir: string | undefined): CountingLinks {
    const links = new CountingLinks();
    const cgroup = openSync(mount.path, 'r');
    try {
      for (const direction of directions) {
        const path = pinDir === undefined ? undefined : join(pinDir, direction);
        links.#attachOne(direction, generation[direction], { fd: cgroup, id: mount.id }, path);
      }
      return links;
    } catch (error) {
      links.close();
      throw error;
    } finally {
      closeSync(cgroup);
    }
  }

  /** Ends the counting at once, whoever else holds the links, and removes the pins. */
  detach(): void {
    this.#fds.forEach(tryDetachLink);
    this.#paths.forEach(unlinkIfThere);
    this.close();
  }

  close(): void {
    this.#fds.splice(0).forEach(closeQuietly);
  }

  #attachOne(
    direction: Direction,
    program: number,
    cgroup: { fd: number; id: number },
    path: string | undefined,
  ): void {
    const link = path === undefined ? undefined : openPinned(path);
    if (link !== undefined && path !== undefined) {
      this.#fds.push(link);
      const facts = linkFacts(link);
      if (facts.cgroupId === cgroup.id) {
        this.#paths.push(path);
        if (facts.programId === programId(program)) return;
        replaceProgram(link, program, direction);
        this.replaced = true;
        return;
      }
      // Made for another mount, or its cgroup is gone.
      tryDetachLink(link);
      unlinkIfThere(path);
    }
    const created = this.#create(direction, program, cgroup.fd);
    this.#fds.push(created);
    if (path === undefined) return;
    pinObject(created, path);
    this.#paths.push(path);
  }

  #create(direction: Direction, program: number, cgroupFd: number): number {
    try {
      return createLink(program, cgroupFd, attachTypeOf(direction), direction);
    } catch (cause) {
      throw new NetmeterError(
        'bpf-unavailable',
        `the kernel refused to attach to the root cgroup: ${direction}`,
        {
          hint: 'another program may be attached there exclusively: bpftool cgroup tree',
          cause,
        },
      );
    }
  }
}
