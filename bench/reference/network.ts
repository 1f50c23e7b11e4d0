import { openDevice } from '../../src/index.ts';
import type { TypedArray } from '../page/contender.ts';
import { trainNetwork } from '../tensorloom/network.ts';
import type { NetworkSpec } from '../workloads/network.ts';

/** The losses of the first `count` training steps on the float64 reference. */
export async function networkLosses(
  spec: NetworkSpec,
  inputs: Record<string, TypedArray>,
  count: number,
): Promise<number[]> {
  const network = await trainNetwork(await openDevice({ backend: 'cpu' }), spec, inputs);
  const losses: number[] = [];
  for (let step = 0; step < count; step++) losses.push((await network.run()).loss[0]);
  return losses;
}
