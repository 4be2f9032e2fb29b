import { importFile } from '../answers/imports.js';
import type { RunCgroups } from '../run-cgroup/run-cgroups.js';
import type { Handlers } from '../server/answerer.js';
import type { Store } from '../store/types.js';
import type { AnswerSet } from './answer-set.js';
import type { LinkPart } from './link-part.js';
import type { ProxyPart } from './proxy-part.js';
import type { ToldBuilds } from './told-builds.js';

export interface HandlerParts {
  store(): Store;
  answers(): AnswerSet;
  runs(): RunCgroups;
  told(): ToldBuilds;
  links: LinkPart;
  proxies: ProxyPart;
  /** Counts and settles everything up to this moment. */
  refresh(): Promise<void>;
}

/** Who answers which request. */
export function handlersOf({ store, answers, runs, told, links, proxies, refresh }: HandlerParts): Handlers {
  const stored = async () => {
    await refresh();
    return answers().stored;
  };
  return {
    status: (params) => {
      void links.refresh();
      return answers().live.status(params);
    },
    builds: async (params) => (await stored()).builds(params),
    build: async (params) => (await stored()).build(params),
    remotes: async (params) => (await stored()).remotes(params),
    report: async (params) => (await stored()).report(params),
    'report-schedule': (params) => answers().reports.set(params),
    estimate: async (params, { signal }) => {
      await Promise.all([refresh(), links.refresh()]);
      return answers().estimates.estimate(params, signal);
    },
    advise: async (params) => (await stored()).advise(params),
    links: () => links.answers.links(),
    'link-set': (params) => links.answers.setLink(params),
    budgets: () => links.answers.budgets(),
    'budget-set': (params) => links.answers.setBudget(params),
    'budget-rm': (params) => links.answers.removeBudget(params),
    prompt: () => links.answers.prompt(),
    'warnings-seen': (params) => links.answers.seen(params),
    import: (params) => importFile(store(), params),
    proxies: (params) => proxies.answers.list(params),
    'proxy-add': (params) => proxies.answers.add(params),
    'proxy-remove': (params) => proxies.answers.remove(params),
    caches: async () => {
      await refresh();
      return answers().caches.caches();
    },
    'cache-records': () => answers().caches.records(),
    'run-begin': (params, { peer }) => runs().begin(params, peer),
    'run-progress': (params, { peer }) => told().progress(params, peer),
    'run-end': async (params, { peer }) => {
      const ended = await runs().end(params, peer);
      if (params.final) told().ended(params.runId);
      return ended;
    },
  };
}
