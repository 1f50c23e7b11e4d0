import { DTypeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { grad } from '../../src/ops/gradient.ts';
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  log,
  log1p,
  sin,
  sinh,
  tan,
  tanh,
} from '../../src/ops/math.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

const tight = { relative: 1e-6, absolute: 0, reason: 'held closer than the table, small results too' };

/** `count` numbers from low to high (both positive), each a constant times the one before, of both signs where asked. */
function spread(low: number, high: number, count: number, negative: boolean): number[] {
  const values = Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
  return negative ? values.flatMap((value) => [value, -value]) : values;
}

function even(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

interface Rules {
  /** Where gradients are checked. */
  range: readonly [number, number];
  /** Where values are checked, to a few units in the last place. */
  values: readonly number[];
  /** Known values, from tables and definitions: y at x. */
  x: readonly number[];
  y: readonly number[];
}

function samples(op: (x: Tensor) => Tensor, { range: [low, high], values, x: places, y }: Rules): Sample[] {
  return [
    {
      name: `gradients from ${low} to ${high}`,
      inputs: [{ shape: [3, 13], values: { low, high } }],
      build: ([x]) => op(x),
    },
    {
      name: 'accuracy',
      inputs: [{ shape: [values.length], values }],
      build: ([x]) => op(x),
      gradient: false,
      tolerance: tight,
    },
    {
      name: 'known values',
      inputs: [{ shape: [places.length], values: places }],
      build: ([x]) => op(x),
      expected: y,
      gradient: false,
      tolerance: tight,
    },
  ];
}

const tiny = spread(1e-30, 1e-3, 30, true);
const usual = spread(1e-3, 30, 60, true);
const huge = spread(30, 3e38, 30, true);

checkOp('exp', {
  samples: samples(exp, {
    range: [-3, 3],
    values: [...tiny, ...even(-86, 88.5, 200)],
    x: [0, 1, -1, Math.LN2, -200, -1e4, 1e4, -infinity, infinity, nan],
    y: [1, Math.E, 1 / Math.E, 2, 0, 0, infinity, 0, infinity, nan],
  }),
  errors: [
    {
      name: 'integers',
      build: (graph) => exp(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /^exp: expected float32 or float16, got int32/,
    },
  ],
});

checkOp('expm1', {
  samples: samples(expm1, {
    range: [-3, 3],
    values: [...tiny, ...even(-86, 88.5, 200), ...even(-1, 1, 60)],
    x: [0, 1e-5, -1e-10, 1, -1e4, 1e4, -infinity, nan],
    y: [0, 1.00000500001667e-5, -9.9999999995e-11, Math.E - 1, -1, infinity, -1, nan],
  }),
});

checkOp('log', {
  samples: samples(log, {
    range: [0.3, 3],
    values: [...spread(1e-37, 3e38, 200, false), ...even(0.99, 1.01, 60)],
    x: [1, Math.E, 2, 10, 1e-40, 0, -1, infinity, -infinity, nan],
    y: [0, 1, Math.LN2, Math.LN10, -92.1034038, -infinity, nan, infinity, nan, nan],
  }),
});

checkOp('log1p', {
  samples: samples(log1p, {
    range: [-0.7, 3],
    values: [...tiny, ...even(-0.999, 1, 100), ...spread(1, 3e38, 60, false)],
    x: [0, 1e-5, 1, -0.5, -1, -1.5, infinity, nan],
    y: [0, 9.99995000033e-6, Math.LN2, -Math.LN2, -infinity, nan, infinity, nan],
  }),
});

const angles = [
  ...tiny,
  ...even(-20, 20, 200),
  ...even(-1e4, 1e4, 200),
  ...even(-5e4, 5e4, 100),
  355,
  710,
  1e4,
];

checkOp('sin', {
  samples: samples(sin, {
    range: [-4, 4],
    values: angles,
    x: [0, Math.PI / 6, Math.PI / 2, 355, 1e4, -1e4, nan],
    y: [0, 0.5, 1, -3.01443534e-5, -0.30561438888825, 0.30561438888825, nan],
  }),
});

checkOp('cos', {
  samples: samples(cos, {
    range: [-4, 4],
    values: angles,
    x: [0, Math.PI / 3, 1e4, -1e4, nan],
    y: [1, 0.5, -0.95215536825901, -0.95215536825901, nan],
  }),
});

checkOp('tan', {
  samples: samples(tan, {
    range: [-1.2, 1.2],
    values: angles,
    x: [0, Math.PI / 4, -Math.PI / 3, 1e4, nan],
    y: [0, 1, -Math.sqrt(3), 0.320971134599, nan],
  }),
});

const unit = [...tiny, ...even(-1, 1, 201)];

checkOp('asin', {
  samples: samples(asin, {
    range: [-0.9, 0.9],
    values: unit,
    x: [0, 0.5, 1, -1, 1.001, -2, nan],
    y: [0, Math.PI / 6, Math.PI / 2, -Math.PI / 2, nan, nan, nan],
  }),
});

checkOp('acos', {
  samples: samples(acos, {
    range: [-0.9, 0.9],
    values: unit,
    x: [0, 0.5, 1, -1, 1.001, -2, nan],
    y: [Math.PI / 2, Math.PI / 3, 0, Math.PI, nan, nan, nan],
  }),
});

checkOp('atan', {
  samples: samples(atan, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    x: [0, 1, -Math.sqrt(3), infinity, -infinity, nan],
    y: [0, Math.PI / 4, -Math.PI / 3, Math.PI / 2, -Math.PI / 2, nan],
  }),
});

checkOp('sinh', {
  samples: samples(sinh, {
    range: [-2, 2],
    values: [...tiny, ...usual, ...even(-89, 89, 60)],
    x: [0, 1, -1e4, infinity, nan],
    y: [0, 1.1752011936438, -infinity, infinity, nan],
  }),
});

checkOp('cosh', {
  samples: samples(cosh, {
    range: [-2, 2],
    values: [...tiny, ...usual, ...even(-89, 89, 60)],
    x: [0, 1, -1e4, -infinity, nan],
    y: [1, 1.5430806348152, infinity, infinity, nan],
  }),
});

checkOp('tanh', {
  samples: samples(tanh, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    x: [0, 0.5, 100, -100, 1e4, infinity, -infinity, nan],
    y: [0, 0.46211715726, 1, -1, 1, 1, -1, nan],
  }),
});

