import type { Prepare } from '../../page/contender.ts';
import { buildNetwork, type NetworkSpec, parameterShapes } from '../../workloads/network.ts';
import { permute } from '../permute.ts';
import { array, lax, nn, np, openJax, type Value } from './jax.ts';
import { train } from './train.ts';

/** In the layouts that lax.conv works in: NCHW, OIHW. */
export const prepare: Prepare<NetworkSpec> = async (spec, inputs) => {
  const { batch, size, channels, layers } = spec;
  await openJax();
  const image = permute(inputs.image, [batch, size, size, channels], [0, 3, 1, 2]);
  const labels = new Float32Array(batch * 10);
  for (let i = 0; i < batch; i++) labels[i * 10 + inputs.label[i]] = 1;
  const first: Record<string, Value> = {};
  const shape = [size, size, channels];
  const order = [3, 2, 0, 1];
  for (const [name, of] of parameterShapes(spec)) {
    first[name] =
      of.length === 4
        ? array(
            permute(inputs[name], of, order),
            order.map((axis) => of[axis]),
          )
        : array(inputs[name], [...of]);
  }
  const perChannel = (value: Value) => value.reshape([1, -1, 1, 1]);
  return train(
    (parameters, x, target) => {
      const [logits] = buildNetwork<Value>(layers, x, shape, {
        parameter: (name) => parameters[name],
        conv(input, filter, bias, stride) {
          const y = lax.convGeneralDilated(input, filter, [stride, stride], 'SAME');
          return bias ? y.add(perChannel(bias)) : y;
        },
        batchNorm(input, scale, offset) {
          const centred = input.ref.sub(np.mean(input, [0, 2, 3], { keepdims: true }));
          const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
          return centred
            .div(np.sqrt(variance.add(1e-5)))
            .mul(perChannel(scale))
            .add(perChannel(offset));
        },
        relu: (input) => nn.relu(input),
        maxPool(input) {
          const [n, c, h, w] = input.shape;
          return np.max(input.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
        },
        globalAverage: (input) => np.mean(input, [2, 3]),
        // The dense layer's rows are in the order of NHWC.
        flatten: (input) => input.transpose([0, 2, 3, 1]).reshape([batch, -1]),
        dense: (input, weight, bias) => np.matmul(input, weight).add(bias),
        add: (a, b) => a.add(b),
        again: (input) => input.ref,
      });
      return nn
        .logSoftmax(logits)
        .mul(target)
        .sum()
        .mul(-1 / batch);
    },
    first,
    [array(image, [batch, channels, size, size]), array(labels, [batch, 10])],
  );
};
