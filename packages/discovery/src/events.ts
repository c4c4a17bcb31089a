/** The events of this package: name and what it says. */
export const discoveryEvents = Object.freeze({
  'instance.registered': 'This process registered an instance, for the first time or again after a loss.',
  'instance.refused': 'The registry refused to take an instance of this process again; carries the error.',
  'instance.deregistered': 'This process took its instance out of the registry.',
  'endpoint.added': 'A watched service has a new endpoint.',
  'endpoint.removed': 'An endpoint of a watched service is gone.',
  'endpoint.ejected':
    'A balancer stopped picking an endpoint; carries rule, measured value, threshold, the calls looked at, since and until when, and the last error.',
  'endpoint.ejection-withheld':
    'A rule would put an endpoint out, but as many are out as may be; carries what `endpoint.ejected` does, and how many are out.',
  'endpoint.readmitted':
    'A balancer picks an endpoint again; carries the rule that had put it out, and by what it came back: `call`, `check` or `options`.',
  'routing.failed-over':
    'Too few endpoints of a priority are healthy, so that lower ones get calls too; carries the share of each.',
  'routing.panicked':
    'Too few endpoints are healthy at all, so that those of some priorities are called whether healthy or not.',
  'routing.group-empty':
    'A group of a traffic split has no endpoint that is UP; the others get its share. Carries how many are known.',
  'routing.split-unmatched':
    'No group of a traffic split has an endpoint that is UP; all that fit tags and version are called as one group.',
  'routing.key-missing': 'A call had no key for a traffic split, so that chance decided; told once, carries why.',
  'routing.recovered': 'What another event of routing told is over; `from` is its name, `group` the group of a split.',
  'routing.priority-ignored':
    'The metadata of endpoints have a priority that is no whole number from 0 to 65535; it counts as 0.',
  'balancer.key-missing':
    'A balancer that chooses by a key was given calls without one; they went where fewer calls were under way. Carries how many since the last such event, and why the last had none.',
  'membership.restored': 'The registry has not answered yet; the list that was saved of a service is used meanwhile.',
  'membership.kept': 'A registry answered an empty list for a service that had members; the last list stays in use.',
  'registry.lost': 'The connection to the registry is gone; known lists stay in use and are marked stale.',
  'registry.regained': 'The registry answers again.',
  'registry.took-over': 'This process serves the registry of the machine from now on.',
  'registry.preserving':
    'Fewer renewals of a group arrive than expected, so the registry served here evicts none of it; carries the figures.',
  'instance.overridden':
    'An operator set the status of an instance, in the registry served here; carries why and who, and `claimedBy` where only the process of the instance says so.',
  'instance.override-lifted': 'The own word of an instance counts again, in the registry served here.',
  'instance.evicted': 'The registry served by this process dropped an instance whose lease had run out.',
});

/** The name of an event of this package. */
export type DiscoveryEvent = keyof typeof discoveryEvents;