checkOp('asinh', {
  samples: samples(asinh, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    x: [0, 1, -infinity, infinity, nan],
    y: [0, 0.88137358701954, -infinity, infinity, nan],
  }),
});

checkOp('acosh', {
  samples: samples(acosh, {
    range: [1.2, 4],
    values: [...even(1, 2, 60).slice(1), ...spread(2, 3e38, 60, false)],
    x: [1, 2, 0.5, -3, infinity, nan],
    y: [0, 1.3169578969248, nan, nan, infinity, nan],
  }),
});

checkOp('atanh', {
  samples: samples(atanh, {
    range: [-0.8, 0.8],
    values: [...tiny, ...even(-0.999, 0.999, 200)],
    x: [0, 0.5, 1, -1, 1.5, nan],
    y: [0, 0.54930614433405, infinity, -infinity, nan, nan],
  }),
});

checkOp('erf', {
  samples: samples(erf, {
    range: [-2.5, 2.5],
    values: [...tiny, ...usual, ...huge, ...even(-4, 4, 100)],
    // Abramowitz and Stegun, table 7.1
    x: [0, 0.5, 1, -1.5, 2, infinity, -infinity, nan],
    y: [0, 0.5204998778, 0.8427007929, -0.966105146, 0.995322265, 1, -1, nan],
  }),
});

const smooth = [exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, atanh, erf];

checkOp('second derivatives of math', {
  samples: [
    ...[smooth.slice(0, 6), smooth.slice(6, 11), smooth.slice(11)].map((some, i) => ({
      name: `part ${i + 1}`,
      inputs: [{ shape: [7], values: { low: 0.2, high: 0.8 } }],
      build: ([x]: Tensor[]) => some.flatMap((op) => grad(sum(op(x)), [x])),
    })),
    {
      name: 'acosh',
      inputs: [{ shape: [7], values: { low: 1.4, high: 3 } }],
      build: ([x]) => grad(sum(acosh(x)), [x]),
    },
    {
      name: 'third derivative',
      inputs: [{ shape: [5] }],
      build: ([x]) => grad(sum(grad(sum(tanh(x)), [x])[0]), [x]),
    },
    {
      name: 'a chain of twelve functions',
      inputs: [{ shape: [4, 9], values: { low: 0.2, high: 0.9 } }],
      build: ([x]) => tanh(erf(sinh(asin(sin(log1p(exp(atan(cos(asinh(expm1(log(x)))))))))))),
    },
  ],
});
