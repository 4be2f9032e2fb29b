import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { estimateQuestion } from '../estimate/question.js';
import { estimateText } from '../estimate/text.js';

interface EstimateOptions {
  offline?: boolean;
}

export const OFFLINE = {
  flags: '--offline',
  description: 'ask no registry for the sizes of images (some kilobytes each)',
};

export const estimate: Command<EstimateOptions> = {
  name: 'estimate',
  summary: 'what a docker build will fetch now, and why',
  description:
    'What a docker build will fetch now, step by step, and why: by the builds that were seen, the files that it ' +
    "copies, the engine's caches and images. Nothing is built. Takes the arguments of docker build.",
  operands: [['[arguments...]', 'as for docker build: -f FILE --target STAGE FOLDER']],
  options: [OFFLINE],
  foreignOptions: true,
  async run({ io, args, options }) {
    const question = await estimateQuestion(args, { offline: options.offline === true }, io);
    const document = await ask('estimate', question, io, options);
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : estimateText(document, io.stdout.columns),
    );
    return 0;
  },
};
