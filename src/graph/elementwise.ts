import type { DType } from '../core/dtype.ts';

/** Elementwise behaviour: what lets an op be chained with others inside one kernel. */
export interface Elementwise<Attrs> {
  /**
   * WGSL for one result, from operand expressions. Types are written `F`, `I`, `U`, `B`: f32, i32, u32, bool or their
   * vec4; `types` tells the operands' and the result's letter.
   */
  expression(operands: readonly string[], attrs: Attrs, types: ElementwiseTypes): string;
  /** WGSL functions that `expression` calls. Equal texts are emitted once. */
  readonly helpers?: readonly string[];
  /** The meaning for one element, in float64, for operands of which the first is a `dtype`: what gates of recurrent cells compute. */
  scalar?(attrs: Attrs, dtype: DType): (a: number, b: number, c: number) => number;
}

export type TypeLetter = 'F' | 'I' | 'U' | 'B';

export interface ElementwiseTypes {
  readonly operands: readonly TypeLetter[];
  readonly result: TypeLetter;
}
