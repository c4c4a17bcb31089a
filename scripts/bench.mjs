/** `npm run bench -- NAME [--json]`: measures beside peers. bench/ has dependencies of its own, installed on first use. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const folder = join(root, 'bench');
const [name, ...rest] = process.argv.slice(2);
const names = readdirSync(join(folder, 'rows')).map((file) => file.replace(/\.mjs$/, ''));

if (!name || !existsSync(join(folder, 'rows', `${name}.mjs`))) {
  process.stderr.write(`npm run bench -- NAME [--json]   NAME is one of: ${names.sort().join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.exitCode =
    (await prepare()) ||
    (await ensureInstalled(folder)) ||
    (await run(process.execPath, ['--expose-gc', join(folder, 'rows', `${name}.mjs`), ...rest], { cwd: folder }));
}
