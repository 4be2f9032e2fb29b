/** A capture's hosts and names into the store, tied to its period and to the builds that ran in it. */
import type { CaptureDocument } from '../../src/capture/document.js';
import type { AddressName, ImportAnswer, ImportPart } from '../../src/records/import.js';

const MOST_ADDRESSES = 10_000;
const NAMES_OF_AN_ADDRESS = 3;

/** Rejects like the request to the daemon. */
export function importCapture(
  document: CaptureDocument,
  digest: string,
  send: (part: ImportPart) => Promise<ImportAnswer>,
): Promise<ImportAnswer> {
  const { firstAt, lastAt, hosts } = document;
  const seen = hosts.slice(0, MOST_ADDRESSES);
  const from = firstAt === null ? undefined : Date.parse(firstAt);
  const to = lastAt === null ? undefined : Date.parse(lastAt);
  return send({
    kind: 'capture',
    file: document.file.slice(0, 4_096),
    digest,
    addresses: seen.map(({ address }) => address),
    names: to === undefined ? [] : namesOf(document, to),
    ...(from === undefined || to === undefined
      ? {}
      : { period: { from: Math.min(from, to), to: Math.max(from, to) } }),
    document: JSON.stringify({ ...document, hosts: hosts.slice(0, 1_000), names: [], conversations: [] }),
  });
}

/** The first name of a host is what was asked for; aliases come after. */
function namesOf({ hosts }: CaptureDocument, at: number): AddressName[] {
  return hosts
    .flatMap(({ address, names }) =>
      names.slice(0, NAMES_OF_AN_ADDRESS).map((name, i) => ({
        address,
        name: name.slice(0, 512),
        source: 'capture',
        at: Math.max(0, at - i),
      })),
    )
    .slice(0, MOST_ADDRESSES);
}
