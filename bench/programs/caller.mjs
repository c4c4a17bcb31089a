/**
 * Makes calls by one of the modules in callers/, whenever the process that started it asks, and tells what they took. A process for
 * each, as in an application: code that has served other clients as well is slower.
 */
import { makeCalls } from '../calls.mjs';

const [name, how] = process.argv.slice(2);
const { open } = await import(`../callers/${name}.mjs`);
const call = await open(how);

process.on('message', async (asked) => process.send(await makeCalls(call, asked)));
process.on('disconnect', () => process.exit());
process.stdout.write('ready\n');
