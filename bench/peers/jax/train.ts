import type { Runnable } from '../../page/contender.ts';
import { adamOptions } from '../../reference/adam.ts';
import { jit, np, submit, tree, type Value, valueAndGrad } from './jax.ts';

type Values = Record<string, Value>;

/** Training steps with Adam, each one jitted function: loss, gradients and update. `loss` consumes its arguments. */
export function train(
  loss: (parameters: Values, ...data: Value[]) => Value,
  first: Values,
  data: Value[],
): Runnable {
  return trainWith(
    (parameters, ...batch) => valueAndGrad(loss)(parameters, ...batch) as [Value, Values],
    first,
    data,
    (value) => ({ loss: value }),
  );
}

/** The same with gradients by a function of its own; `results` picks what is read from the loss and the new parameters. */
export function trainWith(
  lossAndGradients: (parameters: Values, ...data: Value[]) => [Value, Values],
  first: Values,
  data: Value[],
  results: (loss: Value, parameters: Values) => Values,
): Runnable {
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const compiled = jit(
    (parameters: Values, mean: Values, square: Values, powers: Value[], ...batch: Value[]) => {
      const [value, gradients] = lossAndGradients(tree.ref(parameters), ...batch);
      const nextPowers = [powers[0].mul(beta1), powers[1].mul(beta2)];
      const nextParameters: Values = {};
      const nextMean: Values = {};
      const nextSquare: Values = {};
      for (const name of Object.keys(parameters)) {
        const gradient = gradients[name];
        nextMean[name] = mean[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
        nextSquare[name] = square[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
        const root = np.sqrt(nextSquare[name].ref.div(nextPowers[1].ref.neg().add(1)));
        const step = nextMean[name].ref.mul(learningRate).div(nextPowers[0].ref.neg().add(1));
        nextParameters[name] = parameters[name].sub(step.div(root.add(epsilon)));
      }
      return [value, nextParameters, nextMean, nextSquare, nextPowers] as const;
    },
  );
  const zeros = () =>
    Object.fromEntries(Object.entries(first).map(([name, value]) => [name, np.zeros(value.shape)]));
  let state: [Values, Values, Values, Value[]] = [first, zeros(), zeros(), [np.array(1), np.array(1)]];
  let last: Value | null = null;
  const step = async () => {
    const [value, parameters, mean, square, powers] = compiled(...state, ...data.map((one) => one.ref));
    await submit([value, ...(tree.leaves([parameters, mean, square, powers]) as Value[])]);
    last?.dispose();
    last = value;
    state = [parameters, mean, square, powers];
  };
  return {
    step,
    async run() {
      await step();
      const read: Record<string, ArrayLike<number>> = {};
      for (const [name, value] of Object.entries(results(last!, state[0])))
        read[name] = await value.ref.data();
      return read;
    },
  };
}
