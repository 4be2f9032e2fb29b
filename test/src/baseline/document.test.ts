import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { baselineDocument } from '../../../src/baseline/document.js';
import { BUILD_SHOW, step } from '../../cli/commands/documents.js';

const moved = { rxBytes: 900, txBytes: 100 };

test('a git repository is said to be unmeasurable, and is in no sum', () => {
  const name = '[1/2] ADD https://example.org/a.git /a';
  const steps = [
    step({ kind: 'git', name, instruction: 'ADD https://example.org/a.git /a', wan: moved }),
    step({ kind: 'run', name: 'RUN make', wan: moved }),
  ];
  const document = baselineDocument({ ...BUILD_SHOW, steps }, 'netmeter-1');
  assert.equal(document.unmeasured, [
    { name, because: 'BuildKit keeps a copy of the repository and fetches only what is new' },
  ]);
  assert.is(document.coldBytes, 1000);
});

test('the name that made it cold is not shown', () => {
  const name = '[1/2] ADD http://example.org/a#netmeter-1 /a';
  const document = baselineDocument(
    { ...BUILD_SHOW, steps: [step({ kind: 'add', name, wan: moved })] },
    'netmeter-1',
  );
  assert.equal(document.steps, [{ name: '[1/2] ADD http://example.org/a /a', coldBytes: 1000 }]);
});

test.run();
