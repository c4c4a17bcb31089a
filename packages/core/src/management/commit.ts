/** The commit that a program was built from, as far as anything says so. Git itself is never asked: production has none. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where builds and platforms leave the commit, the most deliberate first. */
const variables = Object.freeze([
  'GIT_COMMIT',
  'COMMIT_SHA',
  'SOURCE_COMMIT',
  'SOURCE_VERSION',
  'CI_COMMIT_SHA',
  'GITHUB_SHA',
]);

const commitForm = /^[0-9a-f]{7,64}$/i;
const maxLevels = 20;

/**
 * Finds the commit in the environment, or as `gitHead` in the package of a program, where `npm publish` writes it.
 * @param program - the file that was started.
 * @returns undefined where nothing says it, or not in the form of a commit.
 */
export async function findCommit(
  environment: Readonly<Record<string, string | undefined>>,
  program: string | undefined,
): Promise<string | undefined> {
  const given = variables.map((name) => environment[name]).find((value) => commitForm.test(value ?? ''));
  return given ?? (program === undefined ? undefined : await gitHeadOf(program).catch(() => undefined));
}

async function gitHeadOf(program: string): Promise<string | undefined> {
  let folder = dirname(await realpath(program));
  for (let level = 0; level < maxLevels; level++) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const { gitHead } = Object(JSON.parse(text));
      return typeof gitHead === 'string' && commitForm.test(gitHead) ? gitHead : undefined;
    }
    if (dirname(folder) === folder) return undefined;
    folder = dirname(folder);
  }
  return undefined;
}
