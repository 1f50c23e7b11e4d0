import type { Device } from '../../../src/backends/backend.ts';
import { Graph, grad, mul, sum, type Tensor } from '../../../src/index.ts';
import { add } from '../../../src/ops/arithmetic.ts';
import { type Output, Skipped, type Suite, type SuiteCase, textOf } from '../suite.ts';
import {
  CaseReader,
  numbersOf,
  type StoredNumbers,
  type TorchCase,
  type TrainingCase,
} from '../torchCase.ts';
import { torchOps } from '../torchOps.ts';
import { runTraining } from '../torchTraining.ts';

/** Values and gradients that PyTorch computed: one JSON file a case, which says its `kind`. */
export const torch: Suite = {
  name: 'torch',
  matches: ({ names }) => names.some((name) => /^(lstm|gru|conv2d|train)_\w+\.json$/.test(name)),
  needs: (name) => name.endsWith('.json'),
  cases(files) {
    return files.names
      .filter((name) => name.endsWith('.json'))
      .map((name) =>
        toCase(name.replace(/\.json$/, ''), JSON.parse(textOf(files, name)) as TorchCase | TrainingCase),
      );
  },
};

function toCase(name: string, stored: TorchCase | TrainingCase): SuiteCase {
  if (stored.kind === 'training')
    return { name, op: 'training', usesFloat16: false, run: (device) => runTraining(device, stored) };
  return { name, op: stored.op, usesFloat16: false, run: (device) => runTorchCase(device, stored) };
}

/** Outputs and gradients of one case of kind "op". */
export async function runTorchCase(device: Device, torchCase: TorchCase): Promise<Output[]> {
  const { op, attrs, inputs, outputs, outputGradients, inputGradients, tolerance } = torchCase;
  const rule = torchOps[op];
  if (!rule) throw new Skipped(`no rule for the op ${op}`);
  const graph = new Graph();
  const feeds: Record<string, number[]> = {};
  const feed = (name: string, stored: StoredNumbers) => {
    feeds[name] = numbersOf(stored);
    return graph.input(name, stored.shape, stored.dtype);
  };
  const tensors = mapValues(inputs, (stored, name) => feed(name, stored));
  const reader = new CaseReader(graph, tensors, attrs);
  const made = rule(reader);
  reader.checkAllRead();
  if (String(Object.keys(made).sort()) !== String(Object.keys(outputs).sort())) {
    throw new Error(
      `the rule gives ${Object.keys(made).join(', ')}, the case has ${Object.keys(outputs).join(', ')}`,
    );
  }

  // L = sum over outputs of sum(output g): the weights g are fed, so that nothing is folded away.
  const terms = Object.entries(outputGradients).map(([name, stored]) =>
    sum(mul(made[name], feed(`g of ${name}`, stored))),
  );
  const differentiable = Object.keys(inputGradients);
  const gradients =
    differentiable.length === 0
      ? []
      : grad(
          terms.reduce((total, term) => add(total, term)),
          differentiable.map((name) => tensors[name]),
        );

  const wanted: Record<string, StoredNumbers> = { ...outputs };
  const asked: Record<string, Tensor> = { ...made };
  differentiable.forEach((name, i) => {
    wanted[`gradient of ${name}`] = inputGradients[name];
    asked[`gradient of ${name}`] = gradients[i];
  });
  const program = await device.compile({ outputs: asked });
  try {
    const results = await program.run(feeds);
    const { rtol: relative, atol: absolute } = tolerance;
    return Object.entries(wanted).map(([name, stored]) => {
      const { dtype, shape } = asked[name];
      if (dtype !== stored.dtype) throw new Error(`${name} is ${dtype}, expected ${stored.dtype}`);
      const shapes = { got: shape, want: stored.shape };
      return {
        name,
        got: results[name],
        want: numbersOf(stored),
        dtype,
        shapes,
        bound: { relative, absolute },
      };
    });
  } finally {
    program.dispose();
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
