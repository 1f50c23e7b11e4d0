import type { Prepare } from '../../page/contender.ts';
import type { CharLstmSpec } from '../../workloads/charLstm.ts';
import { array, nn, np, openJax } from './jax.ts';
import { lstm } from './recurrent.ts';
import { train } from './train.ts';

export const prepare: Prepare<CharLstmSpec> = async (spec, inputs) => {
  await openJax();
  const { steps, batch, characters, hiddenSize } = spec;
  const rows = steps * batch;
  const oneHot = new Float32Array(rows * characters);
  for (let i = 0; i < rows; i++) oneHot[i * characters + inputs.labels[i]] = 1;
  return train(
    (parameters, x, labels) => {
      const { weight, recurrentWeight, bias, outputWeight, outputBias } = parameters;
      const h = lstm(spec, x, weight, recurrentWeight, bias).reshape([rows, hiddenSize]);
      const logits = np.matmul(h, outputWeight).add(outputBias);
      return nn
        .logSoftmax(logits)
        .mul(labels)
        .sum()
        .mul(-1 / rows);
    },
    {
      weight: array(inputs.weight, [characters, 4 * hiddenSize]),
      recurrentWeight: array(inputs.recurrentWeight, [hiddenSize, 4 * hiddenSize]),
      bias: array(inputs.bias, [4 * hiddenSize]),
      outputWeight: array(inputs.outputWeight, [hiddenSize, characters]),
      outputBias: array(inputs.outputBias, [characters]),
    },
    [array(inputs.x, [steps, batch, characters]), array(oneHot, [rows, characters])],
  );
};
