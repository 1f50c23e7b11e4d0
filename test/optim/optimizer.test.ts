import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/backends/backend.ts';
import { openDevice } from '../../src/backends/open.ts';
import { Graph, type Variable } from '../../src/graph/graph.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { adagrad } from '../../src/optim/adagrad.ts';
import { adam, adamw } from '../../src/optim/adam.ts';
import type { Optimizer } from '../../src/optim/optimizer.ts';
import { rmsprop } from '../../src/optim/rmsprop.ts';
import { sgd } from '../../src/optim/sgd.ts';

const devices: Device[] = [];
beforeAll(async () => {
  devices.push(await openDevice({ backend: 'cpu' }), await openDevice({ backend: 'webgpu' }));
});
afterAll(() => {
  for (const device of devices) device.dispose();
});

const shapes = [[3], [5, 7], [1], [1030]];

/** Σ c (p - 1)² over parameters of several sizes, one of them longer than a workgroup's block. */
function quadratic(seed: number) {
  const graph = new Graph({ seed });
  const parameters = shapes.map((shape, i) =>
    graph.variable(`p${i}`, shape, {
      initializer: (_, random) =>
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    }),
  );
  const terms = parameters.map((parameter, i) => {
    const distance = add(parameter, -1);
    return mul(sum(mul(distance, distance)), 0.5 * (i + 1));
  });
  return { graph, parameters, loss: terms.reduce((total, term) => add(total, term)) };
}

/** The textbook rules on plain numbers, written independently of the library's. */
type State = { p: number; m: number; v: number };
const rules: Record<string, { make: () => Optimizer; step: (s: State, g: number, t: number) => void }> = {
  sgd: {
    make: () => sgd({ learningRate: 0.1 }),
    step: (s, g) => {
      s.p -= 0.1 * g;
    },
  },
  'sgd with decay': {
    make: () => sgd({ learningRate: 0.1, weightDecay: 0.2 }),
    step: (s, g) => {
      s.p -= 0.1 * (g + 0.2 * s.p);
    },
  },
  momentum: {
    make: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
    step: (s, g) => {
      s.v = 0.9 * s.v + g;
      s.p -= 0.05 * s.v;
    },
  },
  nesterov: {
    make: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    step: (s, g) => {
      s.v = 0.9 * s.v + g;
      s.p -= 0.05 * (g + 0.9 * s.v);
    },
  },
  adam: {
    make: () => adam({ learningRate: 0.01 }),
    step: (s, g, t) => {
      s.m = 0.9 * s.m + 0.1 * g;
      s.v = 0.999 * s.v + 0.001 * g * g;
      s.p -= (0.01 * (s.m / (1 - 0.9 ** t))) / (Math.sqrt(s.v / (1 - 0.999 ** t)) + 1e-8);
    },
  },
  adamw: {
    make: () => adamw({ learningRate: 0.01, weightDecay: 0.1 }),
    step: (s, g, t) => {
      s.p *= 1 - 0.01 * 0.1;
      s.m = 0.9 * s.m + 0.1 * g;
      s.v = 0.999 * s.v + 0.001 * g * g;
      s.p -= (0.01 * (s.m / (1 - 0.9 ** t))) / (Math.sqrt(s.v / (1 - 0.999 ** t)) + 1e-8);
    },
  },
  rmsprop: {
    make: () => rmsprop({ learningRate: 0.01, momentum: 0.5 }),
    step: (s, g) => {
      s.v = 0.99 * s.v + 0.01 * g * g;
      s.m = 0.5 * s.m + g / (Math.sqrt(s.v) + 1e-8);
      s.p -= 0.01 * s.m;
    },
  },
  adagrad: {
    make: () => adagrad({ learningRate: 0.1, learningRateDecay: 0.01 }),
    step: (s, g, t) => {
      s.v += g * g;
      s.p -= (0.1 / (1 + (t - 1) * 0.01)) * (g / (Math.sqrt(s.v) + 1e-10));
    },
  },
};

