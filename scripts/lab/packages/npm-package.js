// Makes an npm package with a payload that does not compress, ready for `npm publish DIR`.
// usage: node npm-package.js DIR NAME VERSION BYTES [DEPENDENCY…]
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [dir, name, version, bytes, ...dependencies] = process.argv.slice(2);
const manifest = {
  name,
  version,
  main: 'index.js',
  dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '^1.0.0'])),
};
mkdirSync(dir, { recursive: true });
writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest));
writeFileSync(
  join(dir, 'index.js'),
  'module.exports = require("fs").statSync(__dirname + "/payload").size;\n',
);
writeFileSync(join(dir, 'payload'), randomBytes(Number(bytes)));
