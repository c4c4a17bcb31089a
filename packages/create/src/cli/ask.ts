/** Asks in a terminal for what was not said on the command line. */
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '@fwk/kernel';
import { type ProjectKind, projectKinds } from '../project/create-project.js';
import { namesOf } from '../project/names.js';
import type { Command } from './read-command.js';

/** Where questions are asked and answered. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** What has to be known. */
export interface Answers {
  readonly kind: ProjectKind;
  readonly name: string;
}

/** @returns undefined when the user ended it, by Ctrl-C or Escape */
export async function ask(command: Command, terminal: Terminal): Promise<Answers | undefined> {
  const { isCancel, select, text } = await import('@clack/prompts');
  const kind =
    command.kind ??
    (await select<ProjectKind>({
      ...terminal,
      message: 'What do you want to make?',
      options: (Object.keys(projectKinds) as ProjectKind[]).map((value) => ({
        value,
        label: value,
        hint: projectKinds[value],
      })),
    }));
  if (isCancel(kind)) return undefined;
  const name =
    command.name ??
    (await text({ ...terminal, message: `What is the ${kind} called?`, placeholder: 'order-desk', validate: faultOf }));
  return isCancel(name) ? undefined : { kind, name };
}

function faultOf(name: string | undefined): string | undefined {
  try {
    namesOf(name ?? '');
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
