import { type Device, Graph, grad, gru, lstm, mul, openDevice, sum } from '../../src/index.ts';
import type { Prepare, Runnable, TypedArray } from '../page/contender.ts';
import type { RecurrentSpec } from '../workloads/recurrent.ts';
import { compile, operand } from './run.ts';

export const prepare: Prepare<RecurrentSpec> = async (spec, inputs) =>
  runLayer(await openDevice({ backend: 'webgpu' }), spec, inputs);

/** On any device: the reference of the gradients is the same layer on the CPU. */
export function runLayer(
  device: Device,
  spec: RecurrentSpec,
  inputs: Record<string, TypedArray>,
): Promise<Runnable> {
  const { part, cell, resetAfter, steps, batch, inputSize, hiddenSize } = spec;
  const width = inputs.bias.length;
  const graph = new Graph();
  const x = operand(graph, 'x', [steps, batch, inputSize], inputs.x);
  const weights = {
    weight: operand(graph, 'weight', [inputSize, width], inputs.weight),
    recurrentWeight: operand(graph, 'recurrentWeight', [hiddenSize, width], inputs.recurrentWeight),
    bias: operand(graph, 'bias', [width], inputs.bias),
    recurrentBias: operand(graph, 'recurrentBias', [width], inputs.recurrentBias),
  };
  const { output } = cell === 'lstm' ? lstm(x, weights) : gru(x, weights, { resetAfter });
  if (part === 'forward') return compile(device, { outputs: { output } });
  const dOutput = operand(graph, 'dOutput', output.shape, inputs.dOutput);
  const { weight, recurrentWeight, bias } = weights;
  const [dX, dWeight, dRecurrentWeight, dBias] = grad(sum(mul(output, dOutput)), [
    x,
    weight,
    recurrentWeight,
    bias,
  ]);
  return compile(device, { outputs: { dX, dWeight, dRecurrentWeight, dBias } });
}
