import { type ComponentSteps, type Datastore, redactText } from '@fwk/kernel';
import type { DatastoreReport } from './topology-report.js';

/** Most data stores that one component may name, and longest name, in characters. */
const maxDatastores = 100;
const maxNameLength = 256;

/**
 * What components say of where they keep data. One that throws, or answers no list, has none; a component cannot keep the
 * topology from being read. Credentials in names are masked.
 */
export function componentDatastores(
  components: readonly { readonly name: string; readonly steps: ComponentSteps }[],
): readonly DatastoreReport[] {
  return components.flatMap(({ name: component, steps }) =>
    told(steps).map(({ kind, name }) => ({ component, kind: shown(kind), name: shown(name) })),
  );
}

function told(steps: ComponentSteps): readonly Datastore[] {
  try {
    const answer: unknown = steps.datastores?.() ?? [];
    if (!Array.isArray(answer)) return [];
    return answer
      .filter((each) => typeof each?.kind === 'string' && typeof each.name === 'string')
      .slice(0, maxDatastores);
  } catch {
    return [];
  }
}

/** Without the user of an address: services that share a data store seldom share its users. */
function shown(text: string): string {
  const redacted = redactText(text).slice(0, maxNameLength);
  const start = redacted.indexOf('://') + 3;
  const end = redacted.indexOf('@', start);
  const slash = redacted.indexOf('/', start);
  if (start < 3 || end < 0 || (slash >= 0 && slash < end)) return redacted;
  return redacted.slice(0, start) + redacted.slice(end + 1);
}
