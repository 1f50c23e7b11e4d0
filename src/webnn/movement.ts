import { GraphError, ShapeError } from '../core/errors.ts';
import { type Shape, showShape } from '../core/shape.ts';
import * as concatenation from '../ops/concat.ts';
import * as gathering from '../ops/gather.ts';
import * as gatheringND from '../ops/gatherND.ts';
import * as padding from '../ops/pad.ts';
import * as reshaping from '../ops/reshape.ts';
import { type ResizeOptions, resize } from '../ops/resize.ts';
import * as reversal from '../ops/reverse.ts';
import { gatherElements } from '../ops/scatterAdd.ts';
import { scatterElements } from '../ops/scatterElements.ts';
import { scatterND } from '../ops/scatterND.ts';
import * as slicing from '../ops/slice.ts';
import { expand } from '../ops/sum.ts';
import * as tiling from '../ops/tile.ts';
import * as transposition from '../ops/transpose.ts';
import * as triangles from '../ops/triangular.ts';
import type { MLOperand } from './operand.ts';
import { choose } from './operands.ts';
import { ReductionBuilder } from './reduction.ts';

/** Operators that move elements. */
export class MovementBuilder extends ReductionBuilder {
  concat(inputs: readonly MLOperand[], axis: number): MLOperand {
    if (inputs.length === 0) throw new GraphError('concat: expected at least one operand, got none');
    const tensors = inputs.map((input) => input.numbers);
    return this.made(concatenation.concat(tensors, axis), inputs[0]);
  }

  /** Stretches axes of length 1, and puts new ones in front. */
  expand(input: MLOperand, newShape: Shape): MLOperand {
    return this.unary((x) => expand(x, newShape), input);
  }

  /** Negative indices count from the end; those outside are clamped. */
  gather(input: MLOperand, indices: MLOperand, options: { axis?: number } = {}): MLOperand {
    return this.unary((x) => gathering.gather(x, indices.numbers, options.axis ?? 0), input);
  }

  gatherElements(input: MLOperand, indices: MLOperand, options: { axis?: number } = {}): MLOperand {
    return this.unary((x) => gatherElements(x, indices.numbers, options.axis ?? 0), input);
  }

  gatherND(input: MLOperand, indices: MLOperand): MLOperand {
    return this.unary((x) => gatheringND.gatherND(x, indices.numbers), input);
  }

  pad(
    input: MLOperand,
    beginningPadding: readonly number[],
    endingPadding: readonly number[],
    options: { mode?: 'constant' | 'edge' | 'reflection' | 'symmetric'; value?: number } = {},
  ): MLOperand {
    const path = this.graph.path('pad');
    if (beginningPadding.length !== endingPadding.length) {
      throw new ShapeError(
        `${path}: beginningPadding ${showShape(beginningPadding)} and endingPadding ${showShape(endingPadding)} differ in length`,
      );
    }
    const mode = choose(`${path}: mode`, options.mode ?? 'constant', {
      constant: 'constant',
      edge: 'edge',
      reflection: 'reflect',
      symmetric: 'symmetric',
    } as const);
    const pairs = beginningPadding.map((before, axis) => [before, endingPadding[axis]] as const);
    return this.unary((x) => padding.pad(x, pairs, { mode, value: options.value ?? 0 }), input);
  }

  /** Interpolates along two axes (default 2 and 3), to `sizes` or by `scales` (default 1). Pixels are areas. */
  resample2d(
    input: MLOperand,
    options: {
      mode?: 'nearest-neighbor' | 'linear';
      scales?: readonly number[];
      sizes?: readonly number[];
      axes?: readonly number[];
    } = {},
  ): MLOperand {
    const { sizes, axes = [2, 3] } = options;
    const mode = choose<ResizeOptions['mode']>(
      `${this.graph.path('resample2d')}: mode`,
      options.mode ?? 'nearest-neighbor',
      { 'nearest-neighbor': 'nearest', linear: 'linear' },
    );
    const extent = sizes ? { sizes } : { scales: options.scales ?? [1, 1] };
    return this.unary((x) => resize(x, { axes, mode, ...extent }), input);
  }

  reshape(input: MLOperand, newShape: Shape): MLOperand {
    return this.unary((x) => reshaping.reshape(x, newShape), input);
  }

  reverse(input: MLOperand, options: { axes?: readonly number[] } = {}): MLOperand {
    return this.unary((x) => reversal.reverse(x, options.axes), input);
  }

  scatterElements(
    input: MLOperand,
    indices: MLOperand,
    updates: MLOperand,
    options: { axis?: number } = {},
  ): MLOperand {
    const scatter = (x: MLOperand['tensor'], u: MLOperand['tensor']) =>
      scatterElements(x, indices.numbers, u, { axis: options.axis ?? 0 });
    return this.binary('scatterElements', scatter, input, updates);
  }

  scatterND(input: MLOperand, indices: MLOperand, updates: MLOperand): MLOperand {
    return this.binary('scatterND', (x, u) => scatterND(x, indices.numbers, u), input, updates);
  }

  /** Windows from `starts`, `sizes` long, of which every `strides`-th element is taken. */
  slice(
    input: MLOperand,
    starts: readonly number[],
    sizes: readonly number[],
    options: { strides?: readonly number[] } = {},
  ): MLOperand {
    return this.unary(
      (x) => (x.rank === 0 ? x : slicing.slice(x, { begin: starts, size: sizes, steps: options.strides })),
      input,
    );
  }

  /** Equal parts, or parts of the given lengths, along an axis (default 0). */
  split(input: MLOperand, splits: number | readonly number[], options: { axis?: number } = {}): MLOperand[] {
    return slicing.split(input.numbers, splits, options.axis ?? 0).map((part) => this.made(part, input));
  }

  tile(input: MLOperand, repetitions: readonly number[]): MLOperand {
    return this.unary((x) => tiling.tile(x, repetitions), input);
  }

  /** The axes in reverse, or in the order of `permutation`. */
  transpose(input: MLOperand, options: { permutation?: readonly number[] } = {}): MLOperand {
    return this.unary((x) => transposition.transpose(x, options.permutation), input);
  }

  triangular(input: MLOperand, options: { upper?: boolean; diagonal?: number } = {}): MLOperand {
    return this.unary((x) => triangles.triangular(x, options), input);
  }
}
