import forwardSource from '#shaders/recurrentReset.wgsl' with { type: 'text' };
import backwardSource from '#shaders/recurrentResetGradient.wgsl' with { type: 'text' };
import type { KernelCall, Variant } from '../graph/kernel.ts';
import type { ResetPhase } from './recurrentCell.ts';
import type { RecurrentAttrs, RecurrentGradientAttrs } from './recurrentLoop.ts';
import type { RecurrentPlan } from './recurrentPlan.ts';
import {
  type Buffer,
  backwardsText,
  declareBuffers,
  hasBuffer,
  lines,
  loadKept,
  loopFunctions,
  padded,
  partialsOf,
  productText,
  type QuadProduct,
  quadText,
  residentDeclaration,
  residentWeights,
  storeKept,
  storePartials,
  wholeSum,
  zeroSums,
} from './recurrentWgsl.ts';

// What fills the shaders of cells with two products at each step. The first is that of h with the gates but the last; the last one
// multiplies m, which the first gate makes of h.

type ShaderTexts = Pick<KernelCall, 'source' | 'variant'>;

export function resetForward(
  attrs: RecurrentAttrs,
  reset: ResetPhase,
  plan: RecurrentPlan,
  buffers: readonly Buffer[],
): ShaderTexts {
  const { rule, hidden, reversed } = attrs;
  const width = rule.gates * hidden;
  const others = rule.gates - 1;
  const rowWords = padded(hidden);
  const stateWords = plan.rows * rowWords;
  const product = (firstBlock: number, blocks: number, firstWord: number, name: string): QuadProduct => ({
    ...productOf(plan, hidden, hidden, name),
    blocks,
    state(row, k) {
      const at = `${firstWord + row * rowWords}u + ${k}`;
      return hidden % 4 === 0 ? quadText('hiddenStates', at) : `hiddenStates[${at}]`;
    },
    weight: (k, block) =>
      `parametersAt(weights + ${k} * ${width}u + ${(firstBlock + block) * hidden}u + unit)`,
  });
  const projected = (gates: number) =>
    lines(gates, (g) => `let p${g} = projectedAt(place * ${width}u + ${g * hidden}u + unit);`);
  const products = (gates: number) => Array.from({ length: gates }, (_, g) => `u${g}: F`).join(', ');
  return {
    source: forwardSource,
    variant: {
      ...shared(
        attrs,
        plan,
        buffers,
        product(0, others, 0, 'mine'),
        product(others, 1, stateWords, 'myLast'),
      ),
      HAS_INITIAL: hasBuffer(buffers, 'initial'),
      HAS_KEPT: hasBuffer(buffers, 'kept'),
      HAS_FINAL_HIDDEN: hasBuffer(buffers, 'finalHidden'),
      HAS_OUTPUT: hasBuffer(buffers, 'output'),
      HIDDEN_STATES: stateWords,
      STATE_WORDS: 2 * stateWords,
      ROW_WORDS: rowWords,
      OUTPUT_WIDTH: reversed.length * hidden,
      OTHER_PRODUCTS: products(others),
      OTHER_PROJECTED: projected(others),
      OTHER_SUMS: Array.from({ length: others }, (_, g) => `sums[r * ${others}u + ${g}u]`).join(', '),
      RESET: reset.wgsl.forward,
      PRODUCTS: products(rule.gates),
      PROJECTED: projected(rule.gates),
      CELL: rule.wgsl.forward,
      KEPT: storeKept(rule, hidden),
    },
  };
}

