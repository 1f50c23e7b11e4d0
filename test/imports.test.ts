import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');

/** What each folder of src/ may import from, besides itself. The map in src/README.md says the same in words. */
const below: Readonly<Record<string, readonly string[]>> = {
  core: [],
  host: ['core'],
  graph: ['core'],
  ops: ['core', 'graph'],
  nn: ['core', 'graph', 'ops', 'io'],
  optim: ['core', 'graph', 'ops'],
  backends: ['core', 'graph', 'host'],
  io: ['core'],
  train: ['core', 'graph', 'ops', 'nn', 'optim', 'backends', 'io'],
  verify: ['core', 'graph', 'ops', 'backends'],
  onnx: ['core', 'graph', 'ops', 'backends', 'host'],
  webnn: ['core', 'graph', 'ops', 'nn', 'backends'],
};

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.split(sep).join('/'));

/** Every import of a file of ours, type-only ones and those on demand included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const pattern = /(?:import|export)\s[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g;
  const found = [...text.matchAll(pattern)].map(([, always, onDemand]) => always ?? onDemand);
  return found.map((path) => posix.normalize(posix.join(posix.dirname(file), path)));
}

const graph = new Map(files.map((file) => [file, importsOf(file)]));

describe('the house', () => {
  it('has the folders that the map names', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
    expect([...folders].sort()).toEqual(Object.keys(below).sort());
    const map = readFileSync(join(source, 'README.md'), 'utf8');
    for (const folder of folders) expect(map).toContain(`\`${folder}/\``);
  });

  it('imports only downwards', () => {
    const upward = [...graph].flatMap(([file, imports]) => {
      const [folder] = file.split('/');
      const allowed = below[folder];
      if (!allowed) return [];
      return imports
        .filter((path) => !path.startsWith(`${folder}/`) && !allowed.includes(path.split('/')[0]))
        .map((path) => `${file} -> ${path}`);
    });
    expect(upward).toEqual([]);
  });

  it('imports in no circle', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('imports files that exist, with their extensions', () => {
    const missing = [...graph].flatMap(([file, imports]) =>
      imports.filter((path) => !files.includes(path)).map((path) => `${file} -> ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('loads on demand only what imports nothing but types and shaders', () => {
    // Otherwise bundlers cut what both sides import into further files, or wrap it, and a page loads more instead of less.
    const onDemand = files.flatMap((file) =>
      [...readFileSync(join(source, file), 'utf8').matchAll(/await import\('(\.[^']+)'\)/g)].map((match) =>
        posix.normalize(posix.join(posix.dirname(file), match[1])),
      ),
    );
    expect(onDemand).toContain('backends/webgpu/profiler.ts');
    const entangled = onDemand.flatMap((file) =>
      [
        ...readFileSync(join(source, file), 'utf8').matchAll(
          /^import (?!type )[^;]*?from\s+'(?!#shaders\/)[^']+'/gm,
        ),
      ].map(([statement]) => `${file}: ${statement}`),
    );
    expect(entangled).toEqual([]);
  });

  it('lets only open.ts know which backends exist', () => {
    const knowing = [...graph]
      .filter(
        ([file, imports]) =>
          !/^backends\/(cpu|webgpu)\//.test(file) &&
          imports.some((path) => /^backends\/(cpu|webgpu)\//.test(path)),
      )
      .map(([file]) => file);
    expect(knowing).toEqual(['backends/open.ts']);
  });

  it('uses each shader', () => {
    const shaders = readdirSync(join(root, 'shaders')).filter((file) => file.endsWith('.wgsl'));
    const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');
    expect(shaders.filter((shader) => !text.includes(`#shaders/${shader}'`))).toEqual([]);
  });
});
