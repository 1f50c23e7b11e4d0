// How fast is each variant of matmul on this adapter? `npm run bench -- matmul`

import { openDevice } from '../src/backends/open.ts';
import { Graph } from '../src/graph/graph.ts';
import { matmul } from '../src/ops/matmul.ts';
import { check, time } from './measure.ts';

const shapes = [
  [64, 64, 64],
  [256, 256, 256],
  [512, 512, 512],
  [1, 1024, 1024],
  [64, 784, 256],
  [63, 65, 67],
] as const;

const device = await openDevice({ backend: 'webgpu' });
const reference = await openDevice({ backend: 'cpu' });
console.log(`${device.info.name} (${device.info.reason})`);
for (const [m, k, n] of shapes) {
  const graph = new Graph();
  const outputs = { y: matmul(graph.input('a', [m, k]), graph.input('b', [k, n])) };
  const feeds = {
    a: Float32Array.from({ length: m * k }, (_, i) => Math.fround((i * 0.6180339887) % 1)),
    b: Float32Array.from({ length: k * n }, (_, i) => Math.fround((i * 0.7548776662) % 1)),
  };
  const want = await (await reference.compile({ outputs })).run(feeds);
  for (const variant of ['default', 'direct', 'splitK', 'tiled']) {
    const program = await device.compile({
      outputs,
      variants: variant === 'default' ? undefined : { matmul: variant },
    });
    check(`matmul ${variant}`, (await program.run(feeds)).y, want.y);
    const { median, least, most } = await time(program, feeds);
    const rate = program.stats.flops / median / 1e6;
    const shape = `${m} x ${k} x ${n}`.padEnd(18);
    const spread = `(${least.toFixed(2)} to ${most.toFixed(2)})`;
    console.log(
      `${shape} ${variant.padEnd(8)} ${median.toFixed(2).padStart(8)} ms ${spread.padEnd(18)} ${rate.toFixed(2)} GFLOP/s`,
    );
    program.dispose();
  }
}
device.dispose();
