import type { LiveView } from '../../src/live/types.js';
import type { Feed } from './feed.js';
import type { Wishes } from './questions.js';

/** Frames are at least this far apart, since samples are: a build or an answer in between waits for the next. */
const FRAME_MS = 900;
/** The first few are not, so that the screen is soon complete. */
const FIRST_FRAMES = 5;
const FIRST_FRAME_MS = 100;
const TOGETHER_MS = 40;
/** Without news, so that it shows how old the last ones are. */
const QUIET_MS = 2000;

/** What the screen shows, and the pace at which it changes. */
export interface LiveSource {
  subscribe(listener: () => void): () => void;
  /** The same value until a listener was called. */
  current(): LiveView;
  want(wishes: Wishes): void;
}

/** A source for a feed: frames when there is something new, and not more than anybody reads. */
export class PacedSource implements LiveSource {
  readonly #feed: Feed;
  readonly #now: () => number;
  readonly #frameMs: number;
  readonly #listeners = new Set<() => void>();
  #view: LiveView;
  #frameAt = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #timer: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #end: (() => void) | undefined;

  constructor(feed: Feed, now: () => number, frameMs = FRAME_MS) {
    this.#feed = feed;
    this.#now = now;
    this.#frameMs = frameMs;
    this.#view = feed.view();
  }

  start(): void {
    this.#end = this.#feed.onChange(() => this.#soon());
    this.#quiet = setInterval(() => {
      if (this.#now() - this.#frameAt >= QUIET_MS) this.#frame();
    }, QUIET_MS);
  }

  stop(): void {
    this.#end?.();
    clearTimeout(this.#timer);
    clearInterval(this.#quiet);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly current = (): LiveView => this.#view;

  readonly want = (wishes: Wishes): void => this.#feed.want(wishes);

  #soon(): void {
    if (this.#timer !== undefined) return;
    const apart = this.#frames < FIRST_FRAMES ? FIRST_FRAME_MS : this.#frameMs;
    const wait = Math.max(TOGETHER_MS, this.#frameAt + apart - this.#now());
    this.#timer = setTimeout(() => this.#frame(), wait);
  }

  #frame(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frameAt = this.#now();
    this.#frames += 1;
    this.#view = this.#feed.view();
    for (const listener of this.#listeners) listener();
  }
}
