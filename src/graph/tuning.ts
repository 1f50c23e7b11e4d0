import { showShape } from '../core/shape.ts';
import type { Target, TensorSpec } from './kernel.ts';
import type { Step } from './trace.ts';

/** What a measured choice hangs on: the op, its attributes, and the shapes and dtypes of its inputs. */
export function tuningKey({
  op,
  attrs,
  inputs,
}: Pick<Step, 'op' | 'attrs'> & { inputs: readonly { spec: TensorSpec }[] }): string {
  const specs = inputs.map(({ spec }) => `${spec.dtype}${showShape(spec.shape)}`);
  return [op.name, ...specs, attrs === null ? '' : JSON.stringify(attrs)].join(' ').trim();
}

/** The target that a step's kernels are to see: with the variant that was measured to be fastest, unless one is forced. */
export function tunedTarget(target: Target, step: Step): Target {
  const { variants } = step.op;
  if (!variants || !target.tuned || target.variants?.[variants.entry] !== undefined) return target;
  const choice = target.tuned[tuningKey(step)];
  if (choice === undefined || !variants.names.includes(choice)) return target;
  return { ...target, variants: { ...target.variants, [variants.entry]: choice } };
}
