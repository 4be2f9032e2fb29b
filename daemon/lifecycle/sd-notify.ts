import { NativeStruct } from '../sys/native-struct.js';
import { trySyscall } from '../sys/syscall.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_NOSIGNAL = 0x4000;
const SUN_PATH_BYTES = 108;

export interface SdNotifyOptions {
  /** `NOTIFY_SOCKET`; without it nothing is sent. A leading `@` names an abstract socket. */
  socket: string | undefined;
  /** `WATCHDOG_USEC`. */
  watchdogUsec: string | undefined;
  /** `WATCHDOG_PID`: the watchdog is meant for this process only. */
  watchdogPid: string | undefined;
  pid: number;
}

/** Tells systemd how the daemon does (sd_notify(3)); a silent no-op elsewhere. */
export class SdNotify {
  readonly #options: SdNotifyOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SdNotifyOptions) {
    this.#options = options;
  }

  /** The daemon meters. From now on systemd hears twice in its interval that the event loop turns. */
  ready(status: string): void {
    this.#send(`READY=1\nMAINPID=${this.#options.pid}\nSTATUS=${status.replaceAll('\n', ' ')}`);
    const interval = this.#watchdogMs();
    if (interval === undefined) return;
    this.#timer = setInterval(() => this.#send('WATCHDOG=1'), interval / 2);
    this.#timer.unref();
  }

  /** The daemon begins to stop. The watchdog goes on: a shutdown that hangs is one, too. */
  stopping(): void {
    this.#send('STOPPING=1');
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #watchdogMs(): number | undefined {
    const { socket, watchdogUsec, watchdogPid, pid } = this.#options;
    if (socket === undefined || (watchdogPid !== undefined && Number(watchdogPid) !== pid)) return undefined;
    const ms = Number(watchdogUsec) / 1000;
    return ms >= 1 ? ms : undefined;
  }

  #send(message: string): void {
    const address = unixAddress(this.#options.socket);
    if (address === undefined) return;
    const fd = trySyscall('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const bytes = Buffer.from(message);
    trySyscall('sendto', fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.bytes.length);
    trySyscall('close', fd);
  }
}

/** `struct sockaddr_un` of unix(7); `undefined` for other kinds of addresses, and for names too long. */
function unixAddress(name: string | undefined): NativeStruct | undefined {
  if (name === undefined || !/^[/@]./s.test(name)) return undefined;
  const path = Buffer.from(name);
  if (path.length >= SUN_PATH_BYTES) return undefined;
  if (name.startsWith('@')) path[0] = 0;
  return new NativeStruct(2 + path.length).u16(0, AF_UNIX).set(2, path);
}
