/**
 * Prints how large tensorloom is in a page, minified and gzipped: in a page that trains a perceptron, in one that does it with fit, in
 * one that trains a classifier, all of the main entry, and all entries. What is loaded when it is used for the first time counts apart, as `later`. --json: as JSON; --parts:
 * what it is made of. test/size.test.ts holds the budgets.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { compactWgsl } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const programs = {
  /** A page that trains a multilayer perceptron in a loop of its own. */
  mlp: `
    import { adam, Graph, meanSquaredError, openDevice, relu } from './src/index.ts';
    import { dense, forward, sequential } from './src/layers.ts';
    const network = sequential([dense(8, { activation: relu }), dense(1)]);
    const graph = new Graph({ seed: 1 });
    const { output, parameters } = forward(network, graph.input('x', [4, 2]), { training: true });
    const loss = meanSquaredError(output, graph.input('y', [4, 1]));
    const device = await openDevice();
    const updates = adam({ learningRate: 0.05 }).minimize(loss, parameters);
    const step = await device.compile({ outputs: { loss }, updates });
    const feeds = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };
    for (let i = 0; i < 500; i++) await step.submit(feeds);
    console.log((await step.run(feeds)).loss[0]);`,
  /** The same with fit: datasets, validation, events, early stopping and checkpoints at hand. */
  fit: `
    import { adam, compileModel, fit, meanSquaredError, relu } from './src/index.ts';
    import { dense, sequential } from './src/layers.ts';
    const network = sequential([dense(8, { activation: relu }), dense(1)]);
    const model = await compileModel(network, { loss: meanSquaredError, optimizer: adam({ learningRate: 0.05 }) });
    for await (const event of fit(model, { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]] }, { epochs: 500 }))
      if (event.kind === 'epoch') console.log(event.loss);`,
  /** The same for classes, with accuracy. */
  classifier: `
    import { adam, compileModel, fit, relu, softmaxCrossEntropy } from './src/index.ts';
    import { dense, sequential } from './src/layers.ts';
    import { accuracy } from './src/metrics.ts';
    const network = sequential([dense(128, { activation: relu }), dense(10)]);
    const model = await compileModel(network, {
      loss: softmaxCrossEntropy, optimizer: adam({ learningRate: 1e-3 }), metrics: [accuracy()] });
    for await (const event of fit(model, data, { epochs: 5, validation: 0.1 })) console.log(event.loss);`,
  main: `export * from './src/index.ts';`,
  everything: `
    export * from './src/index.ts';
    export * as layers from './src/layers.ts';
    export * as metrics from './src/metrics.ts';`,
};

const sizes = {};
for (const [name, contents] of Object.entries(programs)) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    outdir: 'page',
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['webgpu', 'node:*'],
    legalComments: 'none',
    charset: 'utf8',
    plugins: [compactWgsl],
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const { outputs } = metafile;
  const texts = new Map(outputFiles.map(({ path, contents }) => [relative(root, path), contents]));
  const first = new Set();
  const load = (path) => {
    if (first.has(path)) return;
    first.add(path);
    for (const { path: next, kind } of outputs[path].imports)
      if (kind === 'import-statement' && outputs[next]) load(next);
  };
  load(Object.keys(outputs).find((path) => outputs[path].entryPoint === '<stdin>'));
  const sizeOf = (paths) => {
    // Each file is compressed by itself.
    const contents = paths.map((path) => texts.get(path));
    const minified = contents.reduce((total, { length }) => total + length, 0);
    const gzipped = contents.reduce((total, bytes) => total + gzipSync(bytes, { level: 9 }).length, 0);
    const parts = paths.flatMap((path) =>
      Object.entries(outputs[path].inputs).map(([input, { bytesInOutput }]) => [bytesInOutput, input]),
    );
    return { minified, gzipped, parts: parts.sort(([a], [b]) => b - a) };
  };
  sizes[name] = {
    ...sizeOf([...first]),
    later: sizeOf([...texts.keys()].filter((path) => !first.has(path))),
  };
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(sizes, (key, value) => (key === 'parts' ? undefined : value)));
} else {
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  const print = (what, { minified, gzipped, parts }) => {
    console.log(`${what}: ${kilobytes(gzipped)} gzipped, ${kilobytes(minified)} minified`);
    if (process.argv.includes('--parts'))
      for (const [bytes, path] of parts.slice(0, 60)) console.log(`  ${bytes} ${path}`);
  };
  for (const [name, { later, ...size }] of Object.entries(sizes)) {
    print(name, size);
    print(`  later (${[...new Set(later.parts.map(([, path]) => path))].join(', ')})`, later);
  }
}
