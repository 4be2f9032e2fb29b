import type { Place } from '../../src/protocol/paths.js';
import { proxyOverheadsIn, proxyPeriodsIn } from '../answers/proxy-usage.js';
import { StoredAnswers } from '../answers/stored.js';
import type { OpenAnswers } from '../lifecycle/run-query.js';
import { openStore } from '../store/open-store.js';
import { storedLinkKnowledge, storedLinkPolicy } from './link-knowledge.js';

/** Answers from the database of a stopped daemon, which is only read. */
export async function openStoredAnswers(place: Place): Promise<OpenAnswers> {
  const now = () => Date.now();
  const store = await openStore({ directory: place.stateDir, readOnly: true, clock: now });
  const links = await storedLinkKnowledge(store);
  const { policy, prices } = await storedLinkPolicy(store, (link) => links.calibration(link), now);
  const answers = new StoredAnswers({
    store,
    now,
    tier: 'exact',
    links,
    policy,
    prices,
    running: () => [],
    proxyPeriods: (interval) => proxyPeriodsIn(store, interval, new Set(), now()),
    proxyOverheads: (interval) => proxyOverheadsIn(store, interval, new Set(), now()),
  });
  return {
    handlers: {
      builds: (params) => answers.builds(params),
      build: (params) => answers.build(params),
      report: (params) => answers.report(params),
      advise: (params) => answers.advise(params),
    },
    close: () => store.close(),
  };
}
