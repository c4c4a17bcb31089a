/** `npm run simulate -- NAME [--json]`: runs seeded simulations of the framework's own layers on a virtual clock. */
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, [join(root, 'simulate/dist/main.js'), ...process.argv.slice(2)], { cwd: root }));
