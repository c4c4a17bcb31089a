/** `npm run build`: installs what is missing and builds all packages and examples. */
import { prepare } from './prepare.mjs';

process.exitCode = await prepare();
