import { readlinkSync } from 'node:fs';
import type { EngineFiles } from './engine-files.js';

/** What a mount of a root file system or of a volume is made of; ids as the engine's storage names them. */
export interface SnapshotStack {
  upperId: string | undefined;
  /** Top first. */
  lowerIds: string[];
  /** The part of it that is mounted, `/` for all of it. */
  path: string;
  /** Directories of the uppermost layer and of the one below, as the engine sees them. */
  directories: [top?: string, below?: string];
}

/**
 * Directories of one snapshot: overlay2 and fuse-overlayfs (`overlay2/<id>/diff`), vfs, btrfs and zfs of the
 * engine's graph drivers, and containerd's snapshotters (`snapshots/<number>/fs`; see snapshot-names.ts).
 */
const DIRECTORIES = [
  /\/(?:overlay2|fuse-overlayfs)\/([^/]+)\/(?:diff|merged)(?:\/|$)/,
  /\/(?:vfs\/dir|btrfs\/subvolumes|zfs\/graph)\/([^/]+)(?:\/|$)/,
  /\/snapshots\/([^/]+)\/fs(?:\/|$)/,
];
/** Short names of layers, links to `../<id>/diff`: the options of a mount are limited in length. */
const LINK = /(?:^|\/)l\/([A-Z0-9]{26})$/;
const MOST_LINKS = 8192;

export class SnapshotPaths {
  readonly #files: EngineFiles;
  readonly #links = new Map<string, string>();

  constructor(files: EngineFiles) {
    this.#files = files;
  }

  /** The snapshot that a directory of the engine belongs to. */
  idOf(path: string): string | undefined {
    return this.within(path)?.id;
  }

  /** The same, with the path inside of it. */
  within(path: string): { id: string; path: string } | undefined {
    for (const directory of DIRECTORIES) {
      const found = directory.exec(path);
      if (found?.[1] !== undefined) {
        return { id: found[1], path: `/${path.slice(found.index + found[0].length)}` };
      }
    }
    return undefined;
  }

  /**
   * The layers of what is mounted at a path of the engine; undefined when nothing is.
   * @param mountInfo the engine's mountinfo; where a path is mounted over, the last line counts
   */
  stackAt(mountPoint: string, mountInfo: string): SnapshotStack | undefined {
    const at = mountInfo.lastIndexOf(` ${escapeOctal(mountPoint)} `);
    if (at < 0) return undefined;
    const start = mountInfo.lastIndexOf('\n', at) + 1;
    const end = mountInfo.indexOf('\n', at);
    const [before = '', after = ''] = mountInfo.slice(start, end < 0 ? undefined : end).split(' - ');
    const [type, , options = ''] = after.split(' ');
    const root = unescapeOctal(before.split(' ')[3] ?? '');
    // A first layer has nothing below it: its directory is bound, not overlaid.
    if (type !== 'overlay') {
      const directory = this.within(root);
      return { upperId: directory?.id, lowerIds: [], path: directory?.path ?? root, directories: [root] };
    }
    return { ...this.#overlay(unescapeOctal(options)), path: root };
  }

  #overlay(options: string): Omit<SnapshotStack, 'path'> {
    const lower: string[] = [];
    let upper: string | undefined;
    for (const option of options.split(/(?<!\\),/)) {
      const equals = option.indexOf('=');
      const value = option.slice(equals + 1);
      if (option.startsWith('upperdir=')) upper = this.#absolute(value);
      // Kernels since 6.8 are given layers one by one, and show them so.
      else if (/^lowerdir\+?=/.test(option))
        lower.push(...value.split(/(?<!\\):/).map((path) => this.#absolute(path)));
    }
    const lowerIds = lower.flatMap((path) => this.idOf(path) ?? this.#linked(path) ?? []);
    const [top, below] = upper === undefined ? lower : [upper, ...lower];
    const directories: SnapshotStack['directories'] =
      top === undefined ? [] : below === undefined ? [top] : [top, below];
    return { upperId: upper && this.idOf(upper), lowerIds, directories };
  }

  /** Where there are many layers, the engine mounts them with overlay2 as its working directory. */
  #absolute(path: string): string {
    return path.startsWith('/') ? path : this.#files.data(`overlay2/${path}`);
  }

  #linked(path: string): string | undefined {
    const link = LINK.exec(path)?.[1];
    if (link === undefined) return undefined;
    const known = this.#links.get(link);
    if (known !== undefined) return known;
    let target: string;
    try {
      target = readlinkSync(this.#files.path(path));
    } catch {
      return undefined;
    }
    const id = /([^/]+)\/diff$/.exec(target)?.[1];
    if (id === undefined) return undefined;
    if (this.#links.size >= MOST_LINKS) this.#links.clear();
    this.#links.set(link, id);
    return id;
  }
}

/** mountinfo writes blanks, tabs, line feeds and backslashes as octal digits. */
function escapeOctal(path: string): string {
  return path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
