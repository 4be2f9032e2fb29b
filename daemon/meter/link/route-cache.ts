/**
 * Answers to route look-ups, one per remote. A change of the tables makes only the answers stale that it
 * can concern: containers come and go all the time, and each brings entries of its own.
 */
import { inPrefix, parseAddress } from '../../../src/metering/address.js';
import type { Prefix, Route } from '../../../src/metering/route.js';

interface Answer {
  route: Route;
  bytes: Uint8Array | undefined;
  /** The tick in which a change was noticed that concerns it. */
  staleSince: number | undefined;
}

/** Some hundred bytes each. */
const MOST_ANSWERS = 16_384;

export class RouteCache {
  readonly #resolve: (address: string) => Route;
  readonly #isLeaving: (ifindex: number | undefined) => boolean;
  readonly #answers = new Map<string, Answer>();
  #tick = 0;
  #heldOver = false;

  /** @param isLeaving whether a link vanished in this tick */
  constructor(
    resolve: (address: string) => Route,
    isLeaving: (ifindex: number | undefined) => boolean = () => false,
  ) {
    this.#resolve = resolve;
    this.#isLeaving = isLeaving;
  }

  /**
   * The way to an address. In the tick in which a way was lost, or led over another uplink from some moment on,
   * its last one: that is how the tick's bytes went, since such a change makes a tick end.
   */
  get(address: string): Route {
    const known = this.#answers.get(address);
    if (known !== undefined && known.staleSince === undefined) return known.route;
    const route = this.#resolve(address);
    if (
      known?.staleSince === this.#tick &&
      (route.type === 'unreachable' ||
        isOverAnother(known.route, route) ||
        this.#isLeaving(known.route.ifindex))
    ) {
      this.#heldOver = true;
      return known.route;
    }
    // Forgetting all at once is simpler than ageing, and costs one look-up per remote that is still in use.
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    this.#answers.set(address, {
      route,
      bytes: known?.bytes ?? parseAddress(address),
      staleSince: undefined,
    });
    return route;
  }

  /** Begins a tick. True when an answer of the last one was only good for that one. */
  nextTick(): boolean {
    const changed = this.#heldOver;
    this.#heldOver = false;
    this.#tick++;
    return changed;
  }

  /** A route to this prefix came, went or changed. True when that concerns an answer. */
  forgetPrefix(prefix: Prefix): boolean {
    return this.#forget(({ bytes }) => bytes !== undefined && inPrefix(bytes, prefix.address, prefix.bits));
  }

  /** A link changed its state or vanished. True when that concerns an answer. */
  forgetLink(ifindex: number): boolean {
    return this.#forget(({ route }) => route.ifindex === ifindex);
  }

  forgetAll(): boolean {
    return this.#forget(() => true);
  }

  #forget(concerns: (answer: Answer) => boolean): boolean {
    let any = false;
    for (const answer of this.#answers.values()) {
      if (!concerns(answer)) continue;
      answer.staleSince ??= this.#tick;
      any = true;
    }
    return any;
  }
}

/** From one uplink to another, as when a cable is pulled while there is a hotspot. */
function isOverAnother(before: Route, now: Route): boolean {
  return before.uplink !== undefined && now.uplink !== undefined && before.uplink !== now.uplink;
}
