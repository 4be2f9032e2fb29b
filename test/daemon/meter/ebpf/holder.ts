/** A process that meters until it is killed: `holder.ts OPTIONS-AS-JSON`. Prints the epoch, or the error's code. */
import { openEbpfMeter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';

try {
  const meter = openEbpfMeter(JSON.parse(process.argv[2] ?? '{}'));
  console.log(JSON.stringify({ epoch: meter.epoch }));
  setInterval(() => meter.sample(Date.now()), 20);
} catch (error) {
  const { code, message, hint } = error as { code?: string; message: string; hint?: string };
  console.log(JSON.stringify({ code, message, hint }));
}
