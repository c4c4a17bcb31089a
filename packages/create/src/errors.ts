import { type ErrorTable, FwkError, messageOf } from '@fwk/kernel';

/** The codes of this package. */
export const createErrors = Object.freeze({
  FWK_CREATE_NAME_INVALID: {
    summary:
      'A project cannot have this name. Take lower-case words joined by "-", with a scope before it if you like.',
    status: 500,
  },
  FWK_CREATE_FOLDER_TAKEN: {
    summary:
      'There is something where the project is to be made, and nothing is overwritten. Name another folder, or empty it.',
    status: 500,
  },
  FWK_CREATE_WRITE_FAILED: {
    summary:
      'The files of the project could not be written; those that were written are gone again. The cause says why.',
    status: 500,
  },
}) satisfies ErrorTable;

/** Code `FWK_CREATE_NAME_INVALID`. */
export class NameInvalidError extends FwkError {
  /** @param why - in words that follow the name. */
  constructor(name: string, why: string) {
    super('FWK_CREATE_NAME_INVALID', `a project cannot be called ${JSON.stringify(name)}: ${why}`, {
      details: { name, why },
    });
  }
}

/** Code `FWK_CREATE_FOLDER_TAKEN`; nothing was written. */
export class FolderTakenError extends FwkError {
  /** @param found - what is there, in words. */
  constructor(folder: string, found: string) {
    super(
      'FWK_CREATE_FOLDER_TAKEN',
      `${folder} ${found}, and nothing is overwritten; name another folder with --dir, or empty it`,
      { details: { folder, found } },
    );
  }
}

/** Code `FWK_CREATE_WRITE_FAILED`; what had been written was removed again. */
export class WriteFailedError extends FwkError {
  constructor(path: string, cause: unknown) {
    super('FWK_CREATE_WRITE_FAILED', `${path} could not be written: ${messageOf(cause)}`, { cause, details: { path } });
  }
}