/** `finishes`: after the first step, the gradients of the initial states are stored. */
export function resetBackward(
  attrs: RecurrentGradientAttrs,
  reset: ResetPhase,
  plan: RecurrentPlan,
  buffers: readonly Buffer[],
  finishes: boolean,
): ShaderTexts {
  const { rule, hidden, reversed } = attrs;
  const width = rule.gates * hidden;
  const others = width - hidden;
  const product = (begin: number, length: number, name: string): QuadProduct => ({
    ...productOf(plan, hidden, length, name),
    state(row, k) {
      const at = `${row * width + begin}u + ${k}`;
      return hidden % 4 === 0 ? quadText('products', at) : `products[${at}]`;
    },
    weight: (k) => `transposedAt(weights + (${begin}u + ${k}) * ${hidden}u + unit)`,
  });
  const placeOf = (g: number) => `place * ${width}u + ${g * hidden}u + unit`;
  const store = (g: number) =>
    `let e${g} = select(F(), d${g}, isValid);
  storeDProjected(${placeOf(g)}, unit, e${g});
  share(at + ${g * hidden}u, unit, e${g});`;
  return {
    source: backwardSource,
    variant: {
      ...shared(attrs, plan, buffers, product(0, others, 'mine'), product(others, hidden, 'myLast')),
      HAS_OUTPUT: hasBuffer(buffers, 'dOutput'),
      STORES_STATE: hasBuffer(buffers, 'dInitial'),
      FINISH_STEPS: Number(finishes),
      FINAL_GRADIENT: hasBuffer(buffers, 'dFinal') ? 'dFinalAt(stateAt(direction, sequence, unit))' : 'F()',
      OUTPUT_WIDTH: reversed.length * hidden,
      PRODUCT_WORDS: plan.rows * width,
      WIDTH: width,
      KEPT: loadKept(rule, hidden),
      CELL: rule.wgsl.backward,
      STORE_OTHERS: lines(rule.gates, (g) => (g > 0 ? store(g) : '')),
      RESET: reset.wgsl.backward,
      STORE_FIRST: store(0),
      LOAD: lines(rule.gates, (g) => `share(at + ${g * hidden}u, unit, dProjectedAt(${placeOf(g)}));`),
    },
  };
}

/** What both products of a direction have in common. */
function productOf(plan: RecurrentPlan, hidden: number, length: number, name: string) {
  return {
    ...plan,
    name: 'sum',
    blocks: 1,
    length,
    sliceLength: Math.ceil(length / plan.slices / 4) * 4,
    vec4: hidden % 4 === 0,
    prelude: '',
    resident: plan.strategy === 'resident' && name,
  };
}

/** Holes of both shaders. The two products follow one another, so that their partial sums take the same memory. */
function shared(
  { hidden, steps, rule, reversed }: RecurrentAttrs,
  plan: RecurrentPlan,
  buffers: readonly Buffer[],
  first: QuadProduct,
  last: QuadProduct,
): Variant {
  return {
    BINDINGS: declareBuffers(buffers, hidden),
    FUNCTIONS: [loopFunctions(rule, buffers), residentDeclaration(first), residentDeclaration(last)].join(
      '\n',
    ),
    SLICED: plan.slices > 1,
    CARRIED: plan.stepsPerDispatch < steps,
    HIDDEN: hidden,
    ROWS: plan.rows,
    QUADS: plan.quads,
    INVOCATIONS: plan.quads * plan.slices,
    DIRECTIONS: reversed.length,
    BACKWARDS: backwardsText(reversed),
    MATRIX_SIZE: rule.gates * hidden * hidden,
    PARTIALS: partialsOf(first),
    RESIDENT_WEIGHTS: `${residentWeights(first)}\n  ${residentWeights(last)}`,
    ...productTexts('FIRST', first),
    ...productTexts('LAST', last),
  };
}

function productTexts(prefix: string, product: QuadProduct): Variant {
  const { rows, blocks } = product;
  const sums = Array.from({ length: rows * blocks }, (_, i) =>
    wholeSum(product, Math.floor(i / blocks), i % blocks),
  );
  return {
    [`${prefix}_ZERO_SUMS`]: zeroSums(product),
    [`${prefix}_PRODUCT`]: productText(product),
    [`${prefix}_STORE_PARTIALS`]: storePartials(product),
    [`${prefix}_COUNT`]: sums.length,
    [`${prefix}_WHOLE_SUMS`]: sums.join(', '),
  };
}
