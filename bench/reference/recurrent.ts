import { openDevice } from '../../src/index.ts';
import type { TypedArray } from '../page/contender.ts';
import { runLayer } from '../tensorloom/recurrent.ts';
import type { RecurrentSpec } from '../workloads/recurrent.ts';

/** The layer's gradients on the float64 reference. */
export async function recurrentGradients(
  spec: RecurrentSpec,
  inputs: Record<string, TypedArray>,
): Promise<Record<string, ArrayLike<number>>> {
  return (await runLayer(await openDevice({ backend: 'cpu' }), spec, inputs)).run();
}
