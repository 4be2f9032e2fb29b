/**
 * What reading a capture costs: `node --import tsx test/bench/pcap.ts [packets] [-- FILE]`
 *
 * Makes a capture of 2 million packets (or reads FILE), and reads it with netmeter, with bare pcap-parser and,
 * where it is installed, with `tshark -q -z conv,ip`, each in a process of its own. Prints seconds of wall
 * clock and of CPU (the better figure on a busy machine), and the largest resident memory.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pcapParser from 'pcap-parser';
import { analyseFile } from '../../cli/capture/analyse-file.js';

interface Cost {
  /** Undefined where the program does not tell. */
  packets: number | undefined;
  wall: number;
  cpu: number;
  memoryMB: number | undefined;
}

const [first, ...others] = process.argv.slice(2);
if (first === '--measure') {
  const [reader, file] = others;
  console.log(JSON.stringify(await measure(reader === 'bare' ? readBare : readAll, file!)));
} else {
  const given = process.argv.indexOf('--');
  compare(
    first === undefined || first === '--' ? 2_000_000 : Number(first),
    process.argv[given < 0 ? 1e9 : given + 1],
  );
}

function compare(packets: number, given: string | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-bench-'));
  try {
    const file = given ?? makeCapture(join(directory, 'bench.pcap'), packets);
    console.log(`${(statSync(file).size / 1e6).toFixed(0)} MB`);
    const bare = inChild('bare', file);
    const netmeter = inChild('netmeter', file);
    print('bare pcap-parser', bare);
    print('netmeter', netmeter);
    console.log(`netmeter takes ${(netmeter.cpu / bare.cpu).toFixed(2)} times the CPU of bare pcap-parser`);
    const tshark = timeTshark(file);
    if (tshark === undefined) console.log('tshark is not installed');
    else {
      print('tshark', tshark);
      console.log(`tshark takes ${(tshark.cpu / netmeter.cpu).toFixed(1)} times the CPU of netmeter`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function print(name: string, cost: Cost): void {
  const packets = cost.packets === undefined ? '' : `${cost.packets} packets, `;
  const memory = cost.memoryMB === undefined ? '' : `, ${cost.memoryMB.toFixed(0)} MB`;
  console.log(`${name}: ${packets}${cost.wall.toFixed(2)} s, CPU ${cost.cpu.toFixed(2)} s${memory}`);
}

function inChild(reader: string, file: string): Cost {
  const script = fileURLToPath(import.meta.url);
  const args = ['--import', 'tsx', script, '--measure', reader, file];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

async function measure(read: (file: string) => Promise<number>, file: string): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const packets = await read(file);
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - started) / 1000;
  return { packets, wall, cpu: (user + system) / 1e6, memoryMB: process.resourceUsage().maxRSS / 1e3 };
}

async function readAll(file: string): Promise<number> {
  return (await analyseFile(file, { signal: new AbortController().signal })).packets;
}

function readBare(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let packets = 0;
    const parser = pcapParser.parse(createReadStream(file));
    parser.on('packet', () => {
      packets += 1;
    });
    parser.on('error', reject);
    parser.on('end', () => resolve(packets));
  });
}

function timeTshark(file: string): Cost | undefined {
  if (spawnSync('bash', ['-c', 'command -v tshark']).status !== 0) return undefined;
  const command = 'TIMEFORMAT="%R %U %S"; time tshark -q -n -z conv,ip -r "$1" >/dev/null 2>&1';
  const { stderr } = spawnSync('bash', ['-c', command, 'bash', file], { encoding: 'utf8' });
  const [wall, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { packets: undefined, wall: wall!, cpu: user! + system!, memoryMB: undefined };
}

/** Downloads of 200 clients from 500 servers, two full segments to an acknowledgement, and DNS now and then. */
function makeCapture(path: string, packets: number): string {
  const file = openSync(path, 'w');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  writeSync(file, header);
  let batch: Buffer[] = [];
  for (let number = 0; number < packets; number++) {
    batch.push(record(number));
    if (batch.length === 1000 || number === packets - 1) {
      writeSync(file, Buffer.concat(batch));
      batch = [];
    }
  }
  closeSync(file);
  return path;
}

function record(number: number): Buffer {
  const toServer = number % 3 === 0;
  const flow = Math.floor(number / 30) % 5000;
  const length = toServer ? 66 : 1514;
  const bytes = Buffer.alloc(16 + length);
  bytes.writeUInt32LE(1_700_000_000 + Math.floor(number / 1000), 0);
  bytes.writeUInt32LE((number % 1000) * 1000, 4);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(length, 12);
  bytes.writeUInt16BE(0x0800, 28);
  const ip = 30;
  bytes[ip] = 0x45;
  bytes.writeUInt16BE(length - 14, ip + 2);
  bytes[ip + 9] = 6;
  const client = [10, 0, 0, flow % 200];
  const server = [198, 51, 100 + (flow % 2), flow % 250];
  bytes.set(toServer ? [...client, ...server] : [...server, ...client], ip + 12);
  const tcp = ip + 20;
  bytes.writeUInt16BE(toServer ? 40_000 + flow : 443, tcp);
  bytes.writeUInt16BE(toServer ? 443 : 40_000 + flow, tcp + 2);
  bytes.writeUInt32BE(number, tcp + 4);
  bytes[tcp + 12] = 0x80;
  bytes.fill(number & 0xff, tcp + 32);
  return bytes;
}
