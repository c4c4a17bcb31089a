/**
 * Writes docs/errors.md, docs/events.md, docs/metrics.md, docs/tunables.md and the order of layers in the README of the
 * policies from the packages' own tables, the steps of docs/existing-programs.md from its examples, the reference in each README
 * from tables and docstrings, and docs/api from the declarations.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiReport } from '../api/report.mjs';
import { packageNames, root, shippedTexts } from '../workspace.mjs';
import { orderTable, placed } from './order.mjs';
import { referenceOf } from './reference.mjs';
import { withSteps } from './steps.mjs';
import { errorsPage, eventsPage, metricsPage, tableOf } from './tables.mjs';
import { tunablesPage } from './tunables.mjs';

/** Writes all of it anew. What the packages export must be built. */
export async function writeGenerated() {
  const errors = {};
  const events = {};
  const metrics = {};
  const exports = {};
  for (const name of packageNames()) {
    const exported = await import(`@fwk/${name}`);
    exports[name] = exported;
    errors[name] = own(tableOf(exported, `${name}Errors`), name);
    events[name] = tableOf(exported, `${name}Events`);
    metrics[name] = tableOf(exported, `${name}Metrics`);
  }
  writeFileSync(join(root, 'docs/errors.md'), errorsPage(errors));
  writeFileSync(join(root, 'docs/events.md'), eventsPage(events));
  const { prometheusName } = await import('../../packages/core/dist/metrics/metric-names.js');
  writeFileSync(join(root, 'docs/metrics.md'), metricsPage(metrics, prometheusName));
  const { canonicalOrder } = await import('../../packages/resilience/dist/order/canonical-order.js');
  const { clientFields: fields } = await import('../../packages/http/dist/client/client-fields.js');
  const { healthRules: health } = await import('../../packages/core/dist/health/health-rules.js');
  const page = tunablesPage({ exports, sources: shippedTexts(), order: canonicalOrder, fields, health });
  writeFileSync(join(root, 'docs/tunables.md'), page);
  const readme = join(root, 'packages/resilience/README.md');
  writeFileSync(readme, placed(readFileSync(readme, 'utf8'), 'order', orderTable(canonicalOrder)));
  const programs = join(root, 'docs/existing-programs.md');
  writeFileSync(programs, withSteps(readFileSync(programs, 'utf8')));
  mkdirSync(join(root, 'docs/api'), { recursive: true });
  for (const name of packageNames()) {
    const page = join(root, 'packages', name, 'README.md');
    const reference = referenceOf(name, { errors: errors[name], events: events[name] });
    writeFileSync(page, placed(readFileSync(page, 'utf8'), 'reference', reference));
    writeFileSync(join(root, 'docs/api', `${name}.md`), apiReport(name));
  }
}

/** A package that re-exports another must not list that one's codes again. */
function own(table, name) {
  return Object.fromEntries(Object.entries(table).filter(([code]) => code.startsWith(`FWK_${name.toUpperCase()}_`)));
}
