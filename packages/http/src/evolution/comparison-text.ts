/** A comparison of contracts for people. */
import { printable } from '@fwk/kernel';
import type { ContractComparison } from './compare-contracts.js';
import type { Breaks } from './contract-change.js';

const headings: Readonly<Record<Breaks, string>> = {
  'old clients': 'Breaks clients of the old contract at servers of the new one:',
  unknown: 'Cannot be compared:',
  'new clients': 'Breaks clients of the new contract at servers of the old one, so replace servers first:',
  nobody: 'Breaks nobody:',
};

/** Several lines that end with a line break, the worst first. */
export function comparisonText({ name, from, to, changes, breaking, needs, versionFits }: ContractComparison): string {
  const lines = [`${name} ${from} → ${to}`];
  for (const [breaks, heading] of Object.entries(headings)) {
    const some = changes.filter((change) => change.breaks === breaks);
    if (some.length === 0) continue;
    lines.push('', heading);
    for (const { operation, part, path, why } of some) {
      const place = [operation, part === 'operation' || part === 'contract' ? '' : part].filter(Boolean).join(' ');
      lines.push(`  ${printable([place, path].filter(Boolean).join(' '))}: ${printable(why)}`);
    }
  }
  lines.push(
    '',
    changes.length === 0 ? 'Nothing changed.' : `${breaking ? 'Breaking' : 'Compatible'}: a ${needs} change.`,
  );
  if (!versionFits) lines.push(`The version went from ${from} to ${to}, which is less than a ${needs} change needs.`);
  return `${lines.join('\n')}\n`;
}
