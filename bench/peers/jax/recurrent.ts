import type { Prepare } from '../../page/contender.ts';
import type { RecurrentSpec } from '../../workloads/recurrent.ts';
import { array, grad, nn, np, openJax, runJitted, type Value } from './jax.ts';

export const prepare: Prepare<RecurrentSpec> = async (spec, inputs) => {
  await openJax();
  const { part, steps, batch, inputSize, hiddenSize, cell } = spec;
  const width = inputs.bias.length;
  const operands = [
    array(inputs.x, [steps, batch, inputSize]),
    array(inputs.weight, [inputSize, width]),
    array(inputs.recurrentWeight, [hiddenSize, width]),
    array(inputs.bias, [width]),
    array(inputs.recurrentBias, [width]),
  ];
  const layer = (x: Value, weight: Value, recurrentWeight: Value, bias: Value, recurrentBias: Value) =>
    cell === 'lstm'
      ? lstm(spec, x, weight, recurrentWeight, bias.add(recurrentBias))
      : gru(spec, x, weight, recurrentWeight, bias, recurrentBias);
  if (part === 'forward')
    return runJitted(
      (x, weight, recurrentWeight, bias, recurrentBias) => ({
        output: layer(x, weight, recurrentWeight, bias, recurrentBias),
      }),
      operands,
    );
  const product = (dOutput: Value, ...values: Parameters<typeof layer>) =>
    layer(...values)
      .mul(dOutput)
      .sum();
  const gradients = grad(product, { argnums: [1, 2, 3, 4] });
  return runJitted(
    (dOutput, ...values) => {
      const [x, weight, recurrentWeight, bias, recurrentBias] = values;
      const [dX, dWeight, dRecurrentWeight, dBias] = gradients(
        dOutput,
        x,
        weight,
        recurrentWeight,
        bias,
        recurrentBias,
      );
      return { dX, dWeight, dRecurrentWeight, dBias };
    },
    [array(inputs.dOutput, [steps, batch, hiddenSize]), ...operands],
  );
};

/** Column blocks of width `size`. */
const gates = (x: Value, size: number): Value[] => {
  const count = x.shape[1] / size;
  return Array.from({ length: count }, (_, g) => {
    const source = g < count - 1 ? x.ref : x;
    return source.slice([], [g * size, (g + 1) * size]);
  });
};

/** The loop is unrolled, for jax-js has no scan; the input's product comes before it. */
export function lstm(
  spec: { steps: number; batch: number; hiddenSize: number },
  x: Value,
  weight: Value,
  recurrentWeight: Value,
  bias: Value,
): Value {
  const { steps, batch, hiddenSize: size } = spec;
  const projected = np.matmul(x, weight).add(bias);
  let h = np.zeros([batch, size]);
  let c = np.zeros([batch, size]);
  const outputs: Value[] = [];
  for (let t = 0; t < steps; t++) {
    const fromInput = projected.ref.slice(t);
    const [i, f, g, o] = gates(fromInput.add(np.matmul(h, recurrentWeight.ref)), size);
    c = nn
      .sigmoid(f)
      .mul(c)
      .add(nn.sigmoid(i).mul(np.tanh(g)));
    h = nn.sigmoid(o).mul(np.tanh(c.ref));
    outputs.push(h.ref);
  }
  for (const value of [projected, recurrentWeight, h, c]) value.dispose();
  return np.stack(outputs);
}

function gru(
  spec: RecurrentSpec,
  x: Value,
  weight: Value,
  recurrentWeight: Value,
  bias: Value,
  recurrentBias: Value,
): Value {
  const { steps, batch, hiddenSize: size, resetAfter } = spec;
  const projected = np.matmul(x, weight).add(bias);
  let h = np.zeros([batch, size]);
  const outputs: Value[] = [];
  const columns = (value: Value, from: number, to: number) => value.slice([], [from * size, to * size]);
  const forGates = columns(recurrentWeight.ref, 0, 2);
  const forCandidate = columns(recurrentWeight.ref, 2, 3);
  const [gateBias, candidateBias] = [
    recurrentBias.ref.slice([0, 2 * size]),
    recurrentBias.ref.slice([2 * size, 3 * size]),
  ];
  for (let t = 0; t < steps; t++) {
    const fromInput = projected.ref.slice(t);
    let candidate: Value;
    let z: Value;
    if (resetAfter) {
      const [ir, iz, ig] = gates(fromInput, size);
      const [hr, hz, hg] = gates(np.matmul(h.ref, recurrentWeight.ref).add(recurrentBias.ref), size);
      z = nn.sigmoid(iz.add(hz));
      candidate = np.tanh(ig.add(nn.sigmoid(ir.add(hr)).mul(hg)));
    } else {
      const both = columns(fromInput.ref, 0, 2).add(np.matmul(h.ref, forGates.ref)).add(gateBias.ref);
      const [r, zIn] = gates(both, size);
      z = nn.sigmoid(zIn);
      const recurrent = np.matmul(nn.sigmoid(r).mul(h.ref), forCandidate.ref).add(candidateBias.ref);
      candidate = np.tanh(columns(fromInput, 2, 3).add(recurrent));
    }
    h = candidate.ref.add(z.mul(h.sub(candidate)));
    outputs.push(h.ref);
  }
  for (const value of [
    projected,
    recurrentWeight,
    recurrentBias,
    h,
    forGates,
    forCandidate,
    gateBias,
    candidateBias,
  ])
    value.dispose();
  return np.stack(outputs);
}
