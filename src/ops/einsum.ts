import { isFloat } from '../core/dtype.ts';
import { ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../graph/graph.ts';
import { mul } from './arithmetic.ts';
import { matmul } from './matmul.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';
import { sum } from './sum.ts';
import { transpose } from './transpose.ts';

/** A tensor whose axes have names. */
interface Named {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * Products and sums by Einstein's rule: axes with one letter have one index, and the result is the sum over all letters that are not
 * on its side of the arrow. Without an arrow the result has the letters that occur once, in alphabetical order. `...` stands for axes
 * that broadcast. A letter twice in one operand takes the diagonal. As NumPy's and PyTorch's `einsum`.
 *
 * ```ts
 * einsum('bij,bjk->bik', [a, b]); // a batch of matrix products
 * einsum('ii->', [matrix]);       // the trace
 * ```
 *
 * It is made of `matmul`, `sum` and `transpose`, operand after operand from the left.
 *
 * @throws ShapeError where the equation does not fit the shapes.
 */
export function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new ShapeError('einsum: expected at least one tensor');
  const path = first.graph.path('einsum');
  const { operands, result } = parse(path, equation, tensors);
  const lengths = lengthsOf(path, equation, operands);
  const fitted = operands.map((operand) => withoutStretched(diagonal(operand), lengths));
  let left = fitted[0];
  for (let i = 1; i < fitted.length; i++) {
    const later = new Set([...result, ...fitted.slice(i + 1).flatMap(({ labels }) => labels)]);
    left = product(left, fitted[i], later);
  }
  return arranged(summed(left, new Set(result)), result, lengths);
}

function parse(
  path: string,
  equation: string,
  tensors: readonly Tensor[],
): { operands: Named[]; result: string[] } {
  const [left, right, ...more] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',');
  if (more.length > 0 || terms.length !== tensors.length)
    throw new ShapeError(`${path}: "${equation}" is no equation for ${tensors.length} tensors`);
  const operands = terms.map((term, i): Named => {
    const letters = lettersOf(path, equation, term);
    const hidden = tensors[i].rank - letters.filter((letter) => letter !== '...').length;
    if (hidden < 0 || (hidden > 0 && !letters.includes('...')))
      throw new ShapeError(`${path}: "${term}" does not name the axes of ${showShape(tensors[i].shape)}`);
    return {
      tensor: tensors[i],
      labels: letters.flatMap((letter) => (letter === '...' ? dots(hidden) : [letter])),
    };
  });
  const all = operands.flatMap(({ labels }) => labels);
  const stretched = dots(Math.max(0, ...operands.map(({ labels }) => labels.filter(isDot).length)));
  const letters = [...new Set(all.filter((label) => !isDot(label)))].sort();
  const once = letters.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  const result =
    right === undefined
      ? [...stretched, ...once]
      : lettersOf(path, equation, right).flatMap((letter) => (letter === '...' ? stretched : [letter]));
  const wrong = result.find((label, i) => !all.includes(label) || result.indexOf(label) !== i);
  if (wrong !== undefined)
    throw new ShapeError(`${path}: "${wrong}" in the result of "${equation}" is no index, or is there twice`);
  return { operands, result };
}

function lettersOf(path: string, equation: string, term: string): string[] {
  const letters: readonly string[] = term.match(/\.\.\.|[A-Za-z]/g) ?? [];
  if (letters.join('') !== term || letters.indexOf('...') !== letters.lastIndexOf('...'))
    throw new ShapeError(`${path}: "${term}" in "${equation}" must consist of letters and at most one ...`);
  return [...letters];
}

