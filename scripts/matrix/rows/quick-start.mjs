/** The quick start of the documentation, done as it says there: in an empty folder, with its own commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../../docs/markdown.mjs';
import { root } from '../../workspace.mjs';
import { RowFailure } from '../command.mjs';
import { closureOf } from './managers.mjs';

const limitMs = 300_000;
const mark = '=== step';

/** The commands of a page as one script that says where each block begins, and the output that each is to have. */
export function scriptOf(page) {
  const blocks = blocksOf(page);
  const steps = blocks.flatMap(({ language, code }, index) => {
    if (language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ code, expected: next?.language === 'text' ? next.code : undefined }];
  });
  return { script: steps.map(({ code }) => `echo "${mark}"\n${code}`).join('\n'), steps };
}

/** Files of a page: blocks that begin with their name in a comment. */
export function filesOf(page) {
  return Object.fromEntries(
    blocksOf(page).flatMap(({ code }) => {
      const [, name] = /^(?:\/\/|#) ([\w-]+\.[a-z]+)\n/.exec(code) ?? [];
      return name === undefined ? [] : [[name, `${code}\n`]];
    }),
  );
}

/** Installs take our packages, and what these need of ours, from the tarballs. */
function fromTarballs(script, tarballs) {
  return script.replaceAll(/^npm install .*$/gm, (line) => {
    const ours = [...line.matchAll(/@fwk\/([a-z]+)/g)].flatMap(([, name]) => closureOf(name));
    const files = [...new Set(ours)].map((name) => tarballs[name]);
    return [line.replaceAll(/ @fwk\/[a-z]+/g, ''), ...files].join(' ');
  });
}

export const quickStartRows = [
  {
    name: 'quick-start',
    what: 'docs/quick-start.md, command by command in an empty folder',
    tools: {},
    async run(toolbox) {
      const project = toolbox.workshop.emptyProject('quick-start-project');
      const page = readFileSync(join(root, 'docs/quick-start.md'), 'utf8');
      const { script, steps } = scriptOf(page);
      const [, folder] = /^mkdir (\S+)/m.exec(script);
      project.write(
        Object.fromEntries(Object.entries(filesOf(page)).map(([name, text]) => [`${folder}/${name}`, text])),
      );
      const commands = fromTarballs(script, toolbox.workshop.tarballs).replace('mkdir ', 'mkdir -p ');
      const env = { FWK_REGISTRY_PORT: '4871', npm_config_loglevel: 'error' };
      const output = await project.run('bash', ['-e', '-m', '-c', commands], { env, limitMs });
      const said = output.split(`${mark}\n`).slice(1);
      const wrong = steps.findIndex(
        ({ expected }, index) => expected !== undefined && !said[index]?.includes(expected),
      );
      if (wrong >= 0)
        throw new RowFailure(
          `step ${wrong + 1} is to say "${steps[wrong].expected}", and says: ${said[wrong]}`,
          output,
        );
    },
  },
];
