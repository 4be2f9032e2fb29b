import { type ExpectedCost, expectedCost } from '../../src/baseline/expected.js';
import { NetmeterError } from '../../src/errors.js';
import type { BaselineDocument, EstimateDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import { ownFile } from '../baseline/dockerfile.js';
import { measureBaseline } from '../baseline/measure.js';
import type { Command, GlobalOptions } from '../command.js';
import { confirm } from '../confirm.js';
import { estimateQuestion } from '../estimate/question.js';
import type { Io } from '../io.js';

interface BaselineOptions {
  yes?: boolean;
}

const NO = 1;

export const baseline: Command<BaselineOptions> = {
  name: 'baseline',
  summary: 'measure what a docker build costs without any cache',
  description:
    'Builds once without caches, and keeps what each step cost for later savings. Your cache mounts, layers and images ' +
    'stay as they are: the build gets empty cache mounts of its own, which are removed afterwards, and gives no image. ' +
    'Says what it will cost, and asks unless the link is known not to be metered. Takes the arguments of docker build.',
  operands: [['[arguments...]', 'as for docker build: -f FILE --target STAGE FOLDER']],
  options: [{ flags: '--yes', description: 'do not ask' }],
  foreignOptions: true,
  async run({ io, args, options }) {
    // Before anybody is asked anything.
    await ownFile(args, io.cwd);
    const expected = await expectation(args, io, options);
    io.stderr.write(`${costLine(expected)}\n`);
    if (!(await isAgreed(expected.metered, io, options))) return NO;
    const { document, leftRecords } = await measureBaseline(args, io, options);
    if (leftRecords.length > 0) {
      io.stderr.write(
        `${leftRecords.length} of its layers stay until the engine removes them: ${leftRecords.join(' ')}\n`,
      );
    }
    io.stdout.write(
      options.json
        ? `${JSON.stringify({ ...document, ...expectedFields(expected), leftRecords })}\n`
        : baselineText(document, io.stdout.columns),
    );
    return 0;
  },
};

interface Expected extends ExpectedCost {
  link: string | null;
  metered: boolean | null;
}

/** What is known of the cold cost from earlier builds; the question itself may not be answerable. */
async function expectation(args: readonly string[], io: Io, options: GlobalOptions): Promise<Expected> {
  let document: EstimateDocument;
  try {
    const question = await estimateQuestion(args, { offline: true }, io);
    document = await ask('estimate', question, io, options);
  } catch (error) {
    const isAboutThis = error instanceof NetmeterError && error.code === 'unreadable-input';
    if (!isAboutThis) throw error;
    const { link, metered } = await ask('prompt', {}, io, options);
    return { knownBytes: undefined, unknownSteps: 0, link, metered };
  }
  return { ...expectedCost(document.steps), link: document.link, metered: document.metered };
}

/** The sum is null when that of a step is not known. */
function expectedFields({ knownBytes, unknownSteps }: ExpectedCost) {
  return {
    expectedBytes: unknownSteps > 0 ? null : (knownBytes ?? null),
    expectedKnownBytes: knownBytes ?? null,
    expectedUnknownSteps: unknownSteps,
  };
}

function costText({ knownBytes, unknownSteps }: ExpectedCost): string {
  if (knownBytes === undefined) return 'what it will cost is unknown';
  if (unknownSteps === 0) return `it will cost about ${formatBytes(knownBytes)}`;
  const steps = unknownSteps === 1 ? 'a step is' : `${unknownSteps} steps are`;
  return `it will cost at least ${formatBytes(knownBytes)} (${steps} unknown)`;
}

function costLine({ link, metered, ...cost }: Expected): string {
  const over = link === null ? '' : ` over ${escapeText(link)}`;
  const kind = metered === null ? 'whether that is metered is unknown' : metered ? 'metered' : 'not metered';
  return `A build without caches: ${costText(cost)}${over} (${kind}).`;
}

async function isAgreed(metered: boolean | null, io: Io, options: BaselineOptions): Promise<boolean> {
  if (options.yes || metered === false) return true;
  const agreed = await confirm('Build?', io);
  if (agreed !== undefined) return agreed;
  throw new NetmeterError('usage', 'nobody can be asked whether that may be spent', {
    hint: 'say so with --yes, or that the link is not metered: netmeter link set NAME --metered no',
  });
}

function baselineText(
  { ref, coldBytes, steps, unmeasured }: BaselineDocument,
  width: number | undefined,
): string {
  const rows = steps.map(({ name, coldBytes: bytes }) => [name, formatBytes(bytes)]);
  const lines = table(
    [
      { title: 'STEP', flexible: true },
      { title: 'COLD', align: 'right' },
    ],
    rows,
    width,
  );
  lines.push('', `${formatBytes(coldBytes)} without caches (build ${ref.slice(0, 12)})`);
  if (unmeasured.length > 0) lines.push('', 'Not measured, and not in that sum:');
  for (const { name, because } of unmeasured) lines.push(`  ${escapeText(name)}: ${because}`);
  return `${lines.join('\n')}\n`;
}
