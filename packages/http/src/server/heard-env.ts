/**
 * Callers are told that the log says why a handler failed. A server that was given no logger has no log, and whoever tries one out would
 * look for the reason in vain: so the first such failure of each server is a warning of the process.
 */
import { type Env, type LogFields, makeEnv, messageOf, noLogger } from '@fwk/kernel';

/** The environment with a logger that is heard: the one that it has, or one that warns once. */
export function heardEnv(env: Env): Env {
  if (env.logger !== noLogger) return env;
  let warned = false;
  const error = ({ operation, err }: LogFields, message: string) => {
    if (warned) return;
    warned = true;
    const where = typeof operation === 'string' ? ` (${operation})` : '';
    process.emitWarning(
      `${message}${where}: ${messageOf(err)}; further failures of this server are not told: give it a logger, createServer({ env: { logger } })`,
      { type: 'FwkServerWarning', ...(err instanceof Error && err.stack !== undefined && { detail: err.stack }) },
    );
  };
  return makeEnv({ ...env, logger: { ...noLogger, error } });
}
