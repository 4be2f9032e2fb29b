import { invokingUser } from '../launch/daemon-arguments.js';

export interface ServiceClients {
  /** For the unit: the group to be in. */
  clientGroup: string | undefined;
  /** For the daemon's command line. */
  args: string[];
}

const GROUP_NAME = 'netmeter';

/**
 * Who may ask the service: the group `netmeter` where there is one, else the user who installs it through
 * sudo, since a service has nobody who started it.
 * @param groups text of group(5)
 */
export function serviceClients(
  groups: string,
  env: Readonly<Record<string, string | undefined>>,
): ServiceClients {
  if (new RegExp(`^${GROUP_NAME}:`, 'm').test(groups)) return { clientGroup: GROUP_NAME, args: [] };
  const user = invokingUser(env);
  if (user === undefined) return { clientGroup: undefined, args: [] };
  return { clientGroup: user.split(':')[1], args: ['--invoking-user', user] };
}
