/** Renders the tables of errors, events and metrics that the packages export, so that the pages cannot drift from the code. */

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

/**
 * @param {Readonly<Record<string, Readonly<Record<string, import('@fwk/kernel').MetricEntry>>>>} tables by package
 * @param {(spec: import('@fwk/kernel').MetricEntry & { name: string }, kind: import('@fwk/kernel').MetricEntry['kind']) => string} exposedName how Prometheus shows a name
 * @returns {string} docs/metrics.md
 */
export function metricsPage(tables, exposedName) {
  const sections = Object.entries(tables)
    .filter(([, table]) => Object.keys(table).length > 0)
    .flatMap(([name, table]) => [
      `## @fwk/${name}`,
      '',
      '| metric | kind | unit | labels | means |',
      '|---|---|---|---|---|',
      ...sorted({ [name]: table }, (row) => metricRow(row, exposedName)),
      '',
    ]);
  return [
    '# Metrics',
    '',
    'What services measure of themselves: on `/manage/metrics`, and on `/metrics` of a server. Names stand here as Prometheus shows',
    'them, and below each the name in OpenTelemetry’s form, by which code asks for it. Made by `npm run docs` from the tables in',
    'the packages (`coreMetrics`, `httpMetrics`, …). How to scrape, join registries and bound labels: [scraping](scraping.md).',
    '',
    ...sections,
  ].join('\n');
}

function metricRow([name, row], exposedName) {
  const { kind, unit, labels = {}, help } = row;
  const shown = exposedName({ name, ...row }, kind);
  const listed = Object.entries(labels).map(([label, says]) => `\`${label.replaceAll('.', '_')}\`: ${says}`);
  return `| \`${shown}\`<br>\`${name}\` | ${kind} | ${unit ?? ''} | ${listed.join('<br>')} | ${help} |`;
}

function sorted(tables, row) {
  return Object.values(tables).flatMap((table) =>
    Object.entries(table)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(row),
  );
}

/** A table that a package exports under this name (`kernelErrors`, `coreEvents`, `httpMetrics`); empty when it has none. */
export function tableOf(exported, name) {
  return exported[name] ?? {};
}
