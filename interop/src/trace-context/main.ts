/** `npm run conformance:trace`, as far as our own cases go; and the service for the harness of the W3C: `--serve`. */
import { traceCases } from './cases.js';
import { runCases } from './run-cases.js';
import { startService } from './service.js';

const service = await startService();
if (process.argv.includes('--serve')) {
  // Whoever started it reads this line, and ends the service by closing its input.
  process.stdout.write(`${service.url}\n`);
  process.stdin.resume().on('end', () => process.exit(0));
} else {
  const results = await runCases(traceCases, service.url);
  await service[Symbol.asyncDispose]();
  for (const { name, ok, problem } of results)
    process.stdout.write(`${ok ? '✓' : '✗'} ${name}${ok ? '' : `: ${problem}`}\n`);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(
    failed === 0 ? `all ${results.length} cases passed\n` : `${failed} of ${results.length} cases FAILED\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
