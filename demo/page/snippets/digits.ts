import { adam, heNormal, relu, softmaxCrossEntropy } from 'tensorloom';
import { batchNorm, conv2d, dense, dropout, flatten, maxPool2d, sequential } from 'tensorloom/layers';
import { accuracy } from 'tensorloom/metrics';

// 28 x 28 x 1 -> 24 x 24 x 8 -> 12 x 12 x 8 -> 10 x 10 x 16 -> 5 x 5 x 16 -> 10
const weight = heNormal();
export const network = sequential(
  [
    conv2d(8, 5, { name: 'conv1', bias: false, initializers: { weight } }),
    batchNorm({ name: 'norm1' }),
    relu,
    maxPool2d(2),
    conv2d(16, 3, { name: 'conv2', bias: false, initializers: { weight } }),
    batchNorm({ name: 'norm2' }),
    relu,
    maxPool2d(2),
    flatten(),
    dropout(0.1),
    dense(10, { name: 'dense', initializers: { weight: 0 } }),
  ],
  { name: 'digits' },
);

export const goal = {
  loss: softmaxCrossEntropy,
  optimizer: adam({ learningRate: 0.004, beta2: 0.99 }),
  metrics: [accuracy()],
  seed: 1,
};

export const training = { epochs: 2, batchSize: 32, dropLast: true };

// And the worker of this page does:
//   const model = await compileModel(network, goal);
//   for await (const event of fit(model, digits, training)) show(event);
