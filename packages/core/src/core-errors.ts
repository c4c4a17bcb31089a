import type { ErrorTable } from '@fwk/kernel';

/** The codes of this package. */
export const coreErrors = Object.freeze({
  FWK_CORE_CAPTIVE_DEPENDENCY: {
    summary:
      'A singleton would hold a request-scoped thing for ever. Make it request-scoped too, or hand it over per call.',
    status: 500,
  },
  FWK_CORE_CONTAINER_DISPOSED: {
    summary: 'Something was asked of a container or scope that is disposed. Ask before the stop, or of a living scope.',
    status: 503,
  },
  FWK_CORE_CYCLE: {
    summary:
      'Things need each other in a circle; the message shows it. Look one of them up late, or split out what both need.',
    status: 500,
  },
  FWK_CORE_DISPOSE_FAILED: {
    summary: 'Some instances failed to be disposed; the others were. `errors` has each.',
    status: 500,
  },
  FWK_CORE_DUPLICATE_COMPONENT: { summary: 'Two components have one name. Rename or remove one.', status: 500 },
  FWK_CORE_DUPLICATE_ENDPOINT: {
    summary: 'Two components claim one management path and method. Rename one.',
    status: 500,
  },
  FWK_CORE_DUPLICATE_INDICATOR: { summary: 'Two health checks have one name. Rename one.', status: 500 },
  FWK_CORE_DUPLICATE_PROVIDER: {
    summary: 'A key was registered twice, or overridden after it was built. Use an override, before anything is built.',
    status: 500,
  },
  FWK_CORE_INJECT_OUTSIDE: {
    summary:
      'inject() was called where no container builds anything. Get the object from the container instead of new.',
    status: 500,
  },
  FWK_CORE_INSTRUMENT_CONFLICT: {
    summary: 'One metric name was asked for with two meanings. Give one of them another name.',
    status: 500,
  },
  FWK_CORE_INSTRUMENT_INVALID: {
    summary:
      'A metric was asked for that scrapers could not read; the message names its problem. Correct its spec or labels.',
    status: 500,
  },
  FWK_CORE_MANAGEMENT_EXPOSED: {
    summary: 'Management would be reachable from other machines without a token. Set one, or listen on 127.0.0.1.',
    status: 500,
  },
  FWK_CORE_MANAGEMENT_REFUSED: {
    summary: 'A management request was refused; the message says why. The status is the one of the case.',
    status: 400,
  },
  FWK_CORE_NOT_REGISTERED: {
    summary: 'Nobody registered what was asked for; the message names who asked. Decorate it or register a provider.',
    status: 500,
  },
  FWK_CORE_NO_SCOPE: {
    summary: 'A request-scoped thing was asked for outside any scope. Ask container.createScope() for it.',
    status: 500,
  },
  FWK_CORE_PARAMETERS_UNKNOWN: {
    summary: 'A constructor has parameters that nothing describes. Use inject() in fields, or @Inject(key) on each.',
    status: 500,
  },
  FWK_CORE_PORT_TAKEN: {
    summary: 'Another process listens on the port. Stop it, choose another port, or 0 for any.',
    status: 500,
  },
  FWK_CORE_START_STOPPED: {
    summary: 'The application was stopped before its start had ended; what had started was stopped again.',
    status: 503,
  },
  FWK_CORE_STEP_FAILED: {
    summary: 'A step of starting or stopping failed; the message names component and step, the cause says why.',
    status: 500,
  },
  FWK_CORE_STEP_TIMEOUT: {
    summary: 'A step of starting or stopping did not end in time; the message names it and its limit.',
    status: 504,
  },
  FWK_CORE_STOP_FAILED: {
    summary: 'The application stopped, but some steps of it failed. `errors` has each.',
    status: 500,
  },
  FWK_CORE_UNDEFINED_KEY: {
    summary: 'What was asked for is no class and no token, most often because two modules import each other.',
    status: 500,
  },
  FWK_CORE_WRONG_STATE: { summary: 'The application is past the state that this needs. Make a new one.', status: 409 },
}) satisfies ErrorTable;
