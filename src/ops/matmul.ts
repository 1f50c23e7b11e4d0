import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import {
  broadcastShapes,
  broadcastStrides,
  forEachOffset,
  type Shape,
  showShape,
  sizeOf,
} from '../core/shape.ts';
import { apply, applyOne, type Op, type Tensor, type TensorSpec, zeroSumAxisOf } from '../graph/graph.ts';
import { add } from './arithmetic.ts';
import { matmulCalls, matmulVariants } from './matmulKernels.ts';
import { reshape } from './reshape.ts';
import { expand, sumTo } from './sum.ts';

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export interface MatmulOptions {
  /** Use a's last two axes the other way round: a is [..., K, M]. */
  transposeA?: boolean;
  /** Use b's last two axes the other way round: b is [..., N, K]. */
  transposeB?: boolean;
}

/** The lengths in y[m, n] = Σk a[m, k] b[k, n]. */
function lengths([a, b]: readonly TensorSpec[], { transposeA, transposeB }: MatmulAttrs) {
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  return {
    m: transposeA ? aColumns : aRows,
    k: transposeA ? aRows : aColumns,
    n: transposeB ? bRows : bColumns,
    kOfB: transposeB ? bColumns : bRows,
  };
}

function checkFloats(specs: readonly TensorSpec[]): void {
  const dtypes = specs.map((spec) => spec.dtype);
  if (dtypes.some((dtype) => dtype !== dtypes[0] || !isFloat(dtype))) {
    throw new DTypeError(`expected operands of one dtype, float32 or float16, got ${dtypes.join(' and ')}`);
  }
}

export const matmulOp: Op<MatmulAttrs> = {
  name: 'matmul',
  variants: matmulVariants,
  infer(inputs, attrs) {
    const [a, b] = inputs;
    checkFloats(inputs);
    if (a.shape.length < 2 || b.shape.length < 2) {
      throw new ShapeError(`expected at least two axes, got ${showShape(a.shape)} x ${showShape(b.shape)}`);
    }
    const { m, k, n, kOfB } = lengths(inputs, attrs);
    if (k !== kOfB) {
      const flags = [attrs.transposeA && 'transposeA', attrs.transposeB && 'transposeB']
        .filter(Boolean)
        .join(', ');
      throw new ShapeError(
        `inner dimensions differ, ${showShape(a.shape)} x ${showShape(b.shape)}${flags && ` with ${flags}`}: ${k} and ${kOfB}`,
      );
    }
    const batch = broadcastShapes('batch axes', [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
    return [{ shape: [...batch, m, n], dtype: a.dtype }];
  },
  reference([a, b], specs, attrs) {
    const { m, k, n } = lengths(specs.inputs, attrs);
    const batch = specs.outputs[0].shape.slice(0, -2);
    const result = new Float64Array(sizeOf(specs.outputs[0].shape));
    const [aRow, aStep] = attrs.transposeA ? [1, m] : [k, 1];
    const [bStep, bColumn] = attrs.transposeB ? [1, k] : [n, 1];
    const strides = batchStrides(specs.inputs, batch, m, k, n);
    forEachOffset(batch, strides, (i, [aBase, bBase]) => {
      for (let row = 0; row < m; row++) {
        const to = (i * m + row) * n;
        for (let step = 0; step < k; step++) {
          const factor = a[aBase + row * aRow + step * aStep];
          const from = bBase + step * bStep;
          for (let column = 0; column < n; column++)
            result[to + column] += factor * b[from + column * bColumn];
        }
      }
    });
    return [result];
  },
  kernels({ inputs, outputs, attrs, target, epilogue }) {
    const { m, k, n } = lengths(inputs, attrs);
    const [a, b] = inputs;
    const { batch, strides } = collapse(outputs[0].shape.slice(0, -2), inputs, m, k, n);
    // Without batches in b, the rows of all batches of a are the rows of one matrix.
    const joined = batch.length === 1 && strides[1][0] === 0 && !attrs.transposeA;
    return matmulCalls(
      {
        label: 'matmul',
        a: {
          binding: { input: 0 },
          dtype: a.dtype,
          transposed: attrs.transposeA,
          batchStrides: joined ? [] : strides[0],
        },
        b: {
          binding: { input: 1 },
          dtype: b.dtype,
          transposed: attrs.transposeB,
          batchStrides: joined ? [] : strides[1],
        },
        y: { binding: { output: 0 }, dtype: outputs[0].dtype },
        m: joined ? m * batch[0] : m,
        n,
        k,
        batch: joined ? [] : batch,
        epilogue,
      },
      target,
    );
  },
  epilogue: { bindings: () => 3 },
  // y = A B, where A and B are a and b after transposition  =>  dA = dy Bᵀ, dB = Aᵀ dy
  gradient([dy], [a, b], _, { transposeA, transposeB }) {
    if (!dy) return [null, null];
    const da = transposeA
      ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b, { transposeB: !transposeB });
    const db = transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA });
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  },
  flops: (inputs, outputs, attrs) => 2 * sizeOf(outputs[0].shape) * lengths(inputs, attrs).k,
};

