import type { ForeignLayer } from './foreignWeights.ts';
import { type Float32Tensor, float32Tensor, type PlainTensor, zerosLike } from './plainTensor.ts';
import type { RecurrentValues } from './recurrentWeights.ts';

type Named<Value> = Readonly<Record<string, Value>>;

/** What becomes of the stacked layers of a recurrent layer in another framework. */
interface RecurrentConversion {
  to(what: string, layers: readonly RecurrentValues[]): Record<string, Float32Tensor>;
  /** @param hasTwoBiases whether ours has two, and there may be two. */
  from(tensors: Named<PlainTensor>, hasTwoBiases: boolean): readonly RecurrentValues[];
}

/** Converts a layer's variables `weight`, …, `weight2`, … all at once. */
export function recurrentRule({ to, from }: RecurrentConversion): ForeignLayer {
  return {
    to: (what, own) => to(what, stackOf(own)),
    from: (tensors, own) => {
      const found = from(tensors, Object.hasOwn(own, 'recurrentBias')).flatMap((layer, i) =>
        Object.entries(layer).map(([name, tensor]) => [i === 0 ? name : `${name}${i + 1}`, tensor] as const),
      );
      const none = Object.entries(own).map(
        ([name, shape]) => [name, zerosLike({ shape, data: [] })] as const,
      );
      return Object.fromEntries([...none, ...found]);
    },
  };
}

function stackOf(own: Named<PlainTensor>): RecurrentValues[] {
  const of = (name: string): Float32Tensor | undefined =>
    own[name] && float32Tensor(own[name].shape, own[name].data);
  const stack: RecurrentValues[] = [];
  for (let suffix = ''; ; suffix = String(stack.length + 1)) {
    const [weight, recurrentWeight] = [of(`weight${suffix}`), of(`recurrentWeight${suffix}`)];
    if (!weight || !recurrentWeight) return stack;
    const bias = of(`bias${suffix}`);
    const recurrentBias = of(`recurrentBias${suffix}`);
    const projectionWeight = of(`projectionWeight${suffix}`);
    stack.push({
      weight,
      recurrentWeight,
      ...(bias && { bias }),
      ...(recurrentBias && { recurrentBias }),
      ...(projectionWeight && { projectionWeight }),
    });
  }
}
