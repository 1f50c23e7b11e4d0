import * as main from 'tensorloom';
import * as layers from 'tensorloom/layers';
import * as metrics from 'tensorloom/metrics';

const modules: Readonly<Record<string, object>> = {
  tensorloom: main,
  'tensorloom/layers': layers,
  'tensorloom/metrics': metrics,
};

/**
 * Runs a snippet that the visitor may have changed and gives what it exports. A snippet is a module: it imports from tensorloom's entries, and
 * exports constants and functions.
 *
 * @throws Error with what is wrong: no such module, no such name in it, or whatever the snippet throws.
 */
export function evaluate(snippet: string): Record<string, unknown> {
  const exported = [...snippet.matchAll(/^export (?:const|function|async function) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const body = snippet
    .replace(/^import \{([^}]*)\} from ['"]([^'"]+)['"];?/gm, (_, names: string, from: string) => {
      const entry = modules[from];
      if (!entry)
        throw new Error(`there is no module "${from}" here, only ${Object.keys(modules).join(', ')}`);
      for (const name of names
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean))
        if (!(name.split(' as ')[0] in entry)) throw new Error(`"${from}" has no "${name}"`);
      return `const {${names.replace(/ as /g, ': ')}} = modules['${from}'];`;
    })
    .replace(/^export /gm, '');
  return new Function('modules', `'use strict';\n${body}\nreturn { ${exported.join(', ')} };`)(modules);
}
