/** What the scripts and tests of the documentation read in Markdown: code blocks, links and the anchors of headings. */

/**
 * A page in pieces, in order. Joined by line breaks, the `text` of all is the page again.
 * @param {string} page
 * @returns {{ kind: 'prose' | 'code', text: string, line: number, language: string, code: string }[]}
 */
export function piecesOf(page) {
  const pieces = [];
  let open;
  let lines = [];
  let startLine = 1;
  const close = (kind, language, endLine) => {
    if (lines.length === 0) return;
    const code =
      kind === 'code'
        ? lines
            .slice(1, -1)
            .map((line) => line.slice(open.indent))
            .join('\n')
        : '';
    pieces.push({ kind, text: lines.join('\n'), line: startLine, language, code });
    lines = [];
    startLine = endLine + 1;
  };
  page.split('\n').forEach((line, index) => {
    const fence = /^( *)(`{3,})(\S*)/.exec(line);
    if (open === undefined && fence) {
      close('prose', '', index);
      open = { mark: fence[2], language: fence[3], indent: fence[1].length };
      lines.push(line);
    } else if (open !== undefined && line.trim() === open.mark) {
      lines.push(line);
      close('code', open.language, index + 1);
      open = undefined;
    } else lines.push(line);
  });
  close('prose', '', 0);
  return pieces;
}

/** The code blocks of a page, in order. */
export function blocksOf(page) {
  return piecesOf(page).filter(({ kind }) => kind === 'code');
}

const codeOrLink = /(`+)(?!`)[\s\S]*?[^`]\1(?!`)|\]\(([^()\s]+)\)/g;

/** A page with each target of a link replaced by what `change` answers; code is left as it is. */
export function withLinks(page, change) {
  return piecesOf(page)
    .map(({ kind, text }) => {
      if (kind === 'code') return text;
      return text.replace(codeOrLink, (all, _ticks, target) => (target === undefined ? all : `](${change(target)})`));
    })
    .join('\n');
}

/** The targets of all links of a page. */
export function linksOf(page) {
  const found = [];
  withLinks(page, (target) => {
    found.push(target);
    return target;
  });
  return found;
}

/** The headings of a page, as plain text. */
export function headingsOf(page) {
  return piecesOf(page)
    .filter(({ kind }) => kind === 'prose')
    .flatMap(({ text }) => text.split('\n'))
    .flatMap((line) => {
      const [, marks, title] = /^(#{1,6}) (.+)$/.exec(line) ?? [];
      if (title === undefined) return [];
      return [
        {
          level: marks.length,
          title: title
            .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
            .replaceAll(/[`*]/g, '')
            .trim(),
        },
      ];
    });
}

/** The anchor of a heading, as code hosts make it. */
export function slugOf(title) {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of all headings of a page; one that comes again has a number behind it. */
export function anchorsOf(page) {
  const seen = new Map();
  return headingsOf(page).map(({ title }) => {
    const slug = slugOf(title);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}
