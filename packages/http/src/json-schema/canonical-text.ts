/** Equality of JSON values by one text each, so that finding an equal one among many takes no comparison of all with all. */
import { isObject } from '../evolution/json-schema.js';
import type { Run } from './run.js';

/** The same text for equal values: fields are sorted, and `1.0` is `1`. */
export function canonicalText(value: unknown, run: Run): string {
  if (Array.isArray(value)) {
    run.enter();
    const text = `[${value.map((item) => canonicalText(item, run)).join()}]`;
    run.leave();
    return text;
  }
  if (isObject(value)) {
    run.enter();
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    const fields = names.sort().map((name) => `${JSON.stringify(name)}:${canonicalText(value[name], run)}`);
    run.leave();
    return `{${fields.join()}}`;
  }
  run.step();
  return JSON.stringify(value) ?? String(value);
}
