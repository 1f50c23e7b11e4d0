import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { argMax } from '../../ops/argMax.ts';
import { oneHot } from '../../ops/oneHot.ts';
import { reshape } from '../../ops/reshape.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { axisOf, type Handler, type Handlers } from '../handler.ts';
import { inOrder } from '../value.ts';
import { requireFloat } from './elementwise.ts';

/** Before opset 13 all axes from `axis` on count as one. */
function alongAxis(make: (x: Tensor, axis: number) => Tensor): Handler {
  return (inputs, attributes, context) => {
    const x = requireFloat(inputs.get(0));
    const joined = context.opset < 13;
    const given = attributes.int('axis', joined ? 1 : -1);
    if (x.isEmpty) return x;
    if (joined) {
      const axis = given < 0 ? given + x.rank : given;
      const rows = sizeOf(x.shape.slice(0, axis));
      return context.value(x.type, reshape(make(reshape(x.tensor, [rows, x.size / rows]), 1), x.shape));
    }
    const order = x.layout ?? inOrder(x.rank);
    return context.value(x.type, make(x.form(order), order.indexOf(axisOf(x, given))), order);
  };
}

export const softmaxes: Handlers = {
  Hardmax: alongAxis((x, axis) => oneHot(argMax(x, { axis }), x.shape[axis], { axis })),
  LogSoftmax: alongAxis((x, axis) => logSoftmax(x, { axis })),
  Softmax: alongAxis((x, axis) => softmax(x, { axis })),
};
