import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as t from '../../src/index.ts';
import { errorsOf, rejection, thrownBy } from './checkError.ts';

// Mistakes that show when a program is compiled or run: data, limits, shaders, the machine. test/backends/program.test.ts has more.

const check = errorsOf(import.meta.url);

for (const backend of ['cpu', 'webgpu'] as const) {
  describe(`mistakes with data, on ${backend}`, () => {
    let device: t.Device;
    beforeAll(async () => {
      device = await t.openDevice({ backend });
    });
    afterAll(() => device.dispose());

    it('names the feed that is missing, too short, of another kind or too much, and runs nothing', async () => {
      const graph = new t.Graph();
      const [x, i] = [graph.input('x', [2, 3]), graph.input('i', [2], 'int32')];
      const count = graph.variable('count', [], { trainable: false });
      const program = await device.compile({
        outputs: { y: t.gather(x, i) },
        updates: [[count, t.add(count, 1)]],
      });
      const [six, two] = [new Float32Array(6), new Int32Array(2)];
      const wrong: [t.Feeds, string][] = [
        [{ i: two }, 'run: no feed for input "x" (float32 [2, 3])'],
        [{ x: new Float32Array(5), i: two }, 'run: feed "x": [2, 3] needs 6 numbers, got 5'],
        [{ x: 1, i: two }, 'run: feed "x": [2, 3] needs 6 numbers, got 1'],
        [{ x: six, i: new Float32Array(2) }, 'run: feed "i": is int32, got a Float32Array'],
        [{ x: six, i: two, z: 1 }, 'run: the program has no input "z" (its inputs: "x", "i")'],
        [
          {
            x: [
              [1, 2, 3],
              [4, 5, 6],
            ] as never,
            i: two,
          },
          'run: feed "x": [2, 3] needs 6 numbers, got 2',
        ],
      ];
      for (const [feeds, message] of wrong) {
        check(await rejection(async () => void (await program.run(feeds))), 'run', t.FeedError, message);
        check(
          await rejection(async () => void (await program.submit(feeds))),
          'submit',
          t.FeedError,
          message,
        );
      }
      expect(await device.read(count)).toEqual(Float32Array.of(0));
    });

    it('names the variable that cannot take what is written', () => {
      const graph = new t.Graph();
      const w = graph.scope('block2', () => graph.variable('w', [2]));
      const error = thrownBy(() => device.write(w, [1, 2, 3]));
      check(error, 'write', t.FeedError, 'write: variable "block2/w": [2] needs 2 numbers, got 3');
    });

    it('refuses to compile what does not fit together', async () => {
      const graph = new t.Graph();
      const [w, v] = [graph.variable('w', [2]), graph.variable('v', [3])];
      const other = t.neg(new t.Graph().input('x', [2]));
      const wrong: [t.CompileOptions, string][] = [
        [{}, 'compile: there is nothing to compute; give outputs or updates'],
        [{ outputs: { w, other } }, 'compile: w: float32 [2] and neg: float32 [2] belong to two graphs'],
        [{ updates: [[w, v]] }, 'compile: variable w: float32 [2] cannot take the value of v: float32 [3]'],
        [{ outputs: { w }, checkFinite: ['loss'] }, 'compile: checkFinite names no output: "loss"'],
      ];
      for (const [options, message] of wrong) {
        check(
          await rejection(async () => void (await device.compile(options))),
          'compile',
          t.GraphError,
          message,
        );
      }
    });

    it('takes an index out of range as documented', async () => {
      const graph = new t.Graph();
      const i = graph.constant([-9, -1, 1, 9], [4], 'int32');
      const logits = graph.constant([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
      const program = await device.compile({
        outputs: {
          // Negative ones count from the end; what then lies outside is clamped.
          gathered: t.gather(graph.constant([10, 20, 30], [3]), i),
          elements: t.gatherElements(graph.constant([10, 20, 30], [3]), i),
          // No such class: no element is on, and there is no loss.
          hot: t.oneHot(i, 2),
          losses: t.softmaxCrossEntropy(logits, i, { reduction: 'none' }),
        },
      });
      const { gathered, elements, hot, losses } = await program.run();
      expect([...gathered]).toEqual([10, 30, 20, 30]);
      expect([...elements]).toEqual([10, 30, 20, 30]);
      expect([...hot]).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
      expect([...losses].map(Number.isNaN)).toEqual([true, true, false, true]);
    });

    it('names the length that is fed and no sequence can have, and runs nothing', async () => {
      const layers: [string, (x: t.Tensor, weights: t.LstmWeights, lengths: t.Tensor) => t.Tensor, number][] =
        [
          ['lstm', (x, weights, lengths) => t.lstm(x, weights, { lengths }).output, 4],
          ['gru', (x, weights, lengths) => t.gru(x, weights, { lengths }).output, 3],
          ['gru', (x, weights, lengths) => t.gru(x, weights, { lengths, resetAfter: false }).output, 3],
          ['rnn', (x, weights, lengths) => t.rnn(x, weights, { lengths }).output, 1],
          [
            'lstm',
            (x, weights, lengths) => {
              const projectionWeight = x.graph.constant(1, [2, 2]);
              return t.lstm(x, { ...weights, projectionWeight }, { lengths, batchFirst: true }).output;
            },
            4,
          ],
        ];
      for (const [name, layer, gates] of layers) {
        const graph = new t.Graph();
        const lengths = graph.input('lengths', [3], 'int32');
        const weights = {
          weight: graph.constant(0.1, [1, 2 * gates]),
          recurrentWeight: graph.constant(0.1, [2, 2 * gates]),
        };
        const y = graph.scope('block2', () => layer(graph.constant(1, [3, 3, 1]), weights, lengths));
        const count = graph.variable('count', [], { trainable: false });
        const program = await device.compile({ outputs: { y }, updates: [[count, t.add(count, 1)]] });
        for (const [wrong, words] of [
          [[3, 0, 4], 'run: feed "lengths": element 2 is 4; block2/'],
          [[0, -1, 1], 'run: feed "lengths": element 1 is -1; block2/'],
        ] as const) {
          const error = await rejection(async () => void (await program.run({ lengths: wrong })));
          check(error, 'run', t.FeedError, words, name, ' takes 0 to 3');
        }
        expect(await device.read(count)).toEqual(Float32Array.of(0));
      }
    });

    it('names the first op behind a loss that is not finite, and its layer', async () => {
      const graph = new t.Graph();
      const [x, labels] = [graph.input('x', [2, 2]), graph.input('labels', [2], 'int32')];
      const w = graph.variable('w', [2, 2], { initializer: [1, 2, 3, 4] });
      const logits = graph.scope('block1', () => t.matmul(t.log(x), w));
      const loss = graph.scope('block2', () => t.softmaxCrossEntropy(logits, labels));
      const updates = t.adam({ learningRate: 1 }).minimize(loss);
      const program = await device.compile({ outputs: { loss }, updates });
      const wrong: [t.Feeds, string][] = [
        [{ x: [1, 2, 3, 4], labels: [1, 2] }, 'block2/softmaxCrossEntropy: float32 []'],
        [{ x: [1, 2, Number.NaN, 4], labels: [1, 0] }, 'x: float32 [2, 2] (element 2 is NaN)'],
        [{ x: [1, 2, 3, 0], labels: [1, 0] }, 'block1/log: float32 [2, 2] (element 3 is -Infinity)'],
      ];
      for (const [feeds, operation] of wrong) {
        const error = await rejection(async () => void (await program.run(feeds)));
        check(
          error,
          'run',
          t.NonFiniteError,
          'run: output "loss" is ',
          operation,
          'The variables keep their values',
        );
        expect((error as t.NonFiniteError).operation).toContain(operation);
      }
      expect(await device.read(w)).toEqual(Float32Array.of(1, 2, 3, 4));
    });
  });
}

describe('mistakes of a machine', () => {
  let device: t.Device;
  beforeAll(async () => {
    device = await t.openDevice({ backend: 'webgpu' });
  });
  afterAll(() => device.dispose());
  afterEach(() => vi.unstubAllGlobals());

  it('names the tensor that no buffer of the adapter can hold, before any GPU work', async () => {
    const graph = new t.Graph();
    const [before, side] = [device.memory, 1 << 17];
    const y = graph.scope('block2', () => {
      const rows = graph.input('rows', [side, 1]);
      return t.sum(t.softmax(t.mul(rows, graph.input('columns', [1, side]))));
    });
    const error = await rejection(async () => void (await device.compile({ outputs: { y } })));
    const bytes = 4 * side * side;
    check(
      error,
      'compile',
      t.LimitError,
      `[${side}, ${side}] takes ${bytes} bytes, the adapter binds at most`,
      'block2/',
    );
    const w = graph.variable('w', [side, side]);
    const failure = await rejection(async () => void (await device.compile({ outputs: { w } })));
    check(failure, 'compile', t.LimitError, `w [${side}, ${side}]`, `takes ${bytes} bytes`);
    expect(device.memory).toEqual(before);
  });

  it('shows the shader that does not compile, numbered, with what the compiler says', async () => {
    const broken: t.Op<null> = {
      name: 'broken',
      infer: ([x]) => [x],
      reference: ([x]) => [x],
      kernels: ({ inputs, outputs }) => [
        {
          label: 'broken',
          source: brokenShader,
          variant: { X: t.storageType(inputs[0].dtype), Y: t.storageType(outputs[0].dtype) },
          bindings: [{ input: 0 }, { output: 0 }],
          workgroups: [1, 1, 1],
        },
      ],
    };
    const graph = new t.Graph();
    const x = graph.input('x', [2]);
    const y = graph.scope('block2', () => t.applyOne(broken, [x], null));
    const error = await rejection(async () => void (await device.compile({ outputs: { y } })));
    check(error, 'compile', t.ShaderError, 'block2/broken: kernel broken: the shader does not compile');
    const { message } = error as Error;
    expect(message).toMatch(/error at 6:\d+: .*noSuchFunction/);
    expect(message).toContain('\n   1 | // One invocation copies one element.\n');
    expect(message).toContain('\n   6 |   y[id.x] = noSuchFunction(x[id.x]);\n');
    expect(message).toContain('var<storage, read> x: array<f32>;');
    // The device is none the worse for it.
    const sound = await device.compile({ outputs: { y: t.neg(x) } });
    expect(await sound.run({ x: [1, 2] })).toEqual({ y: Float32Array.of(-1, -2) });
  });

  it('says what to do where there is no adapter', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    const error = await rejection(async () => void (await t.openDevice({ backend: 'webgpu' })));
    check(
      error,
      'openDevice',
      t.NoAdapterError,
      'this node has WebGPU but gives no adapter; install a graphics driver',
    );
    const { info } = await t.openDevice();
    expect(info.backend).toBe('cpu');
    expect(info.reason).toBe(`the CPU reference, because ${(error as Error).message}`);
  });

  it('knows three backends', async () => {
    const error = await rejection(async () => void (await t.openDevice({ backend: 'gpu' as 'webgpu' })));
    check(error, 'openDevice', t.TensorloomError, 'unknown backend "gpu" (expected auto, webgpu or cpu)');
  });
});

const brokenShader = `// One invocation copies one element.
@group(0) @binding(0) var<storage, read> x: array<\${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<\${Y}>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  y[id.x] = noSuchFunction(x[id.x]);
}
`;
