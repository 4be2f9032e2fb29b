/** Takes out of an ELF object that clang made for BPF what has to be committed: maps and programs. */

export interface MapDefinition {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
}

export interface ProgramCode {
  /** Eight bytes an instruction. */
  instructions: Uint8Array;
  /** Which map goes into the load at which instruction, by index. */
  mapUses: { instruction: number; map: string }[];
}

export interface BpfObject {
  maps: Map<string, MapDefinition>;
  programs: Map<string, ProgramCode>;
}

interface Section {
  name: string;
  type: number;
  info: number;
  data: Buffer;
}

interface ElfSymbol {
  name: string;
  section: number;
  value: number;
  size: number;
  isFunction: boolean;
}

const SHT_SYMTAB = 2;
const SHT_REL = 9;
const STT_FUNC = 2;
const R_BPF_64_64 = 1;
const MAP_DEFINITION_SIZE = 20;

/** Reads a little-endian ELF64 object as `clang -target bpf` writes it. */
export function readBpfObject(file: Buffer): BpfObject {
  const sections = readSections(file);
  const symbols = readSymbols(sections);
  const maps = new Map<string, MapDefinition>();
  const programs = new Map<string, ProgramCode>();
  for (const symbol of symbols) {
    const section = sections[symbol.section];
    if (section === undefined) continue;
    const bytes = section.data.subarray(symbol.value, symbol.value + symbol.size);
    if (symbol.isFunction) {
      programs.set(symbol.name, { instructions: bytes, mapUses: readMapUses(sections, symbols, symbol) });
    } else if (section.name === 'maps' && symbol.size === MAP_DEFINITION_SIZE) {
      maps.set(symbol.name, readMap(bytes));
    }
  }
  return { maps, programs };
}

function readSections(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(0x28));
  const size = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  const header = (index: number): Buffer => file.subarray(start + index * size, start + (index + 1) * size);
  const contents = (index: number): Buffer => {
    const offset = Number(header(index).readBigUInt64LE(24));
    return file.subarray(offset, offset + Number(header(index).readBigUInt64LE(32)));
  };
  const names = contents(file.readUInt16LE(0x3e));
  return Array.from({ length: count }, (_, index) => ({
    name: text(names, header(index).readUInt32LE(0)),
    type: header(index).readUInt32LE(4),
    info: header(index).readUInt32LE(44),
    data: contents(index),
  }));
}

function readSymbols(sections: Section[]): ElfSymbol[] {
  const table = sections.find((section) => section.type === SHT_SYMTAB)?.data ?? Buffer.alloc(0);
  const names = sections.find((section) => section.name === '.strtab')?.data ?? Buffer.alloc(0);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at < table.length; at += 24) {
    symbols.push({
      name: text(names, table.readUInt32LE(at)),
      isFunction: (table.readUInt8(at + 4) & 0x0f) === STT_FUNC,
      section: table.readUInt16LE(at + 6),
      value: Number(table.readBigUInt64LE(at + 8)),
      size: Number(table.readBigUInt64LE(at + 16)),
    });
  }
  return symbols;
}

function readMapUses(sections: Section[], symbols: ElfSymbol[], program: ElfSymbol): ProgramCode['mapUses'] {
  const relocations = sections.find((one) => one.type === SHT_REL && one.info === program.section)?.data;
  const uses: ProgramCode['mapUses'] = [];
  for (let at = 0; relocations !== undefined && at < relocations.length; at += 16) {
    const offset = Number(relocations.readBigUInt64LE(at)) - program.value;
    const type = relocations.readUInt32LE(at + 8);
    const map = symbols[relocations.readUInt32LE(at + 12)]?.name;
    if (offset < 0 || offset >= program.size) continue;
    if (type !== R_BPF_64_64 || map === undefined) throw new Error(`${program.name}: relocation ${type}`);
    uses.push({ instruction: offset / 8, map });
  }
  return uses;
}

function readMap(bytes: Buffer): MapDefinition {
  return {
    type: bytes.readUInt32LE(0),
    keySize: bytes.readUInt32LE(4),
    valueSize: bytes.readUInt32LE(8),
    maxEntries: bytes.readUInt32LE(12),
    flags: bytes.readUInt32LE(16),
  };
}

function text(table: Buffer, offset: number): string {
  return table.toString('latin1', offset, table.indexOf(0, offset));
}
