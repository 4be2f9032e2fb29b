// Puts an image into a registry over its HTTP API, without an engine: layers of known compressed size.
//
// usage: node main.js --registry HOST:PORT --image NAME:TAG [--tar FILE]… [--random BYTES]…
//   prints {image, manifestBytes, configBytes, layers: [{digest, size}]}: what a pull must transfer
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pushImage, randomLayer, tarLayer } from './image.js';

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    image: { type: 'string' },
    tar: { type: 'string', multiple: true, default: [] },
    random: { type: 'string', multiple: true, default: [] },
  },
});
const [name, tag] = (values.image ?? '').split(':');
if (values.registry === undefined || !name || !tag) {
  console.error('usage: main.js --registry HOST:PORT --image NAME:TAG [--tar FILE]… [--random BYTES]…');
  process.exit(2);
}
const layers = [
  ...values.tar.map((file) => tarLayer(readFileSync(file))),
  ...values.random.map((size, index) => randomLayer(`random-${index}.bin`, Number(size))),
];
console.log(JSON.stringify(await pushImage(`http://${values.registry}`, name, tag, layers)));
