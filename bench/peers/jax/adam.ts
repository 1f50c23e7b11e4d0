import type { Prepare } from '../../page/contender.ts';
import type { AdamSpec } from '../../workloads/adam.ts';
import { array, np, openJax } from './jax.ts';
import { trainWith } from './train.ts';

export const prepare: Prepare<AdamSpec> = async ({ size }, inputs) => {
  await openJax();
  return trainWith(
    ({ parameter }, gradient) => {
      parameter.dispose();
      return [np.array(0), { parameter: gradient }];
    },
    { parameter: array(inputs.parameter, [size]) },
    [array(inputs.gradient, [size])],
    (_, { parameter }) => ({ parameter }),
  );
};
