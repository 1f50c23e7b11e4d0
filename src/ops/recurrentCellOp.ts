import source from '#shaders/recurrentCell.wgsl' with { type: 'text' };
import { DTypeError, GraphError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import { apply, type Op, Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid } from '../graph/kernel.ts';
import { add } from './arithmetic.ts';
import { composedGradient } from './composedGradient.ts';
import { concat } from './concat.ts';
import { linear } from './matmul.ts';
import { checkWeights, type RecurrentKind, type RecurrentWeights } from './recurrent.ts';
import type { CellRule } from './recurrentCell.ts';
import { powerOfTwo } from './recurrentPlan.ts';
import type { States } from './recurrentUnrolled.ts';
import {
  type Buffer,
  declareBuffers,
  functionsOf,
  lines,
  partialsOf,
  productText,
  type QuadProduct,
  storePartials,
  wholeSum,
  zeroSums,
} from './recurrentWgsl.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';

// One step of a recurrent layer in one dispatch, projection included: what a stream of data wants.

export interface CellAttrs {
  readonly rule: CellRule;
  readonly has: { readonly bias: boolean; readonly recurrentBias: boolean };
  /** The step in ops, from the inputs of the op: its gradient is that of these. Equal rules have equal steps. */
  readonly compose: (inputs: readonly Tensor[]) => Tensor[];
}

/** Inputs by their names: x [B, I], W [I, G H], U [H, G H] with the peepholes behind it, flat, the states [B, H], biases [G H]. */
function inputsOf<Value>(inputs: readonly Value[], { rule, has }: Omit<CellAttrs, 'compose'>) {
  let next = 4;
  const take = (present: boolean) => (present ? inputs[next++] : undefined);
  const [x, weight, parameters, hiddenState] = inputs;
  const cellState = take(rule.hasCell);
  const bias = take(has.bias);
  return { x, weight, parameters, hiddenState, cellState, bias, recurrentBias: take(has.recurrentBias) };
}

/** Outputs: the new hidden state and, for cells that have one, the new cell state. */
export function recurrentCellOp(name: string): Op<CellAttrs> {
  return {
    name,
    infer: ([, , , hiddenState], { rule }) =>
      Array.from({ length: rule.hasCell ? 2 : 1 }, () => ({
        shape: hiddenState.shape,
        dtype: 'float32' as const,
      })),
    reference(inputs, { inputs: specs }, attrs) {
      const { rule } = attrs;
      const { x, weight, parameters, hiddenState, cellState, bias, recurrentBias } = inputsOf(inputs, attrs);
      const [batch, inputSize] = specs[0].shape;
      const units = specs[3].shape[1];
      const width = rule.gates * units;
      const results = Array.from({ length: rule.hasCell ? 2 : 1 }, () => new Float64Array(batch * units));
      for (let b = 0; b < batch; b++) {
        const projected = Float64Array.from({ length: width }, (_, n) => bias?.[n] ?? 0);
        const product = Float64Array.from({ length: width }, (_, n) => recurrentBias?.[n] ?? 0);
        for (let n = 0; n < width; n++) {
          for (let i = 0; i < inputSize; i++) projected[n] += x[b * inputSize + i] * weight[i * width + n];
          for (let k = 0; k < units; k++)
            product[n] += hiddenState[b * units + k] * parameters[k * width + n];
        }
        for (let j = 0; j < units; j++) {
          const gatesOf = (values: Float64Array) =>
            Array.from({ length: rule.gates }, (_, g) => values[g * units + j]);
          const step = rule.forward({
            projected: gatesOf(projected),
            recurrent: gatesOf(product),
            hidden: hiddenState[b * units + j],
            cell: cellState?.[b * units + j] ?? 0,
            peepholes: Array.from({ length: rule.peepholes }, (_, p) => parameters[(width + p) * units + j]),
          });
          results[0][b * units + j] = step.hidden;
          if (rule.hasCell) results[1][b * units + j] = step.cell;
        }
      }
      return results;
    },
    kernels: cellKernels,
    gradient: (outputGradients, inputs, _, { compose }) => composedGradient(inputs, outputGradients, compose),
    flops: ([x, weight, , hiddenState]) =>
      2 * weight.shape[1] * (sizeOf(x.shape) + sizeOf(hiddenState.shape)),
  };
}

/** Invocations of a workgroup that share the units; the others of a GPU's workgroup share the inner dimension. */
const quadsPerWorkgroup = 16;

function cellKernels({ inputs, outputs, attrs, target }: KernelContext<CellAttrs>): KernelCall[] {
  const { rule } = attrs;
  const [batch, inputSize] = inputs[0].shape;
  const hidden = inputs[3].shape[1];
  const width = rule.gates * hidden;
  const all = Math.ceil(hidden / 4);
  const quads = Math.min(all, quadsPerWorkgroup);
  const rows = Math.min(batch, 4);
  const words = target.limits.workgroupStorageBytes / (2 * rows * rule.gates * quads * 16) + 1;
  const slices = target.fastWorkgroupMemory ? powerOfTwo(target.barrierLanes / quads, hidden / 8, words) : 1;
  const bindings = Object.entries(
    inputsOf(
      inputs.map((_, input) => ({ input })),
      attrs,
    ),
  ).flatMap(([name, binding]): Buffer[] => (binding ? [{ name, binding, single: name === 'x' }] : []));
  const names = ['newHiddenState', 'newCellState'];
  const buffers: Buffer[] = [
    ...bindings,
    ...outputs.map((_, output) => ({ name: names[output], binding: { output }, write: true })),
  ];
  const product = (
    name: string,
    matrix: string,
    length: number,
    vec4: boolean,
    values: string,
  ): QuadProduct => ({
    name,
    rows,
    quads,
    blocks: rule.gates,
    length,
    slices,
    sliceLength: Math.ceil(length / slices / 4) * 4,
    vec4,
    prelude: lines(
      rows,
      // Rows beyond the batch repeat its last sequence, and are stored nowhere.
      (r) => `let base${r} = min(firstSequence + ${r}u, params.batch - 1u) * ${length}u;`,
    ),
    state: (r, k) => (vec4 ? `${values}[(base${r} + ${k}) / 4u]` : `${values}[base${r} + ${k}]`),
    weight: (k, g) => `${matrix}At(${k} * ${width}u + ${g * hidden}u + unit)`,
    resident: false,
  });
  const input = product('p', 'weight', inputSize, false, 'x');
  const state = product('u', 'parameters', hidden, hidden % 4 === 0, 'hiddenState');
  const sum = (name: string, g: number, bias: string, isBiased: boolean) =>
    `${name}[r * ${rule.gates}u + ${g}u]${isBiased ? ` + ${bias}At(${g * hidden}u + unit)` : ''}`;
  const wholeSums = (of: QuadProduct) =>
    Array.from({ length: rows * rule.gates }, (_, i) =>
      wholeSum(of, Math.floor(i / rule.gates), i % rule.gates),
    ).join(', ');
  const quadTiles = Math.ceil(all / quads);
  return [
    {
      label: `${rule.name}Cell`,
      source,
      variant: {
        ROWS: rows,
        BINDINGS: declareBuffers(buffers, hidden),
        FUNCTIONS: functionsOf(rule),
        SLICED: slices > 1,
        PARTIALS: partialsOf(state),
        INVOCATIONS: quads * slices,
        QUADS: quads,
        QUAD_TILES: quadTiles,
        HIDDEN: hidden,
        ZERO_SUMS: `${zeroSums(input)}\n  ${zeroSums(state)}`,
        INPUT_PRODUCT: productText(input),
        STATE_PRODUCT: productText(state),
        STORE_PARTIALS: `${storePartials(input)}\n    ${storePartials(state)}`,
        SUMS: rows * rule.gates,
        INPUT_SUMS: wholeSums(input),
        STATE_SUMS: wholeSums(state),
        CELL_STATE: rule.hasCell ? 'cellStateAt(at)' : 'F()',
        GATES: lines(
          rule.gates,
          (g) => `let p${g} = ${sum('inputSums', g, 'bias', attrs.has.bias)};
    let u${g} = ${sum('stateSums', g, 'recurrentBias', attrs.has.recurrentBias)};`,
        ),
        PEEPHOLES: lines(
          rule.peepholes,
          (p) => `let peephole${p} = parametersAt(${(width + p) * hidden}u + unit);`,
        ),
        CELL: rule.wgsl.forward,
        STORE_CELL: rule.hasCell ? 'storeNewCellState(at, unit, newCell);' : '',
      },
      params: { batch },
      bindings: buffers.map(({ binding }) => binding),
      workgroups: linearGrid(Math.ceil(batch / rows) * quadTiles),
    },
  ];
}

/** The new states of one layer from x [B, I] and the states before. */
export function recurrentCell<Weights extends RecurrentWeights>(
  op: Op<CellAttrs>,
  kind: RecurrentKind<Weights>,
  x: Tensor,
  states: { readonly hiddenState: Tensor; readonly cellState?: Tensor },
  given: Weights,
): States {
  const what = x.graph.path(op.name);
  if (x.dtype !== 'float32') throw new DTypeError(`${what}: expected float32, got ${x.dtype}; use cast`);
  if (x.rank !== 2) throw new ShapeError(`${what}: x must be [batch, inputSize], got ${showShape(x.shape)}`);
  const { weights, hiddenSize, outputSize } = checkWeights(what, kind, given, x.shape[1], 1);
  const rule = kind.rule(given);
  const sizes = { hiddenState: outputSize, ...(rule.hasCell && { cellState: hiddenSize }) };
  for (const [name, size] of Object.entries(sizes)) {
    const state = name === 'hiddenState' ? states?.hiddenState : states?.cellState;
    const expected = `${what}: ${name} must be float32 [${x.shape[0]}, ${size}] ([batch, size])`;
    if (!(state instanceof Tensor)) throw new GraphError(`${expected}, got ${state}`);
    if (state.dtype !== 'float32' || !sameShape(state.shape, [x.shape[0], size]))
      throw new ShapeError(`${expected}, got ${state.dtype} ${showShape(state.shape)}`);
  }
  const { hiddenState, cellState = hiddenState } = states;
  const columns = weights.weight.shape[2];
  const matrix = (tensor: Tensor) => reshape(tensor, tensor.shape.slice(1));
  const { bias, recurrentBias } = weights;
  const isApart = kind.biasOfProduct && recurrentBias !== undefined;
  const biases = [bias, isApart ? undefined : recurrentBias].filter((each) => each !== undefined).map(matrix);
  const summed = biases.length === 2 ? add(biases[0], biases[1]) : biases[0];
  if (kind.needsOps(given)) {
    return kind.step(weights)(
      linear(x, matrix(weights.weight), summed),
      { hidden: hiddenState, cell: cellState },
      0,
    );
  }
  const peepholes = kind.peepholes?.(weights);
  const flat = reshape(weights.recurrentWeight, [hiddenSize * columns]);
  const inputs = [
    x,
    matrix(weights.weight),
    peepholes ? concat([flat, matrix(peepholes)]) : flat,
    hiddenState,
    ...(rule.hasCell ? [cellState] : []),
    ...(summed ? [summed] : []),
    ...(isApart ? [matrix(recurrentBias)] : []),
  ];
  const attrs = { rule, has: { bias: summed !== undefined, recurrentBias: isApart } };
  const compose = (tensors: readonly Tensor[]) => composeStep(kind, attrs, given, tensors);
  const [hidden, cell = hidden] = apply(op, inputs, { ...attrs, compose });
  return { hidden, cell };
}

/** The outputs of the op, from its inputs, in ops that have gradients. */
function composeStep<Weights extends RecurrentWeights>(
  kind: RecurrentKind<Weights>,
  attrs: Omit<CellAttrs, 'compose'>,
  given: Weights,
  tensors: readonly Tensor[],
): Tensor[] {
  const { rule } = attrs;
  const { x, weight, parameters, hiddenState, cellState, bias, recurrentBias } = inputsOf(tensors, attrs);
  const units = hiddenState.shape[1];
  const columns = rule.gates * units;
  const flat = (begin: number, size: number) => slice(parameters, { begin: [begin], size: [size] });
  const peepholes = rule.peepholes * units;
  const step = kind.step({
    ...given,
    recurrentWeight: reshape(flat(0, units * columns), [1, units, columns]),
    recurrentBias: recurrentBias && reshape(recurrentBias, [1, columns]),
    ...(peepholes > 0 && { peepholeWeight: reshape(flat(units * columns, peepholes), [1, peepholes]) }),
  });
  const { hidden, cell } = step(
    linear(x, weight, bias),
    { hidden: hiddenState, cell: cellState ?? hiddenState },
    0,
  );
  return rule.hasCell ? [hidden, cell] : [hidden];
}
