import type { Tensor } from '../../graph/graph.ts';
import {
  celu,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  prelu,
  relu,
  selu,
  sigmoid,
  softplus,
  softsign,
  thresholdedRelu,
} from '../../ops/activations.ts';
import { abs, mul, sign, sub } from '../../ops/arithmetic.ts';
import { cast, greater, where } from '../../ops/comparison.ts';
import type { Attributes } from '../attributes.ts';
import type { Handler, Handlers } from '../handler.ts';
import { isFloatType } from '../types.ts';
import {
  combine,
  floatUnary,
  numberUnary,
  oneType,
  requireFloat,
  truncateNear,
  wrap,
} from './elementwise.ts';
import { channelOperand } from './reshaping.ts';

/** An activation whose numbers are attributes. */
function withAttributes(make: (x: Tensor, attributes: Attributes) => Tensor): Handler {
  return (inputs, attributes, context) => {
    attributes.ignore('consumed_inputs');
    const x = requireFloat(inputs.get(0));
    return combine(context, x.type, [x], ([tensor]) => make(tensor, attributes));
  };
}

/** The slope broadcasts as operands do; before opset 7 one of the shape [channels] belongs to axis 1. */
const preluHandler: Handler = (inputs, attributes, context) => {
  attributes.ignore('consumed_inputs');
  const [x, slope] = [inputs.get(0), inputs.get(1)];
  const perChannel = context.opset < 7 && slope.rank === 1 && slope.size > 1 && x.rank > 2;
  const fitted = perChannel ? channelOperand(slope, x.rank, context) : slope;
  const type = oneType([x, slope]);
  return combine(context, type, [x, fitted], ([a, b]) =>
    isFloatType(type) ? prelu(a, b) : wrap(type, where(greater(a, 0), a, mul(a, b))),
  );
};

/** y = x + bias where x < -lambd, x - bias where x > lambd, else 0; of any type of numbers. */
const shrink: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const [bias, lambd] = [attributes.float('bias', 0), attributes.float('lambd', 0.5)];
  return combine(context, x.type, [x], ([tensor]) => {
    const number = cast(tensor, 'float32');
    const magnitude = mul(sign(number), sub(abs(number), bias));
    const shrunk = where(greater(abs(number), lambd), magnitude, 0);
    if (tensor.dtype === 'int32' || tensor.dtype === 'uint32')
      return wrap(x.type, truncateNear(shrunk, tensor.dtype));
    return shrunk;
  });
};

export const activations: Handlers = {
  Celu: withAttributes((x, attributes) => celu(x, { alpha: attributes.float('alpha', 1) })),
  Elu: withAttributes((x, attributes) => elu(x, { alpha: attributes.float('alpha', 1) })),
  Gelu: withAttributes((x, attributes) =>
    gelu(x, { approximate: attributes.choice<'none' | 'tanh'>('approximate', ['none', 'tanh'], 'none') }),
  ),
  HardSigmoid: withAttributes((x, attributes) =>
    hardSigmoid(x, { alpha: attributes.float('alpha', 0.2), beta: attributes.float('beta', 0.5) }),
  ),
  HardSwish: floatUnary(hardSwish),
  LeakyRelu: withAttributes((x, attributes) => leakyRelu(x, { alpha: attributes.float('alpha', 0.01) })),
  Mish: floatUnary(mish),
  PRelu: preluHandler,
  Relu: numberUnary(relu),
  Selu: withAttributes((x, attributes) =>
    selu(x, {
      // The float32 numbers of the standard; before opset 6 they had fewer digits.
      alpha: attributes.float('alpha', 1.6732631921768188),
      gamma: attributes.float('gamma', 1.0507010221481323),
    }),
  ),
  Shrink: shrink,
  Sigmoid: floatUnary(sigmoid),
  Softplus: floatUnary(softplus),
  Softsign: floatUnary(softsign),
  Swish: withAttributes((x, attributes) => mul(x, sigmoid(mul(x, attributes.float('alpha', 1))))),
  ThresholdedRelu: withAttributes((x, attributes) =>
    thresholdedRelu(x, { alpha: attributes.float('alpha', 1) }),
  ),
};
