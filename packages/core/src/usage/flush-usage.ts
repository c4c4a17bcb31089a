import type { Logger } from '@fwk/kernel';
import type { UnreadUsage, Usage } from './usage.js';

/** Told of usage that nobody has acknowledged when its instance stops; keeps it somewhere. */
export type UsageFlush = (unread: readonly UnreadUsage[]) => Promise<void> | void;

/** Rows of one line: a logger bounds how much a line may hold. */
const rowsPerLine = 50;

/**
 * Hands out what is left, for the last time. Without a function for it, or when that fails, it is written to the log: lines that
 * say `usage` with the same identity as periods have, `part` of `parts`.
 */
export async function flushUsage(usage: Usage, flush: UsageFlush | undefined, logger: Logger): Promise<void> {
  const unread = usage.drain();
  if (unread.length === 0) return;
  try {
    if (flush) return await flush(unread);
  } catch (error) {
    logger.error({ err: error }, 'usage could not be handed over at the stop; it follows here');
  }
  for (const { rows, costs = [], ...period } of unread) {
    const parts = Math.ceil(Math.max(rows.length, costs.length) / rowsPerLine);
    for (let part = 1; part <= parts; part++) {
      const [from, to] = [(part - 1) * rowsPerLine, part * rowsPerLine];
      const spent = costs.slice(from, to);
      const own = { rows: rows.slice(from, to), ...(spent.length > 0 && { costs: spent }) };
      // A message of its own each, since lines that repeat one are left out.
      const which = `period ${period.sequence}, part ${part} of ${parts}`;
      logger.info({ usage: { ...period, part, parts, ...own } }, `usage that nobody has acknowledged: ${which}`);
    }
  }
}
