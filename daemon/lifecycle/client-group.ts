import { readFileSync } from 'node:fs';
import { NetmeterError } from '../../src/errors.js';
import type { ClientAccess } from '../server/peer.js';

const GROUP_NAME = 'netmeter';

export interface ClientFiles {
  access: ClientAccess;
  /** Group of the socket; `undefined` leaves the daemon's own. */
  gid: number | undefined;
  socketMode: number;
  /** The log is readable for the group only where everybody in it may ask the daemon. */
  logMode: number;
}

export interface InvokingUser {
  uid: number;
  gid: number;
}

/**
 * Who may use a daemon: the group `netmeter` where there is one, else the user for whom it was started.
 * A daemon that does not run as root serves its own user only.
 */
export function clientFiles(
  daemonUid: number,
  invokingUser: InvokingUser | undefined,
  groupGid: number | undefined,
): ClientFiles {
  if (daemonUid !== 0) {
    const access = { userUid: undefined, groupGid: undefined };
    return { access, gid: undefined, socketMode: 0o600, logMode: 0o600 };
  }
  if (groupGid !== undefined) {
    return { access: { userUid: undefined, groupGid }, gid: groupGid, socketMode: 0o660, logMode: 0o640 };
  }
  const access = { userUid: invokingUser?.uid, groupGid: undefined };
  return { access, gid: invokingUser?.gid, socketMode: 0o660, logMode: 0o600 };
}

/**
 * The id of the group `netmeter`; `undefined` when there is none. Groups of a directory service are not seen.
 * @param groupFile group(5), `/etc/group`
 */
export function netmeterGroup(groupFile: string): number | undefined {
  const line = readFileSync(groupFile, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${GROUP_NAME}:`));
  const gid = line?.split(':')[2];
  return gid !== undefined && /^\d+$/.test(gid) ? Number(gid) : undefined;
}

const CAP_CHOWN = 0x1n;

/**
 * Whether this process can give its files to a group: one it is in, or any with CAP_CHOWN.
 * @param ownGroups the process's groups
 * @param status proc_pid_status(5) of this process
 */
export function mayGiveTo(gid: number, ownGroups: readonly number[], status: string): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return ownGroups.includes(gid) || (effective & CAP_CHOWN) !== 0n;
}

/** `1000:1000`. @throws NetmeterError `usage` */
export function parseInvokingUser(text: string): InvokingUser {
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text);
  if (match === null) throw new NetmeterError('usage', `"${text}" is no pair of user and group ids`);
  return { uid: Number(match[1]), gid: Number(match[2]) };
}
