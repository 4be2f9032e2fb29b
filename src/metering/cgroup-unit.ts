/** What people call a systemd unit. */

export type UnitMeaning =
  /** A service or scope. `name` is for people: `firefox`, `NetworkManager.service`. */
  | { kind: 'unit'; path: string; unit: string; name: string; uid: number | undefined }
  /** A login session, or a user's systemd: many programs of one person. */
  | { kind: 'session'; path: string; unit: string; name: string; uid: number | undefined };

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const unitType = /\.(?:service|scope|mount|swap|socket)$/;
const snapScope = new RegExp(`^snap\\.[^.]+\\.(.+)-${UUID}$`);
const spawnScope = /^(vte|tmux)-spawn-/;

/**
 * The innermost unit on a path; cgroups below it are the unit's own.
 * @param parts the path's components
 * @returns undefined when there is no unit, only slices or foreign cgroups
 */
export function unitMeaning(parts: string[]): UnitMeaning | undefined {
  const at = parts.findLastIndex((part) => unitType.test(part));
  if (at < 0) return undefined;
  const unit = parts[at]!;
  const path = `/${parts.slice(0, at + 1).join('/')}`;
  const uid = uidOf(parts);
  const session = sessionName(unit, uid);
  if (session !== undefined) return { kind: 'session', path, unit, name: session, uid };
  const name = unitName(unit);
  const ofUser = name.endsWith('.service') && parts.slice(0, at).some((part) => part.startsWith('user@'));
  return { kind: 'unit', path, unit, name: ofUser ? `${name} of user ${uid ?? 'unknown'}` : name, uid };
}

function uidOf(parts: string[]): number | undefined {
  for (const part of parts) {
    const uid = /^user-(\d+)\.slice$|^user@(\d+)\.service$/.exec(part);
    if (uid !== null) return Number(uid[1] ?? uid[2]);
  }
  return undefined;
}

function sessionName(unit: string, uid: number | undefined): string | undefined {
  const session = /^session-(.+)\.scope$/.exec(unit)?.[1];
  const who = uid === undefined ? '' : ` of user ${uid}`;
  if (session !== undefined) return `login session ${session}${who}`;
  const manager = /^user@\d+\.service$/.test(unit) || (unit === 'init.scope' && uid !== undefined);
  return manager ? `systemd${who}` : undefined;
}

function unitName(unit: string): string {
  if (unit === 'init.scope') return 'systemd';
  const base = unit.replace(unitType, '');
  const spawned = spawnScope.exec(base)?.[1];
  if (spawned !== undefined) return spawned === 'vte' ? 'terminal' : 'tmux';
  const name = snapScope.exec(base)?.[1] ?? applicationId(base, unit.endsWith('.scope')) ?? unit;
  return readable(name);
}

/**
 * The application in `app[-<launcher>]-<id>-<random>.scope` and `app[-<launcher>]-<id>[@<random>].service`
 * (systemd.io/DESKTOP_ENVIRONMENTS). Dashes within the parts are escaped.
 */
function applicationId(base: string, scope: boolean): string | undefined {
  const parts = base.replace(/@[^@]*$/, '').split('-');
  if (parts[0] !== 'app') return undefined;
  return parts.length > (scope ? 2 : 1) ? parts.at(scope ? -2 : -1) : undefined;
}

/** Undoes systemd's escaping: a byte that may not stand in a name is written as `\\x2d`. */
export function readable(name: string): string {
  return name.replace(/(?:\\x[0-9a-f]{2})+/g, (bytes) => {
    try {
      return decodeURIComponent(bytes.replaceAll('\\x', '%'));
    } catch {
      return bytes;
    }
  });
}
