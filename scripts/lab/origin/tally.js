/**
 * @typedef {object} PathCount sums over the finished requests of one path (query left out)
 * @property {number} requests
 * @property {number} aborted requests whose connection ended before the response did
 * @property {number} bodySent bytes of response bodies
 * @property {number} bodyReceived bytes of request bodies
 * @property {number} socketSent bytes of TCP payload: bodies, headers and chunk framing
 * @property {number} socketReceived
 *
 * @typedef {object} PortCount datagrams and their payload bytes on one UDP port
 * @property {number} datagramsReceived
 * @property {number} bytesReceived
 * @property {number} datagramsSent
 * @property {number} bytesSent
 */

/** What the origin sent and received, for ever growing: tests use paths of their own and never reset it. */
export class Tally {
  /** @type {Map<string, PathCount>} */
  #paths = new Map();
  /** @type {Map<number, PortCount>} */
  #ports = new Map();

  /** @param {string} path */
  path(path) {
    let count = this.#paths.get(path);
    if (count === undefined) {
      count = { requests: 0, aborted: 0, bodySent: 0, bodyReceived: 0, socketSent: 0, socketReceived: 0 };
      this.#paths.set(path, count);
    }
    return count;
  }

  /** @param {number} port */
  port(port) {
    let count = this.#ports.get(port);
    if (count === undefined) {
      count = { datagramsReceived: 0, bytesReceived: 0, datagramsSent: 0, bytesSent: 0 };
      this.#ports.set(port, count);
    }
    return count;
  }

  toJSON() {
    return { paths: Object.fromEntries(this.#paths), udp: Object.fromEntries(this.#ports) };
  }
}
