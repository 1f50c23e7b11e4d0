/**
 * An associative operation in WGSL, with what comes before and after it: lift each element to a `State`, combine states,
 * turn the last one into the result. `V` is the type of the elements: f32, i32 or u32, or a vec4 of it.
 */
export interface Monoid {
  /**
   * Declares `State` and the functions
   *
   * - `start(first: V) -> State`: what a lane begins with; `first` is the output's first element, which will come once more
   * - `accumulate(state: State, x: V, index: u32) -> State`: with one more element
   * - `empty(any: State) -> State`: a state that adds nothing to `any`
   * - `combine(a: State, b: State) -> State`
   * - `result(state: State) -> Result`
   */
  readonly text: string;
  /** Bytes of a State where V has one lane, and where it has four. */
  readonly bytes: readonly [number, number];
  /** The type of a result is that of an element unless it is an index. */
  readonly givesIndex?: boolean;
}

/**
 * A monoid whose state is one element, by WGSL expressions: `x`, the element; `a` and `b`, states; `state`, the last one.
 * Without `empty` elements may count twice: combine(a, a) = a.
 */
export function plainMonoid(rules: {
  empty?: string;
  lift?: string;
  combine: string;
  result?: string;
}): Monoid {
  const { empty, lift = 'x', combine, result = 'state' } = rules;
  return {
    text: `alias State = V;
fn lift(x: V) -> State { return ${lift}; }
fn start(first: V) -> State { return ${empty ?? 'lift(first)'}; }
fn empty(any: State) -> State { return ${empty ?? 'any'}; }
fn combine(a: State, b: State) -> State { return ${combine}; }
fn accumulate(state: State, x: V, index: u32) -> State { return combine(state, lift(x)); }
fn result(state: State) -> Result { return ${result}; }`,
    bytes: [4, 16],
  };
}

/** Addition, in the order of a tree. `result` may use `state` and `params.scale`. */
export function additive(rules: { lift?: string; result?: string } = {}): Monoid {
  return plainMonoid({ empty: 'V()', combine: 'a + b', ...rules });
}
