import { rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../sys/system-error.js';
import { maps as mapShapes } from './generated/bytecode.js';

/** The maps of program/*.c. */
export type MapName = keyof typeof mapShapes;
export type Direction = 'ingress' | 'egress';

export const mapNames = Object.keys(mapShapes) as MapName[];
export const directions: readonly Direction[] = ['ingress', 'egress'];

/** What the name of a generation's directory says. */
export interface GenerationName {
  layout: number;
  version: string;
  /** Random, made with the maps: counters of another epoch count from another zero. */
  epoch: string;
}

/** @returns `undefined` for a name that is not a generation's */
export function parseGenerationName(text: string): GenerationName | undefined {
  const [, layout, version, epoch] = /^(\d+)-([0-9a-z]+)-([0-9a-f]{16})$/.exec(text) ?? [];
  if (layout === undefined || version === undefined || epoch === undefined) return undefined;
  return { layout: Number(layout), version, epoch };
}

/** `<layout>-<version>-<epoch>`: a BPF file system takes no dots. */
export function formatGenerationName({ layout, version, epoch }: GenerationName): string {
  return `${layout}-${version}-${epoch}`;
}

/** The file that a program is pinned as. */
export function programFile(program: Direction | 'names'): string {
  return `program_${program}`;
}

/** Removes a generation's pins, complete or not. */
export function removeGenerationDirectory(directory: string): void {
  const files = [...directions.map(programFile), programFile('names'), ...mapNames];
  for (const file of files) unlinkIfThere(join(directory, file));
  rmdirSync(directory);
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
