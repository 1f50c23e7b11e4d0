import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { denoPath, launchChromium } from '../support/hosts.ts';
import { consoleOf, pageWith } from './inChromium.ts';
import { type Installed, installPackage, programUnder, run } from './installed.ts';

// The package as npm packs it, installed in an empty folder: the README's first program in every host, types, bundles.

const program = programUnder('A first program');
const layersProgram = programUnder('Layers');
const trainingProgram = programUnder('Training');
const lastLine = /dispatches in \d+ submit/;
let installed: Installed;
let folder = '';

beforeAll(async () => {
  // Not below the repository, whose node_modules would be found from there.
  folder = mkdtempSync(join(tmpdir(), 'tensorloom-package-'));
  installed = await installPackage(folder);
  for (const each of [installed.plain, installed.withWebGpu]) {
    writeFileSync(join(each, 'xor.mjs'), program);
    writeFileSync(join(each, 'open.mjs'), openingProgram);
    writeFileSync(join(each, 'profile.mjs'), profilingProgram);
    writeFileSync(join(each, 'layers.mjs'), layersProgram);
    writeFileSync(join(each, 'training.mjs'), trainingProgram);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where a page finds the installed package without a bundler, as the README says. */
const withPath = (text: string) => text.replace(`'tensorloom'`, `'./node_modules/tensorloom/dist/index.js'`);

/** What the program prints: why that device, the loss, the four answers, the costs of a step. */
function checkPrinted(printed: string, runsOn: 'page' | 'worker' | 'deno' | 'node' | 'cpu'): void {
  const loss = /^loss (\S+)$/m.exec(printed)?.[1];
  // Untrained, it is about 0.25.
  expect(Number(loss), printed).toBeLessThan(0.01);
  const answers = [...(/^xor .*$/m.exec(printed)?.[0] ?? '').matchAll(/\d\.\d+/g)].map(Number);
  expect(answers.map(Math.round), printed).toEqual([0, 1, 1, 0]);
  const onCpu = runsOn === 'cpu';
  expect(printed).toMatch(onCpu ? /^the CPU reference, because / : ` this ${runsOn} offers `);
  expect(printed).toMatch(onCpu ? /^0 dispatches in 0 submit$/m : /^[1-9]\d* dispatches in 1 submit$/m);
}

/** Profiles a program: what does so is loaded on demand. */
const profilingProgram = `
import { Graph, openDevice, relu } from 'tensorloom';
const graph = new Graph();
const program = await (await openDevice()).compile({ outputs: { y: relu(graph.input('x', [3])) } });
const { clock, kernels } = await program.profile({ x: [1, 2, 3] });
console.log('profiled', kernels.map(({ path }) => path).join(), 'by', clock);
`;
const profiled = /^profiled relu by (timestamp queries|repeated runs)$/m;

/** Tells what `openDevice` does where there is no adapter. */
const openingProgram = `
import { NoAdapterError, openDevice } from 'tensorloom';
const { info } = await openDevice();
const error = await openDevice({ backend: 'webgpu' }).catch((error) => error);
const { name, message } = error;
console.log(JSON.stringify({ backend: info.backend, reason: info.reason, name, message, known: error instanceof NoAdapterError }));
`;

function checkFallback(printed: string, advice: RegExp): void {
  // A browser adds words of its own.
  const { backend, reason, name, message, known } = JSON.parse(/^\{.*\}$/m.exec(printed)?.[0] ?? '{}');
  expect({ backend, name, known }).toEqual({ backend: 'cpu', name: 'NoAdapterError', known: true });
  expect(message).toMatch(advice);
  expect(reason).toBe(`the CPU reference, because ${message}`);
}

describe('the installed package', () => {
  it('holds what is meant to be published, and depends on nothing', () => {
    const published = join(installed.plain, 'node_modules/tensorloom');
    expect(readdirSync(published).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
    ]);
    expect(JSON.parse(readFileSync(join(published, 'package.json'), 'utf8')).dependencies ?? {}).toEqual({});
    expect(
      readdirSync(join(installed.plain, 'node_modules')).filter((name) => !name.startsWith('.')),
    ).toEqual(['tensorloom']);
  });
});

describe("the README's first program", () => {
  it('runs in Node', async () => {
    checkPrinted(await run(process.execPath, ['xor.mjs'], installed.withWebGpu), 'node');
  });

  it('runs in Node without the package webgpu, on the CPU reference', async () => {
    checkPrinted(await run(process.execPath, ['xor.mjs'], installed.plain), 'cpu');
  });

  it('runs in Deno', async () => {
    const { plain } = installed;
    writeFileSync(join(plain, 'deno.mjs'), program.replace(`'tensorloom'`, `'npm:tensorloom'`));
    checkPrinted(await run(denoPath(), ['run', '--cached-only', '--allow-env', 'deno.mjs'], plain), 'deno');
  });

  describe('in Chromium', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser.close());
    const runPage = (files: Record<string, string>) => consoleOf(browser, installed.plain, files, lastLine);

    it('runs in a page as it is', async () => {
      checkPrinted(await runPage({ '/': pageWith(withPath(program)) }), 'page');
    });

    it('runs in a page, bundled', async () => {
      const { text, warnings } = await bundle(program);
      expect(warnings).toEqual([]);
      checkPrinted(await runPage({ '/': pageWith(`import '/bundle.js';`), '/bundle.js': text }), 'page');
    });

    it('runs in a worker', async () => {
      const page = pageWith(`new Worker('/worker.js', { type: 'module' });`);
      checkPrinted(await runPage({ '/': page, '/worker.js': withPath(program) }), 'worker');
    });
  });

  // What a newcomer's own project may be set to.
  for (const [module, moduleResolution, file] of [
    ['esnext', 'bundler', 'xor.ts'],
    ['nodenext', 'nodenext', 'xor.mts'],
  ]) {
    it(`is typed, with moduleResolution ${moduleResolution}`, async () => {
      expect(await typeErrors(program, file, { module, moduleResolution })).toBe('');
      // The types are found at all: a mistake is one.
      const mistaken = program.replace('learningRate: 0.05', `learningRate: '0.05'`);
      expect(await typeErrors(mistaken, file, { module, moduleResolution })).toMatch(
        /error TS2322: Type 'string' is not assignable to type 'number/,
      );
    });
  }
});

