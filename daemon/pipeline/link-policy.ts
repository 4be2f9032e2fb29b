import type { EstimateLink } from '../../src/estimate/document.js';
import type { LinkPolicy } from '../answers/links.js';
import type { BudgetBook } from '../budget/budget-book.js';
import type { BuildRoute } from '../budget/build-warner.js';
import type { LinkBook } from '../links/link-book.js';
import type { LinkNames } from '../links/link-names.js';

/** What documents say of links, as a running daemon knows them. */
export function livePolicy(names: LinkNames, book: LinkBook, budgets: BudgetBook): LinkPolicy {
  return {
    interfaceOf: (link) => names.interfaceOf(link) ?? book.interfaceOf(link),
    metered: (link) => book.verdict(link),
    budget: (link) => budgets.stateOf(link),
  };
}

/** The link that a build's bytes would cross now; undefined when there is none. */
export function routeOfBuilds(book: LinkBook, budgets: BudgetBook): BuildRoute | undefined {
  const link = book.defaultLink;
  if (link === undefined) return undefined;
  const budget = budgets.roughly(link);
  return {
    link,
    metered: book.isMetered(link),
    limitBytes: book.limitOf(link),
    remainingBytes: budget === undefined ? undefined : Math.max(0, budget.limitBytes - budget.usedBytes),
  };
}

/** The same for an estimate; only a metered link has a limit. */
export function estimateLink(route: BuildRoute | undefined): EstimateLink {
  return {
    name: route?.link ?? null,
    metered: route?.metered ?? null,
    remainingBytes: route?.remainingBytes ?? null,
    limitBytes: route?.metered === true ? route.limitBytes : null,
  };
}
