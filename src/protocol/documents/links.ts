/** How far a link's budget is used in its current cycle. */
export interface BudgetState {
  limitBytes: number;
  usedBytes: number;
  remainingBytes: number;
  cycleStart: string;
  cycleEnd: string;
  /** At the end of the cycle; null while too little is known. */
  forecastBytes: number | null;
  /** By what weekdays used before, or simply at the pace so far. */
  forecastBasis: 'weekdays' | 'simple' | null;
  /** When it will be used up by that forecast; null when it lasts, or nobody knows. */
  runsOutAt: string | null;
}

/** One link as `netmeter link ls` lists it. */
export interface LinkDocument {
  name: string;
  interface: string;
  /** It is there now. */
  present: boolean;
  /** The default route leads over it. */
  isDefault: boolean;
  metered: boolean | null;
  meteredBecause: string;
  /** What the user said; null: `auto`. */
  meteredByUser: boolean | null;
  /** Null where nobody said. `currency` is XXX where none was named. */
  price: { perGigabyte: number; currency: string } | null;
  /** What one build may fetch over it, if it is metered, before that is warned of. */
  limitBytes: number;
  budget: BudgetState | null;
}

export interface LinksDocument {
  schema: 1;
  links: LinkDocument[];
}

export interface BudgetsDocument {
  schema: 1;
  budgets: { link: string; cycle: string; timeZone: string; limitBytes: number; state: BudgetState | null }[];
}

/** The link that a build's bytes would cross now, for shell prompts and estimates. */
export interface PromptDocument {
  schema: 1;
  link: string | null;
  metered: boolean | null;
  usedBytes: number | null;
  budgetBytes: number | null;
  remainingBytes: number | null;
  /** What one build may fetch; null where the link is not metered. */
  limitBytes: number | null;
  /** Warnings that nobody has seen. */
  warnings: number;
}
