export { AlreadyProtectedError, NotAProgramError, ProgramFailedError } from './protect/program-errors.js';
export type { RouteOptions } from './protect/program-routes.js';
export { type Protectable, protect } from './protect/protect.js';
export { type ProtectOptions, protectDefaults } from './protect/protect-options.js';
export { sendProblem } from './protect/send-problem.js';