describe('the profiler, loaded on demand', () => {
  it('is found in Node', async () => {
    expect(await run(process.execPath, ['profile.mjs'], installed.withWebGpu)).toMatch(profiled);
  });

  it('is found in Deno', async () => {
    const { plain } = installed;
    writeFileSync(
      join(plain, 'denoProfile.mjs'),
      profilingProgram.replace(`'tensorloom'`, `'npm:tensorloom'`),
    );
    const printed = await run(denoPath(), ['run', '--cached-only', '--allow-env', 'denoProfile.mjs'], plain);
    expect(printed).toMatch(profiled);
  });

  describe('in Chromium', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser.close());
    const runPage = (files: Record<string, string>) => consoleOf(browser, installed.plain, files, profiled);

    it('is found in a page and a worker', async () => {
      expect(await runPage({ '/': pageWith(withPath(profilingProgram)) })).toMatch(profiled);
      const page = pageWith(`new Worker('/worker.js', { type: 'module' });`);
      expect(await runPage({ '/': page, '/worker.js': withPath(profilingProgram) })).toMatch(profiled);
    });

    it('is part of a bundle of one file, and a file beside one that is split', async () => {
      const { text } = await bundle(profilingProgram);
      const page = { '/': pageWith(`import '/bundle.js';`) };
      expect(await runPage({ ...page, '/bundle.js': text })).toMatch(profiled);
      const { outputFiles } = await build({
        stdin: { contents: profilingProgram, resolveDir: installed.plain, loader: 'js' },
        bundle: true,
        minify: true,
        splitting: true,
        format: 'esm',
        platform: 'browser',
        outdir: '/',
        entryNames: 'bundle',
        write: false,
      });
      const files = Object.fromEntries(outputFiles.map(({ path, text }) => [path, text]));
      expect(outputFiles.length).toBeGreaterThan(1);
      expect(await runPage({ ...page, ...files })).toMatch(profiled);
    });
  });
});

