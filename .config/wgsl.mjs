import { readFileSync } from 'node:fs';

/** Shaders without comments and spaces that mean nothing: what a published file needs. */
export const compactWgsl = {
  name: 'compact-wgsl',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({
      contents: compact(readFileSync(path, 'utf8')),
      loader: 'text',
    }));
    esbuild.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: compactLiterals(readFileSync(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

/** The same for template literals in TypeScript that are marked as a shader's text and have no `${…}`. The line break at their start stays. */
export function compactLiterals(source) {
  return source.replace(
    /\/\* wgsl \*\/ `((?:[^`\\$]|\\.)*)`/g,
    (_, text) => `\`${text.startsWith('\n') ? '\n' : ''}${compact(text)}\``,
  );
}

/** Lines that begin with `#` stay alone on theirs; a hole (`${NAME}`) counts as a word. Of two words, or two signs that could join, the space stays. */
export function compact(text) {
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*$/, '').trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('#') ? line : squeeze(line)))
    .join('\n');
}

function squeeze(line) {
  return line.replace(/(\S)\s+(?=(\S))/g, (_, before, after) => {
    const words = /[\w}]/.test(before) && /[\w$@]/.test(after);
    const signs = /[-+&|<>=!*/%^]/.test(before) && /[-+&|<>=!*/%^]/.test(after);
    return words || signs ? `${before} ` : before;
  });
}
