import { adam, linear, lstm, reshape, softmaxCrossEntropy } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import { adamOptions } from '../reference/adam.ts';
import type { CharLstmSpec } from '../workloads/charLstm.ts';
import { compile, open, operand } from './run.ts';

export const prepare: Prepare<CharLstmSpec> = async ({ steps, batch, characters, hiddenSize }, inputs) => {
  const { device, graph } = await open();
  const parameter = (name: string, shape: number[]) =>
    graph.variable(name, shape, { initializer: inputs[name] });
  const x = operand(graph, 'x', [steps, batch, characters], inputs.x);
  const labels = operand(graph, 'labels', [steps * batch], inputs.labels);
  const { output } = lstm(x, {
    weight: parameter('weight', [characters, 4 * hiddenSize]),
    recurrentWeight: parameter('recurrentWeight', [hiddenSize, 4 * hiddenSize]),
    bias: parameter('bias', [4 * hiddenSize]),
  });
  const logits = linear(
    reshape(output, [steps * batch, hiddenSize]),
    parameter('outputWeight', [hiddenSize, characters]),
    parameter('outputBias', [characters]),
  );
  const loss = softmaxCrossEntropy(logits, labels);
  return compile(device, { outputs: { loss }, updates: adam(adamOptions).minimize(loss) });
};
