/** `--progress=plain` as clients of 20.10 and later print it, also as CI systems keep it. */
import type { EpochMs } from '../../units.js';
import type { BuildRecords } from '../types.js';
import { PlainBuild } from './plain-build.js';
import { readPlainLine } from './plain-line.js';

/** Builds of one log; what comes after is passed over. */
const MOST_BUILDS = 1_000;
/** Longer lines are cut: a command may print anything. */
const LONGEST_LINE = 65_536;

/** Whether a file that starts like this may be one. */
export function looksLikePlain(start: string): boolean {
  let found = 0;
  for (const raw of start.split('\n')) {
    const { line } = readPlainLine(raw.slice(0, LONGEST_LINE));
    if (line.is === 'begin') return true;
    if ('step' in line && line.step > 0) found += 1;
    if (found >= 2) return true;
  }
  return false;
}

/**
 * @param ref what the first build is to be called; others get a number behind it
 * @param undatedAt stands in for the time of builds without any
 */
export function readPlain(text: string, ref: string, undatedAt: EpochMs): BuildRecords {
  const builds: PlainBuild[] = [];
  let build: PlainBuild | undefined;
  let above: EpochMs | undefined;
  let skipped = 0;
  for (const raw of text.split('\n')) {
    const { at, line } = readPlainLine(raw.slice(0, LONGEST_LINE));
    if (at !== undefined) above = at;
    if (line.is === 'blank' || line.is === 'time') continue;
    if (line.is === 'other' || (build === undefined && !('step' in line) && line.is !== 'begin')) {
      skipped += 1;
      continue;
    }
    if (build === undefined || build.isForeign(line)) {
      if (builds.length >= MOST_BUILDS) {
        skipped += 1;
        continue;
      }
      build = new PlainBuild();
      builds.push(build);
    }
    build.add(line, at ?? above);
  }
  const recorded = builds
    .filter(({ steps }) => steps.size > 0)
    .map((one, i) => ({ one, recorded: one.recorded(i === 0 ? ref : `${ref}-${i + 1}`, undatedAt) }));
  return {
    kind: 'buildkit-plain',
    builds: recorded.map((both) => both.recorded),
    skipped: skipped + builds.reduce((sum, { dropped }) => sum + dropped, 0),
    unknown: recorded.length === 0 ? [] : unknowns(recorded.map(({ one }) => one)),
  };
}

function unknowns(builds: readonly PlainBuild[]): string[] {
  const steps = builds.flatMap((build) => [...build.steps.values()]);
  const unknown = ['what steps depend on, and exact sizes: the log rounds to two decimals of its unit'];
  if (builds.some(({ firstAt }) => firstAt === undefined)) {
    unknown.push('when it ran: the log has no times, only durations');
  }
  if (steps.some(({ end }) => end === undefined)) {
    unknown.push('how some steps ended: the log stops while they run, or leaves lines out');
  }
  if (steps.some(({ name }) => name === undefined))
    unknown.push('the names of some steps: the log begins after them');
  if (builds.some(({ name }) => name === undefined))
    unknown.push('which image was made, of builds that do not say');
  return unknown;
}