describe("the README's layers", () => {
  it('run in Node, on WebGPU and without', async () => {
    for (const where of [installed.withWebGpu, installed.plain]) {
      const printed = await run(process.execPath, ['layers.mjs'], where);
      expect(printed).toMatch(/^ {2}conv2d +conv2d +\[64, 26, 26, 8\] +80 /m);
      // Ten classes that are equally likely lose 2.3.
      expect(Number(/^loss (\S+)$/m.exec(printed)?.[1]), printed).toBeLessThan(2.2);
    }
  });

  it('are typed', async () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext' };
    expect(await typeErrors(layersProgram, 'layers.mts', options)).toBe('');
    const mistaken = layersProgram.replace('dense(10)', `dense('10')`);
    expect(await typeErrors(mistaken, 'layers.mts', options)).toMatch(
      /error TS2345: Argument of type 'string'/,
    );
  });
});

describe("the README's training", () => {
  it('runs in Node, on WebGPU and without, and learns', async () => {
    for (const where of [installed.withWebGpu, installed.plain]) {
      const printed = await run(process.execPath, ['training.mjs'], where);
      expect(printed).toMatch(
        /^epoch 10\/10 {2}loss \S+ {2}accuracy \S+ {2}validation loss \S+ {2}accuracy \S+ {2}[\d,]+ samples\/s$/m,
      );
      // Half of the points lie inside.
      expect(Number(/^accuracy (\S+)$/m.exec(printed)?.[1]), printed).toBeGreaterThan(0.85);
    }
  });

  it('is typed', async () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext' };
    expect(await typeErrors(trainingProgram, 'training.mts', options)).toBe('');
    const mistaken = trainingProgram.replace('epochs: 10', `epochs: '10'`);
    expect(await typeErrors(mistaken, 'training.mts', options)).toMatch(/error TS2322: Type 'string'/);
  });
});

describe('the entry for ONNX', () => {
  it('is found in an empty folder, and shares its errors with the main one', async () => {
    const { plain } = installed;
    const text = `import { FormatError } from 'tensorloom';
import { loadOnnx } from 'tensorloom/onnx';
const error = await loadOnnx(new Uint8Array([7])).then(() => new Error(), (each) => each);
console.log(error instanceof FormatError, error.message);`;
    writeFileSync(join(plain, 'onnx.mjs'), text);
    expect(await run(process.execPath, ['onnx.mjs'], plain)).toMatch(/^true .*a field has the number 0/);
    const options = { module: 'nodenext', moduleResolution: 'nodenext' };
    expect(await typeErrors(text.replace('(each)', '(each: Error)'), 'onnx.mts', options)).toBe('');
  });
});

describe('the entry for WebNN', () => {
  it('is found in an empty folder, and makes graphs for the devices of the main one', async () => {
    const { plain } = installed;
    const text = `import { openDevice } from 'tensorloom';
import { MLGraphBuilder } from 'tensorloom/webnn';
const builder = new MLGraphBuilder();
const x = builder.input('x', { dataType: 'float32', shape: [1, 3] });
const w = builder.constant({ dataType: 'float32', shape: [3, 2] }, [1, 2, 3, 4, 5, 6]);
const device = await openDevice({ backend: 'cpu' });
const graph = await builder.build(device, { y: builder.relu(builder.matmul(x, w)) });
console.log(Array.from((await graph.compute({ x: [1, 0, 1] })).y, Number).join(' '));`;
    writeFileSync(join(plain, 'webnn.mjs'), text);
    expect(await run(process.execPath, ['webnn.mjs'], plain)).toMatch(/^6 8$/m);
    const options = { module: 'nodenext', moduleResolution: 'nodenext' };
    expect(await typeErrors(text, 'webnn.mts', options)).toBe('');
  });
});

