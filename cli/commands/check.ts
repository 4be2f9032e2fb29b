import { parseSize } from '../../src/budget/size.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { estimateQuestion } from '../estimate/question.js';
import { estimateLine, gateLine } from '../estimate/text.js';
import { OFFLINE } from './estimate.js';

interface CheckOptions {
  offline?: boolean;
  limit?: number;
}

const NO = 1;

export const check: Command<CheckOptions> = {
  name: 'check',
  summary: 'whether a docker build fits what the link allows: exit 1 if not',
  description:
    'Whether a docker build fits what a metered link allows: exit 1 if not. For scripts, Makefiles and git hooks. ' +
    'Takes the arguments of docker build; nothing is built.',
  operands: [['[arguments...]', 'as for docker build: -f FILE --target STAGE FOLDER']],
  options: [
    OFFLINE,
    {
      flags: '--limit <bytes>',
      description: 'such as 200MB; else that of the link or its budget',
      parse: parseSize,
    },
  ],
  foreignOptions: true,
  async run({ io, args, options }) {
    const question = await estimateQuestion(args, { offline: options.offline === true }, io);
    const limit = options.limit === undefined ? {} : { limitBytes: options.limit };
    const document = await ask('estimate', { ...question, ...limit }, io, options);
    if (options.json) io.stdout.write(`${JSON.stringify(document)}\n`);
    else io.stdout.write(`${estimateLine(document)}\n${gateLine(document)}\n`);
    return document.allowed ? 0 : NO;
  },
};
