import { type ContextEntry, type Priority, priorityKey } from '@fwk/kernel';

/** From what goes last to what goes first. */
const ranks: readonly Priority[] = ['background', 'sheddable', 'default', 'critical'];

const entries: Readonly<Record<Priority, ContextEntry>> = {
  critical: priorityKey.of('critical'),
  default: priorityKey.of('default'),
  sheddable: priorityKey.of('sheddable'),
  background: priorityKey.of('background'),
};

/**
 * The priority of a request. What a caller says lowers it and never raises it above the contract's, or anybody could go
 * before all others; a caller that the configuration trusts may say anything.
 * @returns what to put into the context; undefined for the default.
 */
export function priorityEntry(
  claimed: Priority | undefined,
  contracted: Priority = 'default',
  trusted: boolean,
): ContextEntry | undefined {
  const believed = claimed !== undefined && (trusted || ranks.indexOf(claimed) < ranks.indexOf(contracted));
  const priority = believed ? claimed : contracted;
  return priority === 'default' ? undefined : entries[priority];
}
