import { ConfigError, type ConfigErrorCode } from '../errors.js';

/** A place in a file; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What a reader of a format answers. */
export interface ParsedFile {
  readonly value: unknown;
  /** Where each value starts, by its written path. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** The most lexical parts that a file may have; a megabyte of brackets would otherwise hold the process for seconds. */
export const maxParts = 200_000;

/** A problem at a place in a file. The message must not quote the file: the place may hold a secret. */
export function problemAt(code: ConfigErrorCode, file: string, position: Position, message: string): ConfigError {
  return new ConfigError(code, message, { origin: { source: file, file, ...position } });
}
