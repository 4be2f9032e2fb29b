import type { MaybeTransfer } from '../../src/protocol/documents.js';
import type { Event, TickEvent } from '../../src/protocol/messages.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import type { Transfer } from '../../src/units.js';
import { namesText } from './remote-names.js';

/**
 * An event as lines for `grep`: time, what it is about, and figures as `name=value`.
 * Bytes are plain integers there, so that other programs can add them up.
 */
export function eventLines(event: Event, timeZone: string): string[] {
  switch (event.event) {
    case 'hello':
      return [
        `${clock(event.startedAt, timeZone)} daemon version=${event.daemonVersion} started=${event.startedAt}`,
      ];
    case 'tick':
      return tickLines(event.tick, timeZone);
    case 'build': {
      const { build, steps } = event;
      const running = steps.filter((step) => step.status === 'running').length;
      const at = build.completedAt ?? build.startedAt;
      const names = namesText(steps.flatMap(({ remotes }) => remotes));
      return [
        `${at === null ? '-' : clock(at, timeZone)} build ref=${build.ref.slice(0, 12)} status=${build.status ?? 'unknown'} steps=${build.steps}` +
          ` cached=${build.cachedSteps} running=${running} ${figures('wan', build.wan)} name=${quoted(build.name)}${names === '' ? '' : ` remotes=${quoted(names)}`}`,
      ];
    }
    case 'warning':
      return [
        `${clock(event.warning.at, timeZone)} warning code=${event.warning.code} ${quoted(event.warning.message)}`,
      ];
    case 'dropped':
      return [`- dropped events=${event.count}`];
  }
}

function tickLines(tick: TickEvent, timeZone: string): string[] {
  const time = clock(tick.to, timeZone);
  const ms = Math.max(1, Date.parse(tick.to) - Date.parse(tick.from));
  const links = tick.links.map(
    (link) => `${time} link name=${quoted(link.name)} ${figures('bytes', link)} rate=${rate(link, ms)}`,
  );
  const owners = tick.owners.map((owner) => {
    const classes = (['wan', 'lan', 'proxy'] as const)
      .filter((name) => owner[name].rxBytes + owner[name].txBytes > 0)
      .map((name) => figures(name, owner[name]));
    return `${time} ${owner.kind} ${classes.join(' ')} name=${quoted(owner.name)} id=${quoted(owner.id)}`;
  });
  return [...links, ...owners];
}

function figures(name: string, transfer: MaybeTransfer): string {
  return `${name}-in=${transfer.rxBytes ?? 'unknown'} ${name}-out=${transfer.txBytes ?? 'unknown'}`;
}

function rate(transfer: Transfer, ms: number): string {
  return `${formatBytes(((transfer.rxBytes + transfer.txBytes) * 1000) / ms).replace(' ', '')}/s`;
}

/** One word or a quoted text, on one line whatever is in it. */
function quoted(text: string): string {
  const safe = escapeText(text);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : JSON.stringify(safe);
}

function clock(isoTime: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(new Date(isoTime));
}
