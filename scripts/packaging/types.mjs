/** Are the types wrong? Asks for each package, packed as npm would publish it, whether every resolver finds matching types. */
import { readFileSync } from 'node:fs';

/**
 * @param {string} tarball
 * @returns {Promise<string[]>} one sentence a problem
 */
export async function typeProblems(tarball) {
  const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
  const { problemKindInfo } = await import('@arethetypeswrong/core/problems');
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (!result.types) return ['it has no types'];
  return result.problems.map((problem) => {
    const { title } = problemKindInfo[problem.kind];
    const where = [problem.entrypoint, problem.resolutionKind ?? problem.resolutionOption].filter(Boolean).join(' by ');
    return `${title}${where ? `: ${where}` : ''}`;
  });
}
