import source from '#shaders/recurrentGradient.wgsl' with { type: 'text' };
import { type KernelCall, type KernelContext, linearGrid } from '../graph/kernel.ts';
import {
  loopParams,
  optionalGradientInputs,
  type RecurrentGradientAttrs,
  stateSize,
} from './recurrentLoop.ts';
import { planRecurrent, type RecurrentPlan } from './recurrentPlan.ts';
import { resetBackward } from './recurrentReset.ts';
import {
  type Buffer,
  backwardsText,
  declareBuffers,
  hasBuffer,
  lines,
  loadKept,
  loopFunctions,
  partialsOf,
  productText,
  type QuadProduct,
  quadText,
  residentDeclaration,
  residentWeights,
  storePartials,
  wholeSum,
  zeroSums,
} from './recurrentWgsl.ts';

/** The loop from the last step to the first: one dispatch, or more where the forward loop takes more. */
export function recurrentGradientKernels(context: KernelContext<RecurrentGradientAttrs>): KernelCall[] {
  const { attrs, target, used } = context;
  const { rule, hidden, steps, batch, reversed } = attrs;
  const width = rule.gates * hidden;
  const plan = planRecurrent(
    attrs,
    { length: width, blocks: 1, wordsPerRow: width, inTwoPhases: rule.reset !== undefined },
    target,
    target.variants?.[`${rule.name}Gradient`] ?? target.variants?.[rule.name],
  );
  const buffers = buffersOf(context, plan);
  const groups = reversed.length * Math.ceil(batch / plan.rows) * plan.quadTiles;
  const isStepwise = plan.strategy === 'stepwise';
  const texts = new BackwardTexts(attrs, plan, buffers);
  const shaderOf = (finishes: boolean) =>
    rule.reset
      ? resetBackward(attrs, rule.reset, plan, buffers, finishes)
      : { source, variant: texts.variant(finishes) };
  // One text serves all dispatches that do not finish.
  const going = shaderOf(false);
  const finishing = used[2] ? shaderOf(true) : going;
  const call = (first: number, count: number, finishes: boolean): KernelCall => ({
    label: `${rule.name}Gradient/${plan.strategy}`,
    ...(finishes ? finishing : going),
    params: { ...loopParams(attrs), first, count },
    bindings: buffers.map(({ binding }) => binding),
    workgroups: linearGrid(groups),
  });
  const calls: KernelCall[] = [];
  for (let end = steps; end > 0; end -= plan.stepsPerDispatch) {
    const first = Math.max(0, end - plan.stepsPerDispatch);
    calls.push(call(first, end - first, first === 0 && used[2] && !isStepwise));
  }
  // Stepwise, dq of the first step must be complete before it is multiplied.
  if (used[2] && isStepwise) calls.push(call(0, 0, true));
  return calls;
}

function buffersOf(
  { inputs, attrs, used }: KernelContext<RecurrentGradientAttrs>,
  plan: RecurrentPlan,
): Buffer[] {
  const { peepholes, dOutput, dFinal, lengths } = optionalGradientInputs(
    inputs.map((_, input) => ({ input })),
    attrs,
  );
  const isCarried = plan.stepsPerDispatch < attrs.steps || plan.strategy === 'stepwise';
  const buffers: Buffer[] = [
    { name: 'kept', binding: { input: 0 } },
    { name: 'transposed', binding: { input: 1 } },
  ];
  if (peepholes) buffers.push({ name: 'peepholes', binding: peepholes });
  if (dOutput) buffers.push({ name: 'dOutput', binding: dOutput });
  if (dFinal) buffers.push({ name: 'dFinal', binding: dFinal });
  if (lengths) buffers.push({ name: 'lengths', binding: lengths, dtype: 'int32' });
  buffers.push({ name: 'dProjected', binding: { output: 0 }, write: true });
  if (attrs.rule.splitGradient) buffers.push({ name: 'dRecurrent', binding: { output: 1 }, write: true });
  if (used[2] || isCarried) buffers.push({ name: 'dInitial', binding: { output: 2 }, write: true });
  return buffers;
}

/** What fills the holes of recurrentGradient.wgsl. */
class BackwardTexts {
  private readonly gates: readonly number[];
  private readonly width: number;
  private readonly isStepwise: boolean;
  /** Where dq lies. */
  private readonly dq: 'dRecurrent' | 'dProjected';

  constructor(
    private readonly attrs: RecurrentGradientAttrs,
    private readonly plan: RecurrentPlan,
    private readonly buffers: readonly Buffer[],
  ) {
    const { rule, hidden } = attrs;
    this.gates = Array.from({ length: rule.gates }, (_, gate) => gate);
    this.width = rule.gates * hidden;
    this.isStepwise = plan.strategy === 'stepwise';
    this.dq = rule.splitGradient ? 'dRecurrent' : 'dProjected';
  }

