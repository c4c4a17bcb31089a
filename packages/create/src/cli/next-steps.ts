/** What to do with a new project. */
import { relative } from 'node:path';
import { printable } from '@fwk/kernel';
import type { CreatedProject, ProjectKind } from '../project/create-project.js';

const managers: readonly string[] = ['npm', 'pnpm', 'yarn', 'bun'];

/**
 * For people; ends with a line break.
 * @param agent - what the package manager that runs the program says of itself: `pnpm/10.1.0 npm/? node/v22.0.0`
 */
export function nextSteps(kind: ProjectKind, { folder, files }: CreatedProject, agent: string | undefined): string {
  // The workspace is one of npm; the other kinds are for any.
  const said = agent?.split('/', 1)[0] ?? '';
  const manager = kind !== 'workspace' && managers.includes(said) ? said : 'npm';
  const place = relative(process.cwd(), folder) || '.';
  const steps = [
    ...(place === '.' ? [] : [`cd ${quoted(place)}`]),
    `${manager} install`,
    `${manager} test`,
    ...(kind === 'service' ? [`${manager} run dev`] : []),
    ...(kind === 'workspace' ? ['npm start -w services/catalog'] : []),
  ];
  return [
    `Made ${printable(place)} with ${files.length} files. What comes next, and README.md says the rest:`,
    '',
    ...steps,
  ]
    .map((line, index) => (index > 1 ? `  ${line}` : line))
    .join('\n')
    .concat('\n');
}

/** As a shell takes it. */
function quoted(path: string): string {
  const shown = printable(path);
  return /^[\w./@-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
