/** Changes of the errors that an operation declares. */
import { answerChanges } from './answer-changes.js';
import type { ContractChange, TellChange } from './contract-change.js';
import type { ErrorDescription } from './contract-description.js';

type Errors = Readonly<Record<string, ErrorDescription>>;

/** What changed between the errors of two versions of an operation. */
export function errorChanges(operation: string, before: Errors = {}, after: Errors = {}): ContractChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const change: TellChange = (breaks, why, path = '') => ({ operation, part: `error ${name}`, path, breaks, why });
    const [was, is] = [own(before, name), own(after, name)];
    if (!was)
      return is
        ? [
            change(
              'old clients',
              `it is new: old clients get it as a RemoteError of status ${is.status}, which they do not expect`,
            ),
          ]
        : [];
    if (!is)
      return [
        change(
          'new clients',
          `it is gone: new clients get it from old servers as a RemoteError of status ${was.status}`,
        ),
      ];
    return changesOf(change, was, is);
  });
}

function changesOf(change: TellChange, was: ErrorDescription, is: ErrorDescription): ContractChange[] {
  const changes: ContractChange[] = [];
  for (const field of ['status', 'type'] as const) {
    if (was[field] !== is[field]) {
      changes.push(
        change(
          'old clients',
          `its ${field} is ${is[field]}, ${was[field]} before: old clients get it as a RemoteError`,
        ),
      );
    }
  }
  changes.push(
    ...answerChanges(change, was.data, is.data, {
      gone: 'it carries nothing any more, and old clients expect something',
      early: 'it carries something now: old servers send nothing',
    }),
  );
  if (was.failure !== is.failure) {
    changes.push(
      change(
        'nobody',
        `it counts ${is.failure ? 'as a failure' : 'as no failure'} from now on, by the contract of each client`,
      ),
    );
  }
  if (was.retryable !== is.retryable) {
    changes.push(
      change(
        'nobody',
        `it is ${is.retryable ? 'tried again' : 'not tried again'} from now on, by the contract of each client`,
      ),
    );
  }
  return changes;
}

function own(errors: Errors, name: string): ErrorDescription | undefined {
  return Object.hasOwn(errors, name) ? errors[name] : undefined;
}
