import { grad } from '@jax-js/jax';
import type { Prepare } from '../../page/contender.ts';
import type { Conv2dSpec } from '../../workloads/conv2d.ts';
import { permute } from '../permute.ts';
import { array, lax, openJax, runJitted, type Value } from './jax.ts';

/** In the layouts that lax.conv works in: NCHW, OIHW. */
export const prepare: Prepare<Conv2dSpec> = async (spec, inputs) => {
  await openJax();
  const { part, batch, size, inChannels, outChannels, filterSize, stride, depthwise } = spec;
  const outSize = size / stride;
  const filterShape = [filterSize, filterSize, inChannels, depthwise ? 1 : outChannels];
  const x = array(permute(inputs.x, [batch, size, size, inChannels], [0, 3, 1, 2]), [
    batch,
    inChannels,
    size,
    size,
  ]);
  const filterOrder = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
  const jaxFilterShape = filterOrder.map((axis) => filterShape[axis]);
  const filter = array(permute(inputs.filter, filterShape, filterOrder), jaxFilterShape);
  const yShape = [batch, outChannels, outSize, outSize];
  const dy = array(permute(inputs.dy, [batch, outSize, outSize, outChannels], [0, 3, 1, 2]), yShape);
  const convolve = (image: Value, weights: Value) =>
    lax.convGeneralDilated(image, weights, [stride, stride], 'SAME', {
      featureGroupCount: depthwise ? inChannels : 1,
    });
  const loss = (image: Value, weights: Value, gradient: Value) =>
    convolve(image, weights).mul(gradient).sum();
  const back = { y: [0, 2, 3, 1], dx: [0, 2, 3, 1], dFilter: depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0] };
  const shapes = { y: yShape, dx: x.shape, dFilter: jaxFilterShape };
  const runnable = await runJitted(
    (image, weights, gradient): Record<string, Value> => {
      if (part === 'forward') {
        gradient.dispose();
        return { y: convolve(image, weights) };
      }
      return part === 'inputGradient'
        ? { dx: grad(loss, { argnums: 0 })(image, weights, gradient) as Value }
        : { dFilter: grad(loss, { argnums: 1 })(image, weights, gradient) as Value };
    },
    [x, filter, dy],
  );
  return {
    ...runnable,
    async run() {
      const results = Object.entries(await runnable.run()) as ['y' | 'dx' | 'dFilter', ArrayLike<number>][];
      return Object.fromEntries(
        results.map(([name, values]) => [name, permute(values, shapes[name], back[name])]),
      );
    },
  };
};
