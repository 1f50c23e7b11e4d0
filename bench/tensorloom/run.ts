import {
  type CompileOptions,
  type Device,
  Graph,
  openDevice,
  type Program,
  type Shape,
  type Tensor,
  type Variable,
} from '../../src/index.ts';
import type { Runnable, TypedArray } from '../page/contender.ts';

/** A device, a graph, and operands that lie on the device. */
export async function open(): Promise<{ device: Device; graph: Graph }> {
  return { device: await openDevice({ backend: 'webgpu' }), graph: new Graph() };
}

/** A value on the device that no step changes. */
export function operand(graph: Graph, name: string, shape: Shape, values: TypedArray): Variable {
  const dtype = values instanceof Int32Array ? 'int32' : 'float32';
  return graph.variable(name, shape, { initializer: values, trainable: false, dtype });
}

/** Steps of the program that gives `outputs`. */
export async function compile<Names extends string>(
  device: Device,
  options: CompileOptions<Names>,
): Promise<Runnable> {
  const program: Program<Names> = await device.compile(options);
  return {
    step: () => program.submit(),
    run: () => program.run(),
  };
}

export type { Graph, Tensor };
