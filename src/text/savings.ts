/** What was saved, in words: with its basis and range, what is unknown as unknown. */
import type { SavedDocument, SavingCause, SavingDocument } from '../protocol/documents.js';
import { formatBytes } from './figures.js';

const CAUSES: Record<SavingCause, string> = {
  'cache-mount': 'cache mounts',
  proxy: 'proxies',
  'layer-cache': 'layer cache',
  'local-image': 'local images',
  'shared-build': 'another build',
};

/** `12.4 MB`, `12.4 MB +?` where steps are left out, `unknown` where nothing is known. */
export function savedCell(saved: SavedDocument | null): string {
  if (saved === null || isUnknown(saved)) return 'unknown';
  return saved.unknownSteps > 0 ? `${formatBytes(saved.bytes)} +?` : formatBytes(saved.bytes);
}

/** `10.6 MB by cache mounts and proxies, 43.0 MB by the layer cache…; 2 steps are unknown and left out` */
export function savedText(saved: SavedDocument | null): string {
  if (saved === null) return 'unknown';
  const { byCause, unknownSteps } = saved;
  if (isUnknown(saved)) return `unknown: nobody knows what ${steps(unknownSteps)} would have cost cold`;
  const beside = [
    [byCause.layerCache, 'the layer cache'],
    [byCause.localImage, 'local images'],
    [byCause.sharedBuild, 'other builds'],
  ] as const;
  const parts = [
    `${formatBytes(saved.headlineBytes)} by cache mounts and proxies`,
    ...beside.filter(([bytes]) => bytes !== 0).map(([bytes, what]) => `${formatBytes(bytes)} by ${what}`),
  ];
  const range = rangeText(saved);
  const left = unknownSteps === 0 ? '' : `; ${steps(unknownSteps)} unknown and left out`;
  return `${parts.join(', ')}${range === '' ? '' : ` (in all ${range})`}${left}`;
}

/** `10.6 MB by cache mounts (derived, 0 B to 10.6 MB)` */
export function savingText({
  cause,
  bytes,
  lowBytes,
  highBytes,
  basis,
  marginalBytes,
}: SavingDocument): string {
  const range = rangeText({ lowBytes, highBytes });
  const marginal =
    marginalBytes === null || marginalBytes === bytes
      ? ''
      : `; ${formatBytes(marginalBytes)} with the cache mounts of today`;
  return `${formatBytes(bytes)} by ${CAUSES[cause]} (${basis}${range === '' ? '' : `, ${range}`}${marginal})`;
}

function rangeText({ lowBytes, highBytes }: { lowBytes: number; highBytes: number }): string {
  const [low, high] = [formatBytes(lowBytes), formatBytes(highBytes)];
  return low === high ? '' : `${low} to ${high}`;
}

function isUnknown({ bytes, unknownSteps }: SavedDocument): boolean {
  return bytes === 0 && unknownSteps > 0;
}

function steps(count: number): string {
  return count === 1 ? '1 step' : `${count} steps`;
}
