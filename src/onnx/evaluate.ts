import { isFloat, roundTo } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { type Node, type Tensor, Variable } from '../graph/graph.ts';
import { runReference } from '../graph/trace.ts';

/** Larger tensors are not worked out while a model is loaded: no shape is as large. */
const mostElements = 1 << 20;

/**
 * The value of `tensor`, worked out on the CPU by the ops' references, where it depends on constants and initial values only; null
 * where it depends on an input. What is computed for one call is kept for the next.
 */
export class Evaluator {
  private readonly constant = new WeakMap<Node, boolean>();
  private readonly values = new WeakMap<Node, readonly Float64Array[]>();

  valueOf(tensor: Tensor): Float64Array | null {
    return this.isConstant(tensor.node) ? this.compute(tensor.node)[tensor.index] : null;
  }

  /** Whether the node's outputs can be worked out. Cheap for nodes whose inputs were asked about before. */
  isConstant(node: Node): boolean {
    const known = this.constant.get(node);
    if (known !== undefined) return known;
    const small = node.outputs.every((output) => output.size <= mostElements);
    const constant =
      small &&
      (node.op
        ? node.inputs.every((input) => this.isConstant(input.node))
        : node.source?.kind === 'constant' || initialNumbers(node) !== null);
    this.constant.set(node, constant);
    return constant;
  }

  private compute(node: Node): readonly Float64Array[] {
    const before = this.values.get(node);
    if (before) return before;
    const values = this.run(node);
    this.values.set(node, values);
    return values;
  }

  private run(node: Node): readonly Float64Array[] {
    if (!node.op) {
      if (node.source?.kind === 'constant') return [node.source.values];
      return [initialNumbers(node) ?? new Float64Array(sizeOf(node.outputs[0].shape))];
    }
    const inputs = node.inputs.map((input) => this.compute(input.node)[input.index]);
    const results = runReference(node.op, inputs, { inputs: node.inputs, outputs: node.outputs }, node.attrs);
    return results.map((values, i) => {
      const { dtype } = node.outputs[i];
      return isFloat(dtype) ? values.map((value) => roundTo(dtype, value)) : values;
    });
  }
}

/** The numbers with which a variable starts, where they are given as a list. */
function initialNumbers(node: Node): Float64Array | null {
  const [tensor] = node.outputs;
  if (!(tensor instanceof Variable) || typeof tensor.initializer !== 'object') return null;
  return Float64Array.from(tensor.initializer);
}
