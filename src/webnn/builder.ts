import type { Device, Program } from '../backends/backend.ts';
import { FeedError, GraphError } from '../core/errors.ts';
import type { Tensor } from '../graph/graph.ts';
import { fromNumbers, type MLNumbers, type MLOperand, type MLOutput, toNumbers } from './operand.ts';
import { RecurrentBuilder } from './recurrent.ts';

/**
 * Builds graphs with the names and rules of W3C's Web Neural Network API (https://www.w3.org/TR/webnn/), which then run on our
 * devices. Operands are tensors of `builder.graph` underneath (`operand.tensor`), so that what is built here can be
 * differentiated, trained and mixed with all other ops.
 *
 * ```ts
 * import { openDevice } from 'tensorloom';
 * import { MLGraphBuilder } from 'tensorloom/webnn';
 *
 * const builder = new MLGraphBuilder();
 * const x = builder.input('x', { dataType: 'float32', shape: [1, 3] });
 * const w = builder.constant({ dataType: 'float32', shape: [3, 2] }, [1, 2, 3, 4, 5, 6]);
 * const graph = await builder.build(await openDevice(), { y: builder.relu(builder.matmul(x, w)) });
 * const { y } = await graph.compute({ x: [1, 0, -1] }); // Float32Array [0, 0]
 * ```
 *
 * Data types: WebGPU computes float32, int32 and uint32, and float16 where the adapter has it. int8 and uint8 are computed with 32
 * bits and wrap where they are cast or read; int64 and uint64 must lie within 32 bits, which inputs and constants are checked
 * for; comparisons and logic give uint8 0 or 1.
 *
 * Methods throw ShapeError, DTypeError or GraphError where the standard has a TypeError.
 */
export class MLGraphBuilder extends RecurrentBuilder {
  /** Compiles what the outputs depend on. */
  async build(device: Device, outputs: Readonly<Record<string, MLOperand>>): Promise<MLGraph> {
    if (Object.keys(outputs).length === 0) throw new GraphError('build: expected at least one output');
    const tensors: Record<string, Tensor> = {};
    for (const [name, operand] of Object.entries(outputs)) tensors[name] = operand.numbers;
    const program = await device.compile({ outputs: tensors });
    return new MLGraph(program, this.inputs, outputs);
  }
}

/** A compiled graph. */
export class MLGraph {
  constructor(
    private readonly program: Program,
    private readonly inputs: ReadonlyMap<string, MLOperand>,
    private readonly outputs: Readonly<Record<string, MLOperand>>,
  ) {}

  /**
   * Computes the outputs. int64 and uint64 come back as arrays of bigints, float16 as Float32Array.
   *
   * @throws FeedError where an input is missing, has the wrong length, or an integer outside the range it is computed with.
   */
  async compute(inputs: Readonly<Record<string, MLNumbers>>): Promise<Record<string, MLOutput>> {
    const feeds: Record<string, number[]> = {};
    for (const [name, values] of Object.entries(inputs)) {
      const operand = this.inputs.get(name);
      if (!operand) throw new FeedError(`compute: the graph has no input "${name}"`);
      feeds[name] = toNumbers(`compute: input "${name}"`, operand.dataType, values);
    }
    const results = await this.program.run(feeds);
    const made: Record<string, MLOutput> = {};
    for (const [name, { dataType }] of Object.entries(this.outputs))
      made[name] = fromNumbers(dataType, results[name]);
    return made;
  }

  /** Frees what only this graph uses. */
  destroy(): void {
    this.program.dispose();
  }
}
