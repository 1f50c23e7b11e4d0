import { gru, lstm } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import type { RecurrentSpec } from '../workloads/recurrent.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<RecurrentSpec> = async (spec, inputs) => {
  const { cell, resetAfter, steps, batch, inputSize, hiddenSize } = spec;
  const width = inputs.bias.length;
  const { device, graph } = await open();
  const x = operand(graph, 'x', [steps, batch, inputSize], inputs.x);
  const weights = {
    weight: operand(graph, 'weight', [inputSize, width], inputs.weight),
    recurrentWeight: operand(graph, 'recurrentWeight', [hiddenSize, width], inputs.recurrentWeight),
    bias: operand(graph, 'bias', [width], inputs.bias),
    recurrentBias: operand(graph, 'recurrentBias', [width], inputs.recurrentBias),
  };
  const { output } = cell === 'lstm' ? lstm(x, weights) : gru(x, weights, { resetAfter });
  return compile(device, { outputs: { output } });
};
