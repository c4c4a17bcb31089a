/** What the framework needs of a logger; pino fits behind it, and so does a test's array. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

/** Plain data beside the message. An `err` field is written as an error. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A logger that writes nothing. */
export const noLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => noLogger,
};

/**
 * The logger of this name below another, so that lines say which part wrote them and the level of the part can be set.
 * @param name - words joined by dots, such as `http.server`.
 */
export function namedLogger(logger: Logger, name: string): Logger {
  // One that is `noLogger` with methods of its own has children that write nothing.
  return logger.child === noLogger.child ? logger : logger.child({ logger: name });
}
