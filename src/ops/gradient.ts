import { isFloat } from '../core/dtype.ts';
import { GraphError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Node, Tensor } from '../graph/graph.ts';
import { add } from './arithmetic.ts';
import { expand } from './sum.ts';

export interface GradOptions {
  /** What to do for a tensor that does not influence the loss: throw (default), or give zeros of its shape. */
  unused?: 'throw' | 'zeros';
}

/**
 * Gradients of the scalar `loss` with respect to `tensors`, as tensors of the same graph (reverse-mode automatic
 * differentiation). They can be differentiated again where the ops' gradients are made of differentiable ops.
 *
 * ```ts
 * const [dw, db] = grad(loss, [w, b]);
 * ```
 *
 * @throws GraphError where `loss` is not a float scalar, or does not depend on one of the tensors.
 */
export function grad(loss: Tensor, tensors: readonly Tensor[], options: GradOptions = {}): Tensor[] {
  if (loss.size !== 1 || !isFloat(loss.dtype)) {
    throw new GraphError(
      `grad: the loss must be one float number, got ${loss.dtype} ${showShape(loss.shape)} from ${loss.node.path}; reduce it with mean() or sum()`,
    );
  }
  const graph = loss.graph;
  for (const tensor of tensors) {
    if (tensor.graph !== graph)
      throw new GraphError(`grad: ${tensor} belongs to another graph than the loss ${loss}`);
  }
  const wanted = nodesBetween(tensors, loss.node);
  const gradients = new Map<Tensor, Tensor>();
  gradients.set(loss, expand(graph.constant(1, [], loss.dtype), loss.shape));

  for (let id = loss.node.id; id >= 0; id--) {
    const node = graph.nodes[id];
    if (!node.op || !wanted.has(node)) continue;
    const outputGradients = node.outputs.map((output) => gradients.get(output) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    if (!node.op.gradient) {
      if (node.outputs.some((output) => isFloat(output.dtype))) {
        throw new GraphError(`grad: ${node.path} has no gradient; cut it off with stopGradient(x)`);
      }
      continue;
    }
    const rule = node.op.gradient;
    const inputGradients = graph.scope(`gradient/${node.path}`, () =>
      rule(outputGradients, node.inputs, node.outputs, node.attrs),
    );
    node.inputs.forEach((input, i) => {
      const gradient = inputGradients[i];
      if (!gradient || !wanted.has(input.node)) return;
      const before = gradients.get(input);
      gradients.set(input, before ? add(before, gradient) : gradient);
    });
  }

  return tensors.map((tensor) => {
    const gradient = gradients.get(tensor);
    if (gradient) return gradient;
    if (options.unused === 'zeros') return expand(graph.constant(0, [], tensor.dtype), tensor.shape);
    throw new GraphError(
      `grad: the loss ${loss.node.path} does not depend on ${tensor}, or only through ops without a gradient; leave it out or pass { unused: 'zeros' }`,
    );
  });
}

/** Nodes on a path from one of `tensors` to `end`: only they need a gradient. */
function nodesBetween(tensors: readonly Tensor[], end: Node): Set<Node> {
  const wanted = new Set<Node>(tensors.map((tensor) => tensor.node));
  for (const node of end.graph.nodes.slice(0, end.id + 1)) {
    if (node.inputs.some((input) => wanted.has(input.node))) wanted.add(node);
  }
  return wanted;
}