describe('optimizers', () => {
  for (const [name, { make, step }] of Object.entries(rules)) {
    it(`${name}: 20 steps follow the textbook rule, in one dispatch`, async () => {
      for (const device of devices) {
        const { parameters, loss } = quadratic(3);
        const program = await device.compile({ outputs: { loss }, updates: make().minimize(loss) });
        const states = await Promise.all(
          parameters.map(async (parameter) =>
            Array.from(await device.read(parameter), (p): State => ({ p, m: 0, v: 0 })),
          ),
        );
        for (let t = 1; t <= 20; t++) {
          await program.submit();
          states.forEach((elements, i) => {
            for (const state of elements) step(state, (i + 1) * (state.p - 1), t);
          });
        }
        await expectParameters(device, parameters, states);
        if (device.info.backend === 'webgpu') {
          const updates = program.stats.kernels.filter((kernel) =>
            /^(sgd|adam|adamw|rmsprop|adagrad) /.test(kernel),
          );
          expect(updates).toHaveLength(1);
        }
        program.dispose();
      }
    });
  }

  it('clips by value', async () => {
    for (const device of devices) {
      const { parameters, loss } = quadratic(4);
      const before = await device.read(parameters[1]);
      const program = await device.compile({
        updates: sgd({ learningRate: 1, clipValue: 0.25 }).minimize(loss),
      });
      await program.run();
      const after = await device.read(parameters[1]);
      before.forEach((value, i) => {
        const gradient = Math.min(0.25, Math.max(-0.25, 2 * (value - 1)));
        expect(after[i]).toBeCloseTo(value - gradient, 5);
      });
      program.dispose();
    }
  });

  it('clips by the norm of all gradients, in two dispatches', async () => {
    for (const device of devices) {
      const { parameters, loss } = quadratic(5);
      const before = await Promise.all(parameters.map((parameter) => device.read(parameter)));
      const program = await device.compile({ updates: sgd({ learningRate: 1, clipNorm: 2 }).minimize(loss) });
      await program.run();
      const gradients = before.map((values, i) => Array.from(values, (value) => (i + 1) * (value - 1)));
      const norm = Math.hypot(...gradients.flat());
      expect(norm).toBeGreaterThan(2);
      for (const [i, parameter] of parameters.entries()) {
        const after = await device.read(parameter);
        before[i].forEach((value, j) => {
          expect(after[j]).toBeCloseTo(value - (gradients[i][j] * 2) / norm, 5);
        });
      }
      program.dispose();
    }
  });

  it('changes nothing when the loss is not finite', async () => {
    for (const device of devices) {
      const { graph, parameters, loss } = quadratic(6);
      const factor = graph.input('factor', []);
      const wrong = mul(loss, factor);
      const before = await device.read(parameters[1]);
      const program = await device.compile({ updates: adam({ learningRate: 1 }).minimize(wrong) });
      await program.run({ factor: Number.POSITIVE_INFINITY });
      expect(await device.read(parameters[1])).toEqual(before);
      program.dispose();
    }
  });

  it('takes a learning rate that is fed', async () => {
    for (const device of devices) {
      const { graph, parameters, loss } = quadratic(7);
      const learningRate = graph.input('learningRate', []);
      const before = await device.read(parameters[2]);
      const program = await device.compile({ updates: sgd({ learningRate }).minimize(loss) });
      await program.run({ learningRate: 0 });
      expect(await device.read(parameters[2])).toEqual(before);
      await program.run({ learningRate: 0.5 });
      expect((await device.read(parameters[2]))[0]).toBeCloseTo(before[0] - 0.5 * 3 * (before[0] - 1), 5);
      program.dispose();
    }
  });

  it('takes one gradient for two parameters, and one that is 0', async () => {
    for (const device of devices) {
      const graph = new Graph();
      const [a, b, c] = ['a', 'b', 'c'].map((name) => graph.variable(name, [3], { initializer: [1, 2, 3] }));
      const loss = sum(mul(add(a, b), graph.input('x', [3])));
      const [gradient] = grad(loss, [a]);
      const zero = graph.constant(0, [3]);
      const optimizer = sgd({ learningRate: 0.5, clipNorm: 100 });
      const updates = optimizer.apply(loss, [a, b, c], [gradient, gradient, zero]);
      const program = await device.compile({ updates });
      await program.run({ x: [2, 4, 6] });
      expect([...(await device.read(a))]).toEqual([0, 0, 0]);
      expect([...(await device.read(b))]).toEqual([0, 0, 0]);
      expect([...(await device.read(c))]).toEqual([1, 2, 3]);
      program.dispose();
    }
  });

  it('names what is wrong', () => {
    const { graph, parameters, loss } = quadratic(8);
    expect(() => sgd({ learningRate: -1 })).toThrow(
      /sgd: learningRate must be a finite number of at least 0, got -1/,
    );
    // @ts-expect-error: JavaScript lets it through
    expect(() => adam()).toThrow(
      /adam: learningRate is missing: adam\(\{ learningRate: 1e-3 \}\), for example/,
    );
    expect(() => adam({ learningRate: 1, clipNorm: 0 })).toThrow(
      /adam: clipNorm must be a finite number above 0, got 0/,
    );
    expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(/nesterov needs a momentum/);
    expect(() => sgd({ learningRate: 1 }).minimize(graph.constant(1))).toThrow(
      /depends on no trainable variable/,
    );
    expect(() =>
      sgd({ learningRate: 1 }).apply(loss, [parameters[0], parameters[0]], [parameters[0], parameters[0]]),
    ).toThrow(/is given twice/);
  });
});

async function expectParameters(
  device: Device,
  parameters: readonly Variable[],
  states: readonly (readonly State[])[],
) {
  for (const [i, parameter] of parameters.entries()) {
    const values = await device.read(parameter);
    states[i].forEach(({ p }, j) => {
      expect(Math.abs(values[j] - p), `${parameter.name}[${j}] on ${device.info.backend}`).toBeLessThan(2e-5);
    });
  }
}
