/** Renders the tables of errors and events that the packages export, so that the pages cannot drift from the code. */

/**
 * @param {Readonly<Record<string, Readonly<Record<string, { summary: string, status: number }>>>>} tables by package
 * @returns {string} docs/errors.md
 */
export function errorsPage(tables) {
  const rows = sorted(tables, ([code, { summary, status }]) => `| \`${code}\` | ${status} | ${summary} |`);
  return [
    '# Errors',
    '',
    'Every error that reaches a caller has one of these codes; `isFwkError(error, code)` tests for it. The status is what',
    'an HTTP server answers when the error reaches it. Made by `npm run docs` from the tables in the packages.',
    '',
    '| code | status | means |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/**
 * @param {Readonly<Record<string, Readonly<Record<string, string>>>>} tables by package
 * @returns {string} docs/events.md
 */
export function eventsPage(tables) {
  const rows = sorted(tables, ([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [
    '# Events',
    '',
    'What components say has happened: on `/manage/events`, in the log, and to listeners of `eventBus()`. Made by',
    '`npm run docs` from the tables in the packages.',
    '',
    '| event | means |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function sorted(tables, row) {
  return Object.values(tables).flatMap((table) =>
    Object.entries(table)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(row),
  );
}

/** A table that a package exports under this name (`kernelErrors`, `coreEvents`); empty when it has none. */
export function tableOf(exported, name) {
  return exported[name] ?? {};
}
