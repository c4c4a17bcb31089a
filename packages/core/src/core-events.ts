/** The events of this package, each in one sentence. */
export const coreEvents = Object.freeze({
  'app.started': 'Every component has started and is ready; `durationMs` says how long it took.',
  'app.failed': 'The start failed and was undone; `error` says why.',
  'app.faulted':
    'Nobody caught an error: `kind`, `error`, and what is done about it (`policy`); `untold` counts earlier ones of a burst.',
  'app.stopped':
    'The application has stopped; `failures` lists what did not go well, `cutOff` the steps and `abandoned` the calls that were not waited for, `steps` the time of each step.',
  'drain.began': 'The application began to leave; `active` calls are in flight.',
  'drain.ended': 'The wait for calls in flight is over; `abandoned` of them are still in flight.',
  'management.changed':
    'Somebody changed something by hand under `/manage`: `method`, `path`, `actor`, `from`, `reason`, and what came of it. So does taking a profile.',
  'management.refused':
    'A change by hand under `/manage` was refused before it began: `method`, `url`, `from`, `status`, `error`; `untold` counts earlier ones of a burst.',
  'logger.level-changed':
    'The level of a logger is another one; `logger`, `level`, `was`, `because` (`hand`, `configuration` or `expired`), `untilMs`.',
  'trace.export-failed': 'Traces do not reach the collector; `url`, `reason`. Told once, until they do again.',
  'trace.export-recovered': 'Traces reach the collector again; `url`, and how many spans were `dropped` meanwhile.',
  'health.changed': 'A check found another status than before; `name`, `status`, `previous`, `details`.',
});
