import type { Build, Step } from '../../src/builds/types.js';
import { formatBytes } from '../../src/text/figures.js';
import type { Bytes, EpochMs, Milliseconds } from '../../src/units.js';
import type { WarningBook } from './warning-book.js';

/** What a build is going to fetch, as far as it can be told. */
export interface Prediction {
  bytes: Bytes;
  /** Steps that run and that nothing is known of. */
  unknownSteps: number;
}

/** The link that a build's bytes will cross. */
export interface BuildRoute {
  link: string;
  metered: boolean | null;
  limitBytes: Bytes;
  /** Of its budget; undefined without one. */
  remainingBytes: Bytes | undefined;
}

export interface BuildWarnerOptions {
  warnings: WarningBook;
  route(): BuildRoute | undefined;
  predict(build: Build): Promise<Prediction | undefined>;
  now(): EpochMs;
  onProblem(message: string, error: unknown): void;
}

/** Manifests and the like: nothing to warn of, even with nothing left of the budget. */
const NEGLIGIBLE: Bytes = 100_000;
/** Steps become known, and known as cached, while a build goes on: it is looked at anew so often. */
const LOOK_EVERY: Milliseconds = 250;
/** Builds that began longer ago are told of by what they used, not by what they will. */
const YOUNG: Milliseconds = 600_000;

/** Warns of builds whose steps are about to fetch more over a metered link than its limit, as the first of them runs. */
export class BuildWarner {
  readonly #options: BuildWarnerOptions;
  /** Builds that are looked at, or have been just now: the newest that is known of each. */
  readonly #looked = new Map<string, { build: Build; isNews: boolean }>();

  constructor(options: BuildWarnerOptions) {
    this.#options = options;
  }

  /** Told whenever a build changes. */
  changed(build: Build): void {
    const looked = this.#looked.get(build.ref);
    if (looked !== undefined) {
      looked.build = build;
      looked.isNews = true;
      return;
    }
    if (this.#isWorthLooking(build)) this.#begin(build);
  }

  #isWorthLooking(build: Build): boolean {
    const { warnings, now } = this.#options;
    if (build.status !== 'running' || now() - build.startedAt > YOUNG) return false;
    return !warnings.holds(keyOf(build)) && build.steps.some(isFetching);
  }

  /** What changes meanwhile is looked at when its time has come. */
  #begin(build: Build): void {
    const { route, onProblem } = this.#options;
    const way = route();
    if (way?.metered !== true) return;
    const looked = { build, isNews: false };
    this.#looked.set(build.ref, looked);
    this.#look(build, way).catch((error: unknown) => onProblem('a build could not be judged', error));
    setTimeout(() => {
      this.#looked.delete(build.ref);
      if (looked.isNews) this.changed(looked.build);
    }, LOOK_EVERY).unref();
  }

  async #look(build: Build, { link, limitBytes, remainingBytes }: BuildRoute): Promise<void> {
    const prediction = await this.#options.predict(build);
    if (prediction === undefined) return;
    const { bytes, unknownSteps } = prediction;
    if (bytes <= NEGLIGIBLE) return;
    const unknown = unknownSteps === 0 ? '' : `, and ${unknownSteps} of its steps are not known yet`;
    const about = `the build ${build.name} is going to fetch about ${formatBytes(bytes)} over ${link}, which is metered${unknown}`;
    const overBudget = remainingBytes !== undefined && bytes > remainingBytes;
    if (bytes <= limitBytes && !overBudget) return;
    const why = overBudget
      ? `${formatBytes(remainingBytes)} of the budget are left`
      : `the limit of a build is ${formatBytes(limitBytes)}`;
    this.#options.warnings.raise({
      key: keyOf(build),
      code: 'build-over-limit',
      message: `${about}; ${why}`,
    });
  }
}

/** It runs, and was not found in the cache: what it fetches is on its way. */
function isFetching(step: Step): boolean {
  return step.status === 'running' && step.kind !== 'internal' && step.kind !== 'export';
}

function keyOf(build: Build): string {
  return `build:${build.ref}`;
}
