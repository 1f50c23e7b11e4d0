import { describe, expect, it } from 'vitest';
import {
  adam,
  compileModel,
  evaluate,
  fit,
  formatEvent,
  meanSquaredError,
  openDevice,
  predict,
  sigmoid,
  tanh,
} from '../../src/index.ts';
import { dense, sequential } from '../../src/layers.ts';

describe('fit', () => {
  for (const backend of ['cpu', 'webgpu'] as const)
    it(`xor ${backend}`, async () => {
      const device = await openDevice({ backend });
      const model = await compileModel(
        sequential([dense(8, { activation: tanh }), dense(1, { activation: sigmoid })]),
        {
          device,
          seed: 1,
          loss: meanSquaredError,
          optimizer: adam({ learningRate: 0.1 }),
        },
      );
      const data = {
        x: [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ],
        y: [[0], [1], [1], [0]],
      };
      for await (const event of fit(model, data, { epochs: 200, batchSize: 3, batchesPerEvent: 100 }))
        if (event.kind !== 'epoch' || event.epoch % 50 === 0) console.log(formatEvent(event));
      console.log(await evaluate(model, data), await predict(model, data.x));
      expect((await evaluate(model, data)).loss).toBeLessThan(0.01);
      device.dispose();
    });
});
