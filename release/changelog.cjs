/** How a change stands in a CHANGELOG: its sentences, and nothing of commits. Changesets loads it by its configuration. */

/** @param {{ summary: string }} changeset */
async function getReleaseLine({ summary }) {
  const [first, ...others] = summary.trim().split('\n');
  return [`- ${first}`, ...others.map((line) => `  ${line}`.trimEnd())].join('\n');
}

/** All packages share one version, so that theirs has changed is no news. */
async function getDependencyReleaseLine() {
  return '';
}

module.exports = { getReleaseLine, getDependencyReleaseLine };