describe('without an adapter', () => {
  it('Node says which package to install', async () => {
    checkFallback(
      await run(process.execPath, ['open.mjs'], installed.plain),
      /"webgpu" did not load.*npm install webgpu/,
    );
  });

  describe('in Chromium', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium({ webgpu: false });
    });
    afterAll(() => browser.close());
    const files = { '/': pageWith(withPath(openingProgram)) };

    it('a page says where to look', async () => {
      const printed = await consoleOf(browser, installed.plain, files, /^\{/);
      checkFallback(printed, /^this page has WebGPU but gives no adapter; turn hardware acceleration on/);
    });

    it('a page without https says that it needs it', async () => {
      const printed = await consoleOf(browser, installed.plain, files, /^\{/, 'http://example.test/');
      checkFallback(printed, /^this page has no WebGPU; .* open the page over https or from localhost/);
    });
  });
});

describe('bundles hold only what is used', () => {
  it('of one op', async () => {
    const { text, size } = await bundle(`import { relu } from 'tensorloom'; console.log(relu);`);
    console.log(`relu: ${size}`);
    expect(leaked(text)).toEqual([]);
    expect(text).not.toContain('matmul');
  });

  it('of one op and all that runs it', async () => {
    const { text, size } = await bundle(`import { Graph, matmul, openDevice } from 'tensorloom';
      console.log(Graph, matmul, openDevice);`);
    console.log(`Graph, matmul and openDevice: ${size}`);
    expect(leaked(text)).toEqual([]);
    expect(text).toContain('matmul');
  });

  it('of one layer', async () => {
    const { text, size } = await bundle(
      `import { dense, forward } from 'tensorloom/layers'; console.log(dense, forward);`,
    );
    console.log(`dense and forward: ${size}`);
    expect(leaked(text).filter((name) => name !== 'glorot')).toEqual([]);
    expect(text).toContain('initializers');
    const namespace = await bundle(`import * as layers from 'tensorloom/layers'; console.log(layers.dense);`);
    expect(leaked(namespace.text)).toEqual([]);
    const metric = await bundle(
      `import { meanSquaredError } from 'tensorloom/metrics'; console.log(meanSquaredError);`,
    );
    expect(leaked(metric.text)).toEqual([]);
  });

  it('of nothing, since no statement at the top of a module has an effect', async () => {
    // Not as package.json promises it, but as a bundler sees it.
    const doubting: Plugin = {
      name: 'doubting',
      setup({ onResolve }) {
        onResolve({ filter: /^tensorloom/ }, ({ path }) => {
          const [, entry = 'index'] = path.split('/');
          const file = join(installed.plain, `node_modules/tensorloom/dist/${entry}.js`);
          return { path: file, sideEffects: true };
        });
      },
    };
    const { text } = await bundle(
      `import 'tensorloom'; import 'tensorloom/layers'; import 'tensorloom/metrics';`,
      [doubting],
    );
    // What may stay is arithmetic with numbers, such as 2 ** 24, which esbuild leaves to be done.
    expect(text.length, text).toBeLessThan(100);
  });
});

/** Names of what a bundle with one small op has no use for. */
function leaked(text: string): string[] {
  return [
    'conv2d',
    'batchNorm',
    'lstm',
    'Pool2d',
    'softmax',
    'adam',
    'glorot',
    'safetensors',
    'loadOnnx',
  ].filter((name) => text.includes(name));
}

async function bundle(contents: string, plugins: Plugin[] = []) {
  const { outputFiles, warnings } = await build({
    stdin: { contents, resolveDir: installed.plain, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // A comment with a licence stays where code of that package stays.
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
    plugins,
  });
  const { text, contents: bytes } = outputFiles[0];
  const kilobytes = (length: number) => `${(length / 1000).toFixed(1)} kB`;
  return { text, warnings, size: `${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes).length)} gzipped` };
}

/** What the TypeScript compiler has to say about a program; empty where it agrees. */
async function typeErrors(text: string, file: string, options: Record<string, string>): Promise<string> {
  const { plain } = installed;
  const strict = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom'], types: [] };
  writeFileSync(join(plain, file), text);
  writeFileSync(
    join(plain, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...strict, ...options }, files: [file] }),
  );
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  return run(process.execPath, [tsc, '--project', '.'], plain).then(
    () => '',
    (error: Error) => error.message,
  );
}
