import type { Monoid } from './monoid.ts';

/** What the loop of one invocation over its elements depends on. */
export interface ReduceLoop {
  readonly monoid: Monoid;
  /** A unit holds four neighbouring elements of one output. */
  readonly rowOfFour: boolean;
  /** Units of outputs, side by side in memory, that the invocation reduces at once. */
  readonly columns: Columns;
  /** The elements are states that another call left. */
  readonly partials: boolean;
  /** Elements lie along several axes. */
  readonly scattered: boolean;
  readonly to: 'partials' | 'y';
  /** Type of an element of `y`. */
  readonly type: string;
}

export type Columns = 1 | 2 | 4;

/** The holes of reduce.wgsl: written out, for not every compiler unrolls a loop, or takes out of it what is the same each time. */
export function reduceTexts(loop: ReduceLoop) {
  const { rowOfFour, columns, partials, to, type } = loop;
  // Four short chains instead of a long one.
  const fourStates = rowOfFour && isPlain(loop.monoid);
  const loads = rowOfFour ? 4 : 8 / columns;
  const start = (k: number) => {
    const first = `x[${plus('base', k)}]`;
    return partials ? `empty(${first})` : `start(V(${first}${rowOfFour ? '.x' : ''}))`;
  };
  const others = fourStates ? [1, 2, 3].map((k) => `var state${k} = empty(state);`) : [];
  const stores = range(columns).map((k) => {
    const unit = to === 'y' ? 'output' : 'flat';
    const index = plus(columns === 1 ? unit : `${columns}u * ${unit}`, k);
    const value = to === 'y' ? `${type}(finish(result(${state(k)}), ${index}))` : state(k);
    return `${to}[${index}] = ${value};`;
  });
  return {
    START: [...range(columns).map((k) => `var ${state(k)} = ${start(k)};`), ...others].join('\n  '),
    LAST_LOAD: loads - 1,
    SEVERAL: block(loop, fourStates, loads),
    ONE: block(loop, fourStates, 1),
    MERGE: fourStates ? 'state = combine(combine(state, state1), combine(state2, state3));' : '',
    STORE: stores.join('\n    '),
  };
}

/** Whether a state is one element: states of several words would need too many registers, were there more than one of them. */
export function isPlain({ bytes }: Monoid): boolean {
  return bytes[0] === 4;
}

const range = (length: number) => Array.from({ length }, (_, i) => i);
const state = (k: number) => (k === 0 ? 'state' : `state${k}`);

const plus = (place: string, k: number) => (k === 0 ? place : `${place} + ${k}u`);

/** Loads `count` units for each column, one `step` apart, then takes them in. */
function block(
  { rowOfFour, columns, partials, scattered }: ReduceLoop,
  fourStates: boolean,
  count: number,
): string {
  const include = (i: number, k: number): string[] => {
    const loaded = `loaded${i}_${k}`;
    if (partials) return [`${state(k)} = combine(${state(k)}, ${loaded});`];
    if (!rowOfFour) return [`${state(k)} = accumulate(${state(k)}, V(${loaded}), index${i});`];
    return ['x', 'y', 'z', 'w'].map((part, j) => {
      const own = state(fourStates ? j : 0);
      return `${own} = accumulate(${own}, V(${loaded}.${part}), index${i} * 4u + ${j}u);`;
    });
  };
  const chain = (name: string, step: string) => [
    `let ${name}0 = ${name};`,
    ...range(count - 1).map((i) => `let ${name}${i + 1} = ${name}${i} + ${step};`),
  ];
  const next = (name: string, step: string) => `${name} = ${name}${count - 1} + ${step};`;
  const place = (i: number) => (scattered ? `base + reducedOffset(index${i})` : `at${i}`);
  const all = range(count).flatMap((i) => range(columns).map((k) => [i, k] as const));
  return [
    ...chain('index', 'step'),
    ...(scattered ? [] : chain('at', 'jump')),
    ...all.map(([i, k]) => `let loaded${i}_${k} = x[${plus(place(i), k)}];`),
    ...all.flatMap(([i, k]) => include(i, k)),
    next('index', 'step'),
    ...(scattered ? [] : [next('at', 'jump')]),
  ].join('\n    ');
}
