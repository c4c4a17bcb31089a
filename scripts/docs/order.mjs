/** Renders the canonical order of layers as a table, so that the README of the policies cannot drift from it. */

const scopes = ['call', 'endpoint', 'server'];

/**
 * @param {readonly { field: string, beside: Readonly<Record<string, string>>, role: string, scopes: readonly string[], reason: string }[]} order
 * @returns {string} the table
 */
export function orderTable(order) {
  const rows = order.map(({ field, beside, role, scopes: own, reason }) => {
    const options = [field, ...Object.values(beside)].map(code).join(', ');
    return [options, code(role), ...scopes.map((scope) => (own.includes(scope) ? 'yes' : '–')), reason];
  });
  return aligned([['option', 'role', ...scopes, 'why it stands here'], ...rows]);
}

/**
 * Replaces the text between two marks of a page.
 * @param {string} page
 * @param {string} mark
 * @param {string} between
 * @returns {string} the page with it
 */
export function placed(page, mark, between) {
  const [begin, end] = [`<!-- ${mark}: made by npm run docs -->`, `<!-- end of ${mark} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no marks "${begin}" and "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${between}\n\n${page.slice(to)}`;
}

function aligned([head, ...rows]) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function code(name) {
  return `\`${name}\``;
}
