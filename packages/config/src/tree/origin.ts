/** Where a value was set. */
export interface Origin {
  /** Name of the source: `config.yaml`, `environment`, `defaults`. */
  readonly source: string;
  /** Path of the file as it was given, for values that stand in one. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** Name of the environment variable, for values that stand in one. */
  readonly variable?: string;
  /** The argument, for values that stand on the command line: `--set checkout.maxItems`. */
  readonly argument?: string;
  /** The key in a remote store, for values that stand there. */
  readonly key?: string;
}

/** The origin in words that an editor or a shell understands: `config.yaml:3:5`, `variable FWK_PORT`, `defaults`. */
export function formatOrigin(origin: Origin): string {
  if (origin.variable !== undefined) return `variable ${origin.variable}`;
  if (origin.argument !== undefined) return `argument ${origin.argument}`;
  if (origin.key !== undefined) return `${origin.source}, key ${origin.key}`;
  if (origin.file === undefined) return origin.source;
  if (origin.line === undefined) return origin.file;
  return `${origin.file}:${origin.line}:${origin.column ?? 1}`;
}
