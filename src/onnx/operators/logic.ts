import type { Tensor } from '../../graph/graph.ts';
import {
  equal,
  greater,
  greaterOrEqual,
  isInfinite,
  isNaN as isNotANumber,
  less,
  lessOrEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  where,
} from '../../ops/comparison.ts';
import type { Handler, Handlers } from '../handler.ts';
import { operands } from './arithmetic.ts';
import { combine, oneType, requireFloat } from './elementwise.ts';

function comparison(make: (a: Tensor, b: Tensor) => Tensor): Handler {
  return (inputs, attributes, context) => {
    const pair = operands(inputs, attributes, context);
    oneType(pair);
    return combine(context, 'bool', pair, ([a, b]) => make(a, b));
  };
}

const isInf: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const [negative, positive] = [
    attributes.flag('detect_negative', true),
    attributes.flag('detect_positive', true),
  ];
  return combine(context, 'bool', [x], ([tensor]) => {
    const infinite = isInfinite(tensor);
    if (negative && positive) return infinite;
    if (!negative && !positive) return logicalAnd(infinite, logicalNot(infinite));
    return logicalAnd(infinite, positive ? greater(tensor, 0) : less(tensor, 0));
  });
};

export const logic: Handlers = {
  And: comparison(logicalAnd),
  Equal: comparison(equal),
  Greater: comparison(greater),
  GreaterOrEqual: comparison(greaterOrEqual),
  IsInf: isInf,
  IsNaN: (inputs, _, context) => {
    const x = requireFloat(inputs.get(0));
    return combine(context, 'bool', [x], ([tensor]) => isNotANumber(tensor));
  },
  Less: comparison(less),
  LessOrEqual: comparison(lessOrEqual),
  Not: (inputs, _, context) => combine(context, 'bool', [inputs.get(0)], ([tensor]) => logicalNot(tensor)),
  Or: comparison(logicalOr),
  Where: (inputs, _, context) => {
    const [condition, a, b] = [inputs.get(0), inputs.get(1), inputs.get(2)];
    const type = oneType([a, b]);
    return combine(context, type, [condition, a, b], ([c, x, y]) => where(c, x, y));
  },
  Xor: comparison(logicalXor),
};
