/** Makes a new project of one of the kinds. */
import { resolve } from 'node:path';
import { checkOptions, oneOf, type Rule, text } from '@fwk/kernel';
import { contractProject } from '../templates/contract.js';
import { serviceProject } from '../templates/service.js';
import { workspaceProject } from '../templates/workspace.js';
import { type Names, namesOf } from './names.js';
import { type ProjectFiles, writeFiles } from './write-files.js';

/** The kinds of projects, with what each is. */
export const projectKinds = Object.freeze({
  service: 'a service',
  contract: 'a contract in a package of its own',
  workspace: 'a workspace of two services, one of which calls the other',
});

/** One of the kinds. */
export type ProjectKind = keyof typeof projectKinds;

/** What is to be made. */
export interface ProjectOptions {
  readonly kind: ProjectKind;
  /** Lower-case words joined by `-`, at most 63 characters, with a scope before it or not: `order-desk`, `@acme/order-desk`. */
  readonly name: string;
  /** The team that owns it: letters, digits, `.`, `_` and `-`, at most 127 characters. @defaultValue `team-` and the name */
  readonly owner?: string | undefined;
  /** The folder, which must be empty or not there. @defaultValue the name, in the current folder */
  readonly folder?: string | undefined;
  /** Version of the framework's packages that it uses, such as `0.1.0`. */
  readonly frameworkVersion: string;
}

/** What was made. */
export interface CreatedProject {
  /** Absolute path. */
  readonly folder: string;
  /** Paths below it, with `/`. */
  readonly files: readonly string[];
}

type Checked = Pick<ProjectOptions, 'kind' | 'frameworkVersion'> & { readonly owner: string };

const ownerForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/;

/** It becomes a text in the code of the project. */
const ownerRule: Rule = (value) =>
  typeof value === 'string' && ownerForm.test(value)
    ? undefined
    : 'the name of a team: letters, digits, ".", "_" and "-", at most 127 characters';

/**
 * Makes the files of a project, all or none.
 * @throws NameInvalidError `FWK_CREATE_NAME_INVALID`, FolderTakenError `FWK_CREATE_FOLDER_TAKEN`, WriteFailedError
 * `FWK_CREATE_WRITE_FAILED`; OptionsError `FWK_KERNEL_OPTIONS_INVALID` for another kind
 */
export async function createProject(options: ProjectOptions): Promise<CreatedProject> {
  const { kind, name, frameworkVersion, ...given } = options;
  const names = namesOf(name);
  const owner = given.owner ?? `team-${names.name}`;
  checkOptions<Checked>(
    'createProject',
    { kind, frameworkVersion, owner },
    { kind, frameworkVersion, owner },
    { kind: oneOf(...(Object.keys(projectKinds) as ProjectKind[])), frameworkVersion: text, owner: ownerRule },
  );
  const folder = resolve(given.folder ?? names.name);
  const files = filesOf(kind, names, owner, frameworkVersion);
  await writeFiles(folder, files);
  return { folder, files: Object.keys(files) };
}

function filesOf(kind: ProjectKind, names: Names, owner: string, version: string): ProjectFiles {
  if (kind === 'contract') return contractProject(names, version);
  return kind === 'workspace' ? workspaceProject(names, owner, version) : serviceProject(names, owner, version);
}
