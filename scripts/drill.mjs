/** `npm run drill -- NAME [--json]`: breaks real processes under steady load and reports what their callers noticed. */
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, [join(root, 'drills/dist/main.js'), ...process.argv.slice(2)], { cwd: root }));
