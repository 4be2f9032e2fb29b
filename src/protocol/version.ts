import { NetmeterError } from '../errors.js';
import { PROTOCOL_VERSION } from './messages.js';

/** The daemon's answer to a client that speaks another protocol. */
export function protocolMismatch(clientProtocol: number, daemonVersion: string): NetmeterError {
  return new NetmeterError(
    'protocol-mismatch',
    `this client speaks protocol ${clientProtocol}, ` +
      `the running daemon (netmeter ${daemonVersion}) speaks ${PROTOCOL_VERSION}`,
    {
      hint: 'The daemon is of another version: netmeter stop && netmeter start',
    },
  );
}