  /** `finishes`: after the first step, the gradients of the initial states are stored. */
  variant(finishes: boolean): KernelCall['variant'] {
    const { attrs, plan, gates, width } = this;
    const { rule, hidden, reversed } = attrs;
    const product = this.product();
    const isSliced = plan.slices > 1;
    return {
      BINDINGS: declareBuffers(this.buffers, hidden),
      FUNCTIONS: `${loopFunctions(rule, this.buffers)}\n${residentDeclaration(product)}`,
      LOOPED: !this.isStepwise,
      SLICED: isSliced,
      MEETS: isSliced || !this.isStepwise,
      CARRIED:
        hasBuffer(this.buffers, 'dInitial') && (this.isStepwise || plan.stepsPerDispatch < attrs.steps),
      HAS_FINAL: hasBuffer(this.buffers, 'dFinal'),
      HAS_OUTPUT: hasBuffer(this.buffers, 'dOutput'),
      HIDDEN: hidden,
      ROWS: plan.rows,
      QUADS: plan.quads,
      QUAD_TILES: plan.quadTiles,
      INVOCATIONS: plan.quads * plan.slices,
      DIRECTIONS: reversed.length,
      BACKWARDS: backwardsText(reversed),
      PRODUCT_WORDS: plan.rows * width,
      PARTIALS: partialsOf(product),
      STATE_SIZE: stateSize(attrs),
      MATRIX_SIZE: width * hidden,
      OUTPUT_WIDTH: reversed.length * hidden,
      FINAL_CELL: rule.hasCell ? `dFinalAt(at + ${hidden}u)` : 'F()',
      DQ_FIELDS: gates.map((g) => `e${g}: F`).join(', '),
      KEPT: loadKept(rule, hidden),
      PEEPHOLES: lines(
        rule.peepholes,
        (p) =>
          `let peephole${p} = peepholesAt(direction * ${rule.peepholes * hidden}u + ${p * hidden}u + unit);`,
      ),
      CELL: rule.wgsl.backward,
      STORE_PADDING: this.store(() => 'F()'),
      STORE: this.store((name, g) => `${name === 'dProjected' ? 'd' : 'e'}${g}`),
      ZEROS: gates.map(() => 'F()').join(', '),
      DQ: gates.map((g) => `${rule.splitGradient ? 'e' : 'd'}${g}`).join(', '),
      CARRIED_CELL: rule.hasCell ? `dInitialAt(at + ${hidden}u)` : 'F()',
      DQ_BASE: this.dqAt('params.first + params.count', 'lengthOf(sequence)', 'sequence'),
      LOADED_DQ: gates.map((g) => `${this.dq}At(dq + ${g * hidden}u)`).join(', '),
      DQ_PARAMETERS: gates.map((g) => `e${g}: F`).join(', '),
      SHARE: this.share(),
      WIDTH: width,
      RESIDENT_WEIGHTS: residentWeights(product),
      ZERO_SUMS: zeroSums(product),
      PRODUCT: productText(product),
      STORE_PARTIALS: storePartials(product),
      FINISH_STEPS: Number(finishes),
      WHOLE_SUMS: Array.from({ length: plan.rows }, (_, row) => wholeSum(product, row, 0)).join(', '),
      RESULT_DQ: gates.map((g) => `result.e${g}`).join(', '),
      STORES_STATE: hasBuffer(this.buffers, 'dInitial'),
      STORE_CELL: rule.hasCell ? `storeDInitial(at + ${hidden}u, unit, gradients[r].cell);` : '',
    };
  }

  private product(): QuadProduct {
    const { attrs, plan, width, isStepwise, dq } = this;
    const { hidden } = attrs;
    const vec4 = hidden % 4 === 0;
    return {
      ...plan,
      name: 'sum',
      blocks: 1,
      length: width,
      vec4,
      resident: plan.strategy === 'resident' && 'mine',
      prelude: isStepwise
        ? lines(
            plan.rows,
            // Rows beyond the batch repeat its last sequence, and are stored nowhere.
            (r) =>
              `let sequence${r} = min(firstSequence + ${r}u, params.batch - 1u);\n    let base${r} = ${this.dqAt('later', `lengthOf(sequence${r})`, `sequence${r}`)};`,
          )
        : '',
      state(row, k) {
        if (isStepwise) return vec4 ? `${dq}[(base${row} + ${k}) / 4u]` : `${dq}[base${row} + ${k}]`;
        const at = `${row * width}u + ${k}`;
        return vec4 ? quadText('products', at) : `products[${at}]`;
      },
      weight: (k) => `transposedAt(weights + ${k} * ${hidden}u + unit)`,
    };
  }

  /** Where dq of a step of a sequence begins; that of a padded step is 0. */
  private dqAt(step: string, length: string, sequence: string): string {
    return `(direction * params.steps * params.batch + rowAt(${step}, ${length}, ${sequence}, backwards)) * ${this.width}u`;
  }

  private store(value: (name: string, gate: number) => string): string {
    const { attrs, gates, width } = this;
    const names = attrs.rule.splitGradient ? ['DProjected', 'DRecurrent'] : ['DProjected'];
    return names
      .flatMap((name) =>
        gates.map(
          (g) =>
            `store${name}(place * ${width}u + ${g * attrs.hidden}u + unit, unit, ${value(name.replace('D', 'd'), g)});`,
        ),
      )
      .join('\n  ');
  }

  /** Puts dq where all invocations see it; units beyond the last would overwrite the next gate. */
  private share(): string {
    const { gates, attrs } = this;
    const { hidden } = attrs;
    return gates
      .flatMap((g) =>
        ['x', 'y', 'z', 'w'].map((part, i) => {
          const text = `products[at + ${g * hidden + i}u] = e${g}.${part};`;
          return i === 0 || hidden % 4 === 0 ? text : `if (unit + ${i}u < ${hidden}u) { ${text} }`;
        }),
      )
      .join('\n  ');
  }
}
