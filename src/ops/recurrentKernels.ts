import source from '#shaders/recurrent.wgsl' with { type: 'text' };
import { type KernelCall, type KernelContext, linearGrid } from '../graph/kernel.ts';
import { loopParams, optionalInputs, type RecurrentAttrs, stateSize } from './recurrentLoop.ts';
import { planRecurrent, type RecurrentPlan } from './recurrentPlan.ts';
import { resetForward } from './recurrentReset.ts';
import {
  type Buffer,
  backwardsText,
  declareBuffers,
  hasBuffer,
  lines,
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

/** The loop over time: one dispatch, or more where a sequence is long or its steps are large. */
export function recurrentKernels(context: KernelContext<RecurrentAttrs>): KernelCall[] {
  const { attrs, target } = context;
  const { rule, hidden, steps, batch, reversed } = attrs;
  const inTwoPhases = rule.reset !== undefined;
  const wordsPerRow = (inTwoPhases ? 2 : 1) * padded(hidden);
  const product = { length: hidden, blocks: rule.gates, wordsPerRow, inTwoPhases };
  const plan = planRecurrent(attrs, product, target, target.variants?.[rule.name]);
  const buffers = buffersOf(context, plan);
  const groups = reversed.length * Math.ceil(batch / plan.rows) * plan.quadTiles;
  const texts = new ForwardTexts(attrs, plan, buffers);
  const shaderOf = (isFirst: boolean) =>
    rule.reset
      ? resetForward(attrs, rule.reset, plan, buffers)
      : { source, variant: texts.variant(isFirst, isFirst && plan.stepsPerDispatch === 1) };
  // One text serves all dispatches behind the first.
  const opening = shaderOf(true);
  const later = plan.stepsPerDispatch < steps ? shaderOf(false) : opening;
  const calls: KernelCall[] = [];
  for (let first = 0; first < steps; first += plan.stepsPerDispatch) {
    calls.push({
      label: `${rule.name}/${plan.strategy}`,
      ...(first === 0 ? opening : later),
      params: { ...loopParams(attrs), first, count: Math.min(plan.stepsPerDispatch, steps - first) },
      bindings: buffers.map(({ binding }) => binding),
      workgroups: linearGrid(groups),
    });
  }
  return calls;
}

/** Eight at most. States go from dispatch to dispatch by way of the outputs. */
function buffersOf({ inputs, attrs, used }: KernelContext<RecurrentAttrs>, plan: RecurrentPlan): Buffer[] {
  const optional = optionalInputs(
    inputs.map((_, input) => ({ input })),
    attrs,
  );
  const isCarried = plan.stepsPerDispatch < attrs.steps;
  const isStepwise = plan.strategy === 'stepwise';
  const all: (Buffer & { readonly isBound: boolean })[] = [
    { name: 'projected', binding: { input: 0 }, isBound: true },
    { name: 'parameters', binding: { input: 1 }, isBound: true },
    ...Object.entries(optional).flatMap(([name, binding]) =>
      binding
        ? [{ name, binding, dtype: name === 'lengths' ? ('int32' as const) : undefined, isBound: true }]
        : [],
    ),
    { name: 'output', binding: { output: 0 }, write: true, isBound: used[0] || (isCarried && isStepwise) },
    {
      name: 'finalHidden',
      binding: { output: 1 },
      write: true,
      isBound: used[1] || (isCarried && !isStepwise),
    },
    {
      name: 'finalCell',
      binding: { output: 2 },
      write: true,
      isBound: used[2] || (isCarried && attrs.rule.hasCell),
    },
    { name: 'kept', binding: { output: 3 }, write: true, isBound: used[3] },
  ];
  return all.filter(({ isBound }) => isBound);
}

/** What fills the holes of recurrent.wgsl. */
class ForwardTexts {
  private readonly width: number;
  /** Words of a row's hidden state in workgroup memory. */
  private readonly rowWords: number;
  private readonly isStepwise: boolean;

  constructor(
    private readonly attrs: RecurrentAttrs,
    private readonly plan: RecurrentPlan,
    private readonly buffers: readonly Buffer[],
  ) {
    this.width = attrs.rule.gates * attrs.hidden;
    this.rowWords = padded(attrs.hidden);
    this.isStepwise = plan.strategy === 'stepwise';
  }

  /** `isOnlyStep`: the dispatch makes the first step and no other, so that without initial states there is nothing to multiply. */
  variant(isFirst: boolean, isOnlyStep: boolean): KernelCall['variant'] {
    const { attrs, plan } = this;
    const { rule, hidden, reversed, steps } = attrs;
    const rows = Array.from({ length: plan.rows }, (_, row) => row);
    const gates = Array.from({ length: rule.gates }, (_, gate) => gate);
    const product = this.product(isFirst);
    const parameterSize = (this.width + rule.peepholes) * hidden;
    return {
      BINDINGS: declareBuffers(this.buffers, hidden),
      FUNCTIONS: `${loopFunctions(rule, this.buffers)}\n${residentDeclaration(product)}`,
      LOOPED: !this.isStepwise,
      SLICED: plan.slices > 1,
      MEETS: plan.slices > 1 || !this.isStepwise,
      CARRIED: plan.stepsPerDispatch < steps,
      HAS_INITIAL: hasBuffer(this.buffers, 'initial'),
      HAS_OUTPUT: hasBuffer(this.buffers, 'output'),
      HAS_KEPT: hasBuffer(this.buffers, 'kept'),
      HIDDEN: hidden,
      ROWS: plan.rows,
      QUADS: plan.quads,
      QUAD_TILES: plan.quadTiles,
      INVOCATIONS: plan.quads * plan.slices,
      DIRECTIONS: reversed.length,
      BACKWARDS: backwardsText(reversed),
      HIDDEN_STATES: plan.rows * this.rowWords,
      ROW_WORDS: this.rowWords,
      PARTIALS: partialsOf(product),
      STATE_SIZE: stateSize(attrs),
      PARAMETER_SIZE: parameterSize,
      OUTPUT_WIDTH: reversed.length * hidden,
      HIDDEN_BEFORE: this.isStepwise
        ? `outputAt(rowAt(params.first - 1u, length, sequence, backwards) * ${reversed.length * hidden}u + direction * ${hidden}u + unit)`
        : 'finalHiddenAt(stateAt(direction, sequence, unit))',
      CELL_BEFORE: rule.hasCell ? 'finalCellAt(stateAt(direction, sequence, unit))' : 'F()',
      INITIAL_CELL: rule.hasCell ? `initialAt(at + ${hidden}u)` : 'F()',
      PRODUCTS: Array.from({ length: rule.gates }, (_, g) => `u${g}: F`).join(', '),
      PROJECTED: lines(
        rule.gates,
        (g) => `let p${g} = projectedAt(place * ${this.width}u + ${g * hidden}u + unit);`,
      ),
      PEEPHOLES: lines(
        rule.peepholes,
        (p) =>
          `let peephole${p} = parametersAt(direction * ${parameterSize}u + ${(this.width + p) * hidden}u + unit);`,
      ),
      CELL: rule.wgsl.forward,
      KEPT: storeKept(rule, hidden),
      RESIDENT_WEIGHTS: residentWeights(product),
      ZERO_SUMS: zeroSums(product),
      PRODUCT: isOnlyStep && !hasBuffer(this.buffers, 'initial') ? '' : productText(product),
      STORE_PARTIALS: storePartials(product),
      SUMS: plan.rows * rule.gates,
      WHOLE_SUMS: rows.flatMap((row) => gates.map((g) => wholeSum(product, row, g))).join(', '),
      GATE_SUMS: gates.map((g) => this.gateSum(g)).join(', '),
      HAS_FINAL_HIDDEN: hasBuffer(this.buffers, 'finalHidden'),
      HAS_FINAL_CELL: hasBuffer(this.buffers, 'finalCell'),
    };
  }

  private product(isFirst: boolean): QuadProduct {
    const { attrs, plan, width } = this;
    const { hidden, rule } = attrs;
    return {
      ...plan,
      name: 'sum',
      blocks: rule.gates,
      length: hidden,
      vec4: hidden % 4 === 0,
      resident: plan.strategy === 'resident' && 'mine',
      ...this.states(isFirst),
      weight: (k, block) => `parametersAt(weights + ${k} * ${width}u + ${block * hidden}u + unit)`,
    };
  }

  /** How the hidden states before the step are read: from workgroup memory, or from where the step before has left them. */
  private states(isFirst: boolean): Pick<QuadProduct, 'prelude' | 'state'> {
    const { hidden, reversed } = this.attrs;
    const vec4 = hidden % 4 === 0;
    if (!this.isStepwise) {
      return {
        prelude: '',
        state: (row, k) => {
          const at = `${row * this.rowWords}u + ${k}`;
          return vec4 ? quadText('hiddenStates', at) : `hiddenStates[${at}]`;
        },
      };
    }
    const name = isFirst ? 'initial' : 'output';
    const base = (row: number) =>
      isFirst
        ? `(direction * params.batch + sequence${row}) * ${stateSize(this.attrs)}u`
        : `rowAt(step - 1u, lengthOf(sequence${row}), sequence${row}, backwards) * ${reversed.length * hidden}u + direction * ${hidden}u`;
    return {
      prelude: lines(
        this.plan.rows,
        // Rows beyond the batch repeat its last sequence, and are stored nowhere.
        (row) =>
          `let sequence${row} = min(firstSequence + ${row}u, params.batch - 1u);\n    let base${row} = ${base(row)};`,
      ),
      state: (row, k) => (vec4 ? `${name}[(base${row} + ${k}) / 4u]` : `${name}[base${row} + ${k}]`),
    };
  }

  /** U h of a gate, with its bias. */
  private gateSum(gate: number): string {
    const { hidden, rule } = this.attrs;
    const sum = `sums[r * ${rule.gates}u + ${gate}u]`;
    const bias = `recurrentBiasAt(direction * ${this.width}u + ${gate * hidden}u + unit)`;
    return hasBuffer(this.buffers, 'recurrentBias') ? `${sum} + ${bias}` : sum;
  }
}
