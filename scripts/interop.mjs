/** `npm run interop -- NAME [--json]`: calls programs of others, and lets them call us, to see that both sides understand each other. */
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, [join(root, 'interop/dist/main.js'), ...process.argv.slice(2)], { cwd: root }));
