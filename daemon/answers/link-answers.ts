import type { Budget } from '../../src/budget/budget.js';
import { type Cycle, describeCycle } from '../../src/budget/cycle.js';
import { localDateOf, requireTimeZone } from '../../src/budget/local-date.js';
import { NetmeterError } from '../../src/errors.js';
import type {
  BudgetsDocument,
  LinkDocument,
  LinksDocument,
  PromptDocument,
} from '../../src/protocol/documents.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import type { EpochMs } from '../../src/units.js';
import type { BudgetBook } from '../budget/budget-book.js';
import type { WarningBook } from '../budget/warning-book.js';
import type { LinkBook } from '../links/link-book.js';

export interface LinkAnswersOptions {
  book: LinkBook;
  budgets: BudgetBook;
  warnings: WarningBook;
  now(): EpochMs;
  /** Counts everything up to this moment. */
  refresh(): Promise<void>;
  /** Asks anew whoever knows of metered links. */
  ask(): Promise<void>;
}

/** Answers about links and their budgets, and what users wish of them. */
export class LinkAnswers {
  readonly #options: LinkAnswersOptions;

  constructor(options: LinkAnswersOptions) {
    this.#options = options;
  }

  async links(): Promise<LinksDocument> {
    const { book, refresh, ask } = this.#options;
    await Promise.all([refresh(), ask()]);
    return { schema: SCHEMA, links: await Promise.all(book.all().map(({ name }) => this.#link(name))) };
  }

  /** @throws NetmeterError `not-found` */
  async setLink({ name, metered, price, limitBytes }: RequestParams['link-set']): Promise<LinksDocument> {
    const wishes = {
      metered: metered === 'auto' ? metered : metered && metered === 'yes',
      price,
      limitBytes,
    };
    const link = await this.#options.book.set(name, wishes);
    return { schema: SCHEMA, links: [await this.#link(link.name)] };
  }

  async budgets(): Promise<BudgetsDocument> {
    const { budgets, refresh } = this.#options;
    await refresh();
    return {
      schema: SCHEMA,
      budgets: await Promise.all(budgets.budgets().map((budget) => this.#budget(budget))),
    };
  }

  /** @throws NetmeterError `not-found` for the link, `usage` for a cycle that cannot be */
  async setBudget(params: RequestParams['budget-set']): Promise<BudgetsDocument> {
    const { book, budgets, now, refresh } = this.#options;
    const { limitBytes, cycle, timeZone, usedBytes } = params;
    const { name } = book.require(params.link);
    requirePossible(cycle, requireTimeZone(timeZone), now());
    await refresh();
    const budget: Budget = { link: name, limitBytes, cycle, timeZone, setAt: now(), usedBefore: usedBytes };
    await budgets.set(budget);
    return { schema: SCHEMA, budgets: [await this.#budget(budget)] };
  }

  /** @throws NetmeterError `not-found` */
  async removeBudget({ link }: RequestParams['budget-rm']): Promise<BudgetsDocument> {
    await this.#options.budgets.remove(link);
    return this.budgets();
  }

  prompt(): PromptDocument {
    const { book, budgets, warnings } = this.#options;
    const link = book.defaultLink;
    const metered = link === undefined ? null : book.isMetered(link);
    const used = link === undefined ? undefined : budgets.roughly(link);
    return {
      schema: SCHEMA,
      link: link ?? null,
      metered,
      usedBytes: used?.usedBytes ?? null,
      budgetBytes: used?.limitBytes ?? null,
      remainingBytes: used === undefined ? null : Math.max(0, used.limitBytes - used.usedBytes),
      limitBytes: link === undefined || metered !== true ? null : book.limitOf(link),
      warnings: warnings.documents().filter(({ seen }) => !seen).length,
    };
  }

  async seen({ until }: RequestParams['warnings-seen']): Promise<Record<string, never>> {
    await this.#options.warnings.seen(until);
    return {};
  }

  async #link(name: string): Promise<LinkDocument> {
    const { book, budgets } = this.#options;
    const { user, price, interface: interfaceName } = book.require(name);
    const { metered, because } = book.verdict(name);
    return {
      name,
      interface: interfaceName,
      present: book.isPresent(name),
      isDefault: book.defaultLink === name,
      metered,
      meteredBecause: because,
      meteredByUser: user ?? null,
      price: price ?? null,
      limitBytes: book.limitOf(name),
      budget: await budgets.stateOf(name),
    };
  }

  async #budget(budget: Budget): Promise<BudgetsDocument['budgets'][number]> {
    const { link, cycle, timeZone, limitBytes } = budget;
    const state = await this.#options.budgets.stateOf(link);
    return { link, cycle: describeCycle(cycle), timeZone, limitBytes, state };
  }
}

/** The protocol's own checks know dates, not what they mean together. */
function requirePossible(cycle: Cycle, timeZone: string, now: EpochMs): void {
  if (cycle.kind !== 'once') return;
  if (cycle.expires < cycle.from) {
    throw new NetmeterError(
      'usage',
      `it would expire on ${cycle.expires}, before it begins on ${cycle.from}`,
    );
  }
  if (cycle.expires < localDateOf(now, timeZone)) {
    throw new NetmeterError('usage', `it expired on ${cycle.expires}`);
  }
}
