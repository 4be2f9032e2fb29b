/**
 * Gives each process one of the vertices that it may be, so that no vertex has two at a time, and says for which
 * there was no choice: bipartite matching by augmenting paths, and for each result a look for another one.
 */
import type { EpochMs } from '../units.js';

export interface Claim {
  id: string;
  /** It was there from then to then, for sure. */
  from: EpochMs;
  to: EpochMs;
  /** Vertices it may be, and how unlikely each is. */
  options: ReadonlyMap<string, number>;
}

export interface Assignment {
  node: string;
  /** Every way to satisfy all claims gives it this vertex. */
  only: boolean;
}

/** Beyond this many processes at a time with one another's vertices, choices are not examined. */
const MOST_EXAMINED = 128;
const MOST_ROUNDS = 32;

export function assign(claims: readonly Claim[]): Map<string, Assignment> {
  const result = new Map<string, Assignment>();
  for (const group of connected(claims)) assignGroup(group, result);
  return result;
}

function assignGroup(claims: readonly Claim[], result: Map<string, Assignment>): void {
  const matching = new Matching();
  const left = claims.filter((claim) => !matching.place(claim));
  const complete = left.length === 0 && claims.length <= MOST_EXAMINED;
  if (complete) matching.improve(claims);
  for (const claim of claims) {
    const node = matching.nodeOf(claim);
    if (node === undefined) continue;
    const only =
      claim.options.size === 1
        ? !left.some((other) => other.options.has(node) && overlaps(other, claim))
        : complete && matching.isForced(claim);
    result.set(claim.id, { node, only });
  }
  // A vertex that was run again has several, one after the other.
  for (const claim of left) {
    const [node] = [...claim.options.keys()].filter((option) => {
      const holder = matching.holderOf(option);
      return holder === undefined || !overlaps(holder, claim);
    });
    if (node !== undefined) result.set(claim.id, { node, only: claim.options.size === 1 });
  }
}

/** A matching in which every node has at most one claim. */
class Matching {
  readonly #holders = new Map<string, Claim>();
  readonly #nodes = new Map<Claim, string>();

  nodeOf(claim: Claim): string | undefined {
    return this.#nodes.get(claim);
  }

  holderOf(node: string): Claim | undefined {
    return this.#holders.get(node);
  }

  /** Places a claim, moving others where that makes room. */
  place(claim: Claim): boolean {
    return this.#augment(claim, new Set());
  }

  /** Moves and swaps claims while that makes the whole more likely. */
  improve(claims: readonly Claim[]): void {
    for (let round = 0, better = true; better && round < MOST_ROUNDS; round++) {
      better = false;
      for (const claim of claims) {
        for (const [node, cost] of claim.options) better = this.#tryMove(claim, node, cost) || better;
      }
    }
  }

  #tryMove(claim: Claim, node: string, cost: number): boolean {
    const own = this.#nodes.get(claim);
    if (own === undefined || own === node) return false;
    const gain = claim.options.get(own)! - cost;
    const holder = this.#holders.get(node);
    if (holder === undefined) {
      if (gain <= 0) return false;
      this.#remove(claim);
    } else {
      const swapped = holder.options.get(own);
      if (swapped === undefined || gain + holder.options.get(node)! - swapped <= 0) return false;
      this.#put(holder, own);
    }
    this.#put(claim, node);
    return true;
  }

  /** Whether no complete matching gives this claim another node. Leaves the matching as it was. */
  isForced(claim: Claim): boolean {
    const own = this.#nodes.get(claim);
    for (const node of claim.options.keys()) {
      if (node === own) continue;
      const holder = this.#holders.get(node);
      if (holder === undefined) return false;
      const before = [...this.#nodes];
      this.#remove(claim);
      this.#remove(holder);
      this.#put(claim, node);
      const possible = this.#augment(holder, new Set([node]));
      this.#restore(before);
      if (possible) return false;
    }
    return true;
  }

  #augment(claim: Claim, visited: Set<string>): boolean {
    for (const node of claim.options.keys()) {
      if (visited.has(node)) continue;
      visited.add(node);
      const holder = this.#holders.get(node);
      if (holder !== undefined && !this.#augment(holder, visited)) continue;
      this.#put(claim, node);
      return true;
    }
    return false;
  }

  #put(claim: Claim, node: string): void {
    this.#holders.set(node, claim);
    this.#nodes.set(claim, node);
  }

  #remove(claim: Claim): void {
    const node = this.#nodes.get(claim);
    this.#nodes.delete(claim);
    if (node !== undefined) this.#holders.delete(node);
  }

  #restore(nodes: readonly [Claim, string][]): void {
    this.#holders.clear();
    this.#nodes.clear();
    for (const [claim, node] of nodes) this.#put(claim, node);
  }
}

/** Claims that share vertices, directly or through others. */
function connected(claims: readonly Claim[]): Claim[][] {
  const groups: Claim[][] = [];
  const byNode = new Map<string, Claim[]>();
  for (const claim of claims) {
    for (const node of claim.options.keys()) {
      const sharing = byNode.get(node);
      if (sharing === undefined) byNode.set(node, [claim]);
      else sharing.push(claim);
    }
  }
  const visited = new Set<Claim>();
  for (const first of claims) {
    if (visited.has(first)) continue;
    visited.add(first);
    const group = [first];
    for (const claim of group) {
      for (const other of [...claim.options.keys()].flatMap((node) => byNode.get(node) ?? [])) {
        if (visited.has(other)) continue;
        visited.add(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}

function overlaps(one: Claim, other: Claim): boolean {
  return one.from <= other.to && other.from <= one.to;
}
