import uPlot from 'uplot';
import {
  adam,
  compileModel,
  dataset,
  fit,
  openDevice,
  relu,
  softmaxCrossEntropy,
  splitDataset,
} from '../../src/index.ts';
import { dense, sequential } from '../../src/layers.ts';
import { accuracy } from '../../src/metrics.ts';
import { trainingChart } from '../../src/train/chart.ts';

/** Trains in a page with a chart, and watches how long others wait for their turn, after the first epoch. */
export async function trainInPage() {
  const device = await openDevice({ backend: 'webgpu' });
  const network = sequential([dense(32, { activation: relu }), dense(4)]);
  const optimizer = adam({ learningRate: 1e-2 });
  const model = await compileModel(network, {
    device,
    loss: softmaxCrossEntropy,
    optimizer,
    metrics: [accuracy()],
  });
  const count = 2000;
  const y = Int32Array.from({ length: count }, (_, i) => i % 4);
  const data = Float32Array.from(
    { length: 16 * count },
    (_, i) => Math.sin(i) + (i % 16 === y[Math.floor(i / 16)] ? 2 : 0),
  );
  const [validation, training] = splitDataset(dataset({ x: { data, shape: [count, 16] }, y }), 0.1);
  const chart = trainingChart(uPlot, document.body);
  const gaps: number[] = [];
  let watching = false;
  let last = 0;
  const look = () => {
    const now = performance.now();
    if (watching) gaps.push(now - last);
    last = now;
    setTimeout(look);
  };
  look();
  let drawn = 0;
  for await (const event of fit(model, training, {
    epochs: 6,
    batchSize: 16,
    validation,
    callbacks: [chart],
  })) {
    if (event.kind === 'epoch') watching = true;
    if (event.kind !== 'end') continue;
    watching = false;
    const canvas = document.querySelector('canvas');
    const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    // Blue of the loss, red of the validation.
    for (let i = 0; i < pixels.length; i += 4)
      if (pixels[i + 3] > 200 && (pixels[i + 2] === 181 || pixels[i] === 209)) drawn++;
  }
  gaps.sort((a, b) => a - b);
  const share = (part: number) => gaps[Math.floor(part * (gaps.length - 1))];
  device.dispose();
  return { drawn, gaps: gaps.length, median: share(0.5), most: share(0.95), longest: share(1) };
}
