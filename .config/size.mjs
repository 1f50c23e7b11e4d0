/**
 * Prints how large tensorloom is in a page, minified and gzipped: in a page that trains a perceptron, in one that trains a classifier, all
 * of the main entry, and all entries. --json: as JSON; --parts: what it is made of. test/size.test.ts holds the budgets.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { compactWgsl } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const programs = {
  /** A page that trains a multilayer perceptron. */
  mlp: `
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
  const { contents: bytes } = outputFiles[0];
  const { inputs } = Object.values(metafile.outputs)[0];
  const parts = Object.entries(inputs).map(([path, { bytesInOutput }]) => [bytesInOutput, path]);
  parts.sort(([a], [b]) => b - a);
  sizes[name] = { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length, parts };
}

if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify(
      Object.fromEntries(Object.entries(sizes).map(([name, { parts, ...size }]) => [name, size])),
    ),
  );
} else {
  for (const [name, { minified, gzipped, parts }] of Object.entries(sizes)) {
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    console.log(`${name}: ${kilobytes(gzipped)} gzipped, ${kilobytes(minified)} minified`);
    if (process.argv.includes('--parts'))
      for (const [bytes, path] of parts.slice(0, 60)) console.log(`  ${bytes} ${path}`);
  }
}