/** Labels for `count` axes under `...`, which are aligned at the end. */
function dots(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${count - i}`);
}

function isDot(label: string): boolean {
  return label.startsWith('.');
}

function lengthsOf(path: string, equation: string, operands: readonly Named[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { tensor, labels } of operands) {
    for (const [axis, label] of labels.entries()) {
      const [before, length] = [lengths.get(label) ?? 1, tensor.shape[axis]];
      if (before !== length && before !== 1 && length !== 1)
        throw new ShapeError(
          `${path}: "${label}" in "${equation}" has both the lengths ${before} and ${length}`,
        );
      lengths.set(label, Math.max(before, length));
    }
  }
  return lengths;
}

/** Each label once: where one is there twice, the elements with equal indices. */
function diagonal({ tensor, labels }: Named): Named {
  const first = labels.findIndex((label, i) => labels.indexOf(label, i + 1) >= 0);
  if (first < 0) return { tensor, labels };
  const second = labels.indexOf(labels[first], first + 1);
  const others = labels.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const [n, m] = [tensor.shape[first], tensor.shape[second]];
  if (n !== m)
    throw new ShapeError(
      `einsum: ${showShape(tensor.shape)} has no diagonal over axes ${first} and ${second}`,
    );
  const moved = transpose(tensor, [...others, first, second]);
  const flat = reshape(moved, [...others.map((axis) => tensor.shape[axis]), n * n]);
  const taken = n === 1 ? flat : slice(flat, { axes: [-1], steps: [n + 1] });
  return diagonal({ tensor: taken, labels: [...others.map((axis) => labels[axis]), labels[first]] });
}

/** Without the axes of length 1 that stretch to another operand's length. */
function withoutStretched({ tensor, labels }: Named, lengths: ReadonlyMap<string, number>): Named {
  const kept = labels
    .map((_, axis) => axis)
    .filter((axis) => tensor.shape[axis] === lengths.get(labels[axis]));
  return {
    tensor: reshape(
      tensor,
      kept.map((axis) => tensor.shape[axis]),
    ),
    labels: kept.map((axis) => labels[axis]),
  };
}

function summed({ tensor, labels }: Named, kept: ReadonlySet<string>): Named {
  const axes = labels.map((_, axis) => axis).filter((axis) => !kept.has(labels[axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: sum(tensor, { axes }), labels: labels.filter((label) => kept.has(label)) };
}

/** The product of two, summed over the labels that nobody wants later. */
function product(a: Named, b: Named, later: ReadonlySet<string>): Named {
  const left = summed(a, new Set([...later, ...b.labels]));
  const right = summed(b, new Set([...later, ...a.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const inner = shared.filter((label) => !later.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const x = groupsOf(left, [batch, rows, inner]);
  const y = groupsOf(right, [batch, inner, columns]);
  const shape = labels.map((label) => lengthIn(left, label) ?? lengthIn(right, label) ?? 1);
  if (isFloat(x.dtype) && inner.length > 0) return { tensor: reshape(matmul(x, y), shape), labels };
  const [count, m, k] = x.shape;
  const n = y.shape[2];
  const all = mul(reshape(x, [count, m, k, 1]), reshape(y, [count, 1, k, n]));
  return { tensor: reshape(k === 1 ? all : sum(all, { axes: [2] }), shape), labels };
}

function lengthIn({ tensor, labels }: Named, label: string): number | undefined {
  const axis = labels.indexOf(label);
  return axis < 0 ? undefined : tensor.shape[axis];
}

/** The tensor with its axes in groups, each joined into one. */
function groupsOf(named: Named, groups: readonly (readonly string[])[]): Tensor {
  const { tensor, labels } = named;
  const moved = transpose(
    tensor,
    groups.flat().map((label) => labels.indexOf(label)),
  );
  return reshape(
    moved,
    groups.map((group) => sizeOf(group.map((label) => lengthIn(named, label) ?? 1))),
  );
}

/** The axes in the order of the result; those of length 1 that were left out come back. */
function arranged(named: Named, result: readonly string[], lengths: ReadonlyMap<string, number>): Tensor {
  const { tensor, labels } = named;
  const present = result.filter((label) => labels.includes(label));
  const moved = transpose(
    tensor,
    present.map((label) => labels.indexOf(label)),
  );
  return reshape(
    moved,
    result.map((label) => lengths.get(label) ?? 1),
  );
}
