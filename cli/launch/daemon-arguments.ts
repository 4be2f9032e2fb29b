import type { Place } from '../../src/protocol/paths.js';

export interface StartSettings {
  place: Place;
  /** Interface to treat as the uplink. */
  link?: string | undefined;
  tickMs?: number | undefined;
  dockerHost?: string | undefined;
  tier?: string | undefined;
  /** False: names of remotes are not heard. */
  names?: boolean | undefined;
}

/**
 * The daemon's command line. Paths are absolute by now: the daemon lives in `/`. Started through sudo, it
 * is told for whom, since that person will want to ask it.
 */
export function daemonArguments(
  { place, link, tickMs, dockerHost, tier, names }: StartSettings,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): string[] {
  const args = ['--state-dir', place.stateDir, '--socket', place.socket];
  if (link !== undefined) args.push('--link', link);
  if (tickMs !== undefined) args.push('--tick-ms', String(tickMs));
  if (dockerHost !== undefined) args.push('--docker-host', dockerHost);
  if (tier !== undefined) args.push('--tier', tier);
  if (names === false) args.push('--no-names');
  const user = uid === 0 ? invokingUser(env) : undefined;
  if (user !== undefined) args.push('--invoking-user', user);
  return args;
}

/** Of sudo(8), as `uid:gid`; `undefined` when root itself typed the command. */
export function invokingUser(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { SUDO_UID: user, SUDO_GID: group } = env;
  const isNumber = (text: string | undefined): boolean => /^\d{1,10}$/.test(text ?? '');
  return isNumber(user) && isNumber(group) && user !== '0' ? `${user}:${group}` : undefined;
}
