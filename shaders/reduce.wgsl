// One workgroup reduces OUTPUTS outputs, LANES invocations each; or one invocation reduces one of `parts` parts of an output.
${MONOID}
#if ${PARTIALS_IN}
alias Stored = State;
#else
alias Stored = ${X};
#endif

// An output (or several, side by side) is found by four kept axes, an element by four reduced ones, innermost last. Unused ones have length 1.
struct Params {
  outputs: u32, elements: u32, parts: u32, partLength: u32,
  keptLength1: u32, keptLength2: u32, keptLength3: u32,
  keptStride0: u32, keptStride1: u32, keptStride2: u32, keptStride3: u32,
  reducedLength1: u32, reducedLength2: u32, reducedLength3: u32,
  reducedStride0: u32, reducedStride1: u32, reducedStride2: u32, reducedStride3: u32,
  scale: f32,
}
@group(0) @binding(0) var<storage, read> x: array<Stored>;
#if ${PARTIALS_OUT}
@group(0) @binding(1) var<storage, read_write> partials: array<State>;
#else
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
#endif
@group(0) @binding(2) var<uniform> params: Params;
${EPILOGUE}

const LANES = ${LANES}u;
const OUTPUTS = ${OUTPUTS}u;
const LANE_STEP = ${LANE_STEP}u;
#if ${TREE}
var<workgroup> states: array<State, ${THREADS}>;
#endif

fn keptOffset(index: u32) -> u32 {
#if ${ONE_KEPT}
  return index * params.keptStride3;
#else
  let rest2 = index / params.keptLength3;
  let rest1 = rest2 / params.keptLength2;
  let inner = (rest2 % params.keptLength2) * params.keptStride2 + (index % params.keptLength3) * params.keptStride3;
  return (rest1 / params.keptLength1) * params.keptStride0 + (rest1 % params.keptLength1) * params.keptStride1 + inner;
#endif
}

#if ${SCATTERED}
fn reducedOffset(index: u32) -> u32 {
  let rest2 = index / params.reducedLength3;
  let rest1 = rest2 / params.reducedLength2;
  let inner = (rest2 % params.reducedLength2) * params.reducedStride2 + (index % params.reducedLength3) * params.reducedStride3;
  return (rest1 / params.reducedLength1) * params.reducedStride0 + (rest1 % params.reducedLength1) * params.reducedStride1 + inner;
}
#endif

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
#if ${PARTIALS_OUT}
  // Neighbours read what lies together: parts of a row, or the same part of several columns.
  let flat = number * ${THREADS}u + local;
#if ${ROWS}
  let lane = flat % params.parts;
  let output = flat / params.parts;
#else
  let lane = flat / params.outputs;
  let output = flat % params.outputs;
#endif
#if ${SLABS}
  let step = 1u;
  let first = lane * params.partLength;
  let end = min(first + params.partLength, params.elements);
#else
  let step = params.parts;
  let first = lane;
  let end = params.elements;
#endif
#else
  // Along rows the lanes of an output are neighbours, else the outputs are.
  let lane = local / LANE_STEP % LANES;
  let output = number * OUTPUTS + local % LANE_STEP + local / (LANE_STEP * LANES);
  let step = LANES;
  let first = lane;
  let end = params.elements;
#endif
  let base = keptOffset(min(output, params.outputs - 1u));
  ${START}
  var index = first;
#if ${SCATTERED}
#else
  let jump = step * params.reducedStride3;
  var at = base + first * params.reducedStride3;
#endif
  // Several loads under way at once.
  let reach = ${LAST_LOAD}u * step;
  while (index + reach < end) {
    ${SEVERAL}
  }
  while (index < end) {
    ${ONE}
  }
  ${MERGE}
#if ${TREE}
  // Few barriers matter more than short chains: each round leaves an eighth of the states.
  states[local] = state;
  for (var left = LANES; left > 1u; left = max(left / 8u, 1u)) {
    workgroupBarrier();
    let next = max(left / 8u, 1u);
    if (lane < next) {
      for (var other = next; lane + other < left; other += next) {
        state = combine(state, states[local + other * LANE_STEP]);
      }
      states[local] = state;
    }
  }
#endif
#if ${PARTIALS_OUT}
  if (lane < params.parts && output < params.outputs) {
    ${STORE}
  }
#else
  if (lane == 0u && output < params.outputs) {
    ${STORE}
  }
#endif
}