/** Elements between two matrices of a and of b, along each axis of `batch`. */
function batchStrides(
  [a, b]: readonly TensorSpec[],
  batch: Shape,
  m: number,
  k: number,
  n: number,
): number[][] {
  return [
    broadcastStrides(a.shape.slice(0, -2), batch).map((stride) => stride * m * k),
    broadcastStrides(b.shape.slice(0, -2), batch).map((stride) => stride * k * n),
  ];
}

/** Joins batch axes that both operands run through as one. */
function collapse(shape: Shape, inputs: readonly TensorSpec[], m: number, k: number, n: number) {
  const all = batchStrides(inputs, shape, m, k, n);
  const batch: number[] = [];
  const strides: number[][] = [[], []];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = batch.length - 1;
    if (last >= 0 && strides.every((own, i) => own[last] === all[i][axis] * length)) {
      batch[last] *= length;
      for (const [i, own] of strides.entries()) own[last] = all[i][axis];
    } else {
      batch.push(length);
      for (const [i, own] of strides.entries()) own.push(all[i][axis]);
    }
  });
  return { batch, strides };
}

/** Batch axes that a kernel can step through. */
const mostBatchAxes = 3;

/**
 * Matrix product over the last two axes; the axes before them are batches and broadcast. [M, K] x [K, N] gives [M, N]. A tensor with one
 * axis counts as a row (a) or a column (b), and that axis is missing from the result, as in NumPy's `matmul`.
 *
 * ```ts
 * const y = matmul(x, w);                           // [64, 784] x [784, 10]
 * const scores = matmul(q, k, { transposeB: true }); // [8, 16, 64] x [8, 16, 64] gives [8, 16, 16]
 * ```
 *
 * @throws ShapeError where the inner dimensions differ or the batch axes do not broadcast.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const attrs = { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false };
  if (a.rank === 1 || b.rank === 1) {
    const y = matmul(
      a.rank === 1 ? reshape(a, attrs.transposeA ? [a.size, 1] : [1, a.size]) : a,
      b.rank === 1 ? reshape(b, attrs.transposeB ? [1, b.size] : [b.size, 1]) : b,
      options,
    );
    const rows = a.rank === 1 ? [] : [y.shape[y.rank - 2]];
    return reshape(y, [...y.shape.slice(0, -2), ...rows, ...(b.rank === 1 ? [] : [y.shape[y.rank - 1]])]);
  }
  if (a.rank >= 2 && b.rank >= 2 && a.rank + b.rank > 2 * (2 + mostBatchAxes)) {
    const { m, k, n, kOfB } = lengths([a, b], attrs);
    if (k === kOfB) {
      const batch = broadcastShapes(a.graph.path('matmul'), [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
      if (collapse(batch, [a, b], m, k, n).batch.length > mostBatchAxes) {
        return applyOne(
          matmulOp,
          [expand(a, [...batch, ...a.shape.slice(-2)]), expand(b, [...batch, ...b.shape.slice(-2)])],
          attrs,
        );
      }
    }
  }
  return applyOne(matmulOp, [a, b], attrs);
}

export const linearOp: Op<null> = {
  name: 'linear',
  variants: matmulVariants,
  infer(inputs) {
    const [x, weight, bias] = inputs;
    checkFloats(inputs);
    if (x.shape.length === 0) throw new ShapeError('x must be [..., features], got []');
    const features = x.shape[x.shape.length - 1];
    if (weight.shape.length !== 2 || weight.shape[0] !== features) {
      throw new ShapeError(
        `x ${showShape(x.shape)} has ${features} features, so the weight must be [${features}, units]; got ${showShape(weight.shape)}`,
      );
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[1])) {
      throw new ShapeError(`the bias must be [${weight.shape[1]}], got ${showShape(bias.shape)}`);
    }
    return [{ shape: [...x.shape.slice(0, -1), weight.shape[1]], dtype: x.dtype }];
  },
  reference([x, weight, bias], specs) {
    const [features, units] = specs.inputs[1].shape;
    const rows = x.length / features;
    const result = new Float64Array(rows * units);
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < units; unit++) result[row * units + unit] = bias ? bias[unit] : 0;
      for (let feature = 0; feature < features; feature++) {
        const factor = x[row * features + feature];
        for (let unit = 0; unit < units; unit++)
          result[row * units + unit] += factor * weight[feature * units + unit];
      }
    }
    return [result];
  },
  kernels({ inputs: [x, weight, bias], outputs, target, epilogue }) {
    const [k, n] = weight.shape;
    return matmulCalls(
      {
        label: 'linear',
        a: { binding: { input: 0 }, dtype: x.dtype, transposed: false, batchStrides: [] },
        b: { binding: { input: 1 }, dtype: weight.dtype, transposed: false, batchStrides: [] },
        y: { binding: { output: 0 }, dtype: outputs[0].dtype },
        bias: bias && { binding: { input: 2 }, dtype: bias.dtype },
        m: sizeOf(x.shape) / k,
        n,
        k,
        batch: [],
        epilogue,
      },
      target,
    );
  },
  epilogue: { bindings: (inputCount) => inputCount + 1 },
  // y = x W + b  =>  dx = dy Wᵀ, dW = xᵀ dy, db = Σrows dy
  gradient([dy], [x, weight, bias]) {
    if (!dy) return [null, null, null];
    const dx = matmul(dy, weight, { transposeB: true });
    if (!bias) return [dx, linearWeightGradient(x, dy)[0]];
    if (zeroSumAxisOf(dy) === dy.rank - 1) {
      return [dx, linearWeightGradient(x, dy)[0], dy.graph.constant(0, bias.shape, bias.dtype)];
    }
    return [dx, ...linearWeightGradient(x, dy)];
  },
  flops: ([x, weight]) => 2 * sizeOf(x.shape) * weight.shape[1],
};

/**
 * A fully connected layer: x W + b. Shapes: x [..., features], weight [features, units], bias [units], result [..., units]. Float32 or
 * float16. Backward, the gradients of weight and bias cost one dispatch together.
 *
 * @throws ShapeError where the features of x and weight, or the units of weight and bias, differ.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return applyOne(linearOp, bias ? [x, weight, bias] : [x, weight], null);
}

export const linearWeightGradientOp: Op<null> = {
  name: 'linearWeightGradient',
  variants: matmulVariants,
  infer([x, dy]) {
    const [features, units] = [x.shape[x.shape.length - 1], dy.shape[dy.shape.length - 1]];
    return [
      { shape: [features, units], dtype: x.dtype },
      { shape: [units], dtype: x.dtype },
    ];
  },
  reference([x, dy], specs) {
    const [features, units] = specs.outputs[0].shape;
    const weight = new Float64Array(features * units);
    const bias = new Float64Array(units);
    for (let row = 0; row < dy.length / units; row++) {
      for (let unit = 0; unit < units; unit++) bias[unit] += dy[row * units + unit];
      for (let feature = 0; feature < features; feature++) {
        const factor = x[row * features + feature];
        for (let unit = 0; unit < units; unit++)
          weight[feature * units + unit] += factor * dy[row * units + unit];
      }
    }
    return [weight, bias];
  },
  kernels({ inputs: [x, dy], outputs: [weight, bias], target, epilogue }) {
    const [m, n] = weight.shape;
    return matmulCalls(
      {
        label: 'linearWeightGradient',
        a: { binding: { input: 0 }, dtype: x.dtype, transposed: true, batchStrides: [] },
        b: { binding: { input: 1 }, dtype: dy.dtype, transposed: false, batchStrides: [] },
        y: { binding: { output: 0 }, dtype: weight.dtype },
        columnSum: { binding: { output: 1 }, dtype: bias.dtype },
        m,
        n,
        k: sizeOf(x.shape) / m,
        batch: [],
        epilogue,
      },
      target,
    );
  },
  epilogue: { bindings: () => 4 },
  // W' = xᵀ dy, b' = Σrows dy  =>  dx = dy dW'ᵀ, d(dy) = x dW' + db'
  gradient([dWeight, dBias], [x, dy]) {
    const fromWeight = dWeight && matmul(x, dWeight);
    const fromBias = dBias && expand(dBias, dy.shape);
    return [
      dWeight && matmul(dy, dWeight, { transposeB: true }),
      fromWeight && fromBias ? add(fromWeight, fromBias) : (fromWeight ?? fromBias),
    ];
  },
  flops: ([x, dy]) => 2 * sizeOf(x.shape) * dy.shape[dy.shape.length - 1],
};

/** Gradients of weight and bias in y = x W + b. */
function linearWeightGradient(x: Tensor, dy: Tensor): Tensor[] {
  return apply(linearWeightGradientOp, [x, dy], null);
}
