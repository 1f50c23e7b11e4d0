import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, type Device, Graph, grad, mul, openDevice, sum, type Tensor } from '../../src/index.ts';
import { compare } from '../support/closeness.ts';
import { root } from '../support/root.ts';
import { CaseReader, numbersOf, readCases, type StoredNumbers, type TorchCase } from './torchCase.ts';
import { torchOps } from './torchOps.ts';

// Values and gradients of our ops against numbers that PyTorch computed. The folder's README tells what a case holds.
const cases = readCases(join(root, 'test/conformance/torch'));

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`PyTorch's numbers on ${backend}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await openDevice({ backend });
    });
    afterAll(() => device.dispose());

    for (const [file, torchCase] of cases) {
      it(`${torchCase.op}: ${file}`, () => checkCase(device, torchCase));
    }
  });
}

async function checkCase(device: Device, torchCase: TorchCase): Promise<void> {
  const { op, attrs, inputs, outputs, outputGradients, inputGradients, tolerance } = torchCase;
  const rule = torchOps[op];
  if (!rule) throw new Error(`no rule in torchOps.ts says what the op "${op}" is called here`);
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
  expect(Object.keys(made).sort()).toEqual(Object.keys(outputs).sort());

  // L = sum over outputs of sum(output g): the weights g are fed, so that nothing is folded away.
  const terms = Object.entries(outputGradients).map(([name, stored]) =>
    sum(mul(made[name], feed(`g of ${name}`, stored))),
  );
  const loss = terms.reduce((total, term) => add(total, term));
  const differentiable = Object.keys(inputGradients);
  const gradients = grad(
    loss,
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
    const problems = Object.entries(wanted).flatMap(([name, stored]) => {
      expect(asked[name].shape).toEqual(stored.shape);
      expect(asked[name].dtype).toBe(stored.dtype);
      const { rtol: relative, atol: absolute } = tolerance;
      return compare(name, results[name], numbersOf(stored), { relative, absolute }) ?? [];
    });
    if (problems.length > 0) throw new Error(problems.join('\n'));
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
