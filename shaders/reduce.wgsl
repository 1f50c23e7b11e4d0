// One workgroup reduces OUTPUTS outputs, LANES invocations each; or one invocation reduces every parts-th element of one.
${MONOID}
#if ${PARTIALS_IN}
alias Stored = State;
#else
alias Stored = ${X};
#endif

// An output is found by four kept axes, an element by four reduced ones, innermost last. Unused ones have length 1.
struct Params {
  outputs: u32, elements: u32, parts: u32,
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

fn reducedOffset(index: u32) -> u32 {
#if ${ONE_REDUCED}
  return index * params.reducedStride3;
#else
  let rest2 = index / params.reducedLength3;
  let rest1 = rest2 / params.reducedLength2;
  let inner = (rest2 % params.reducedLength2) * params.reducedStride2 + (index % params.reducedLength3) * params.reducedStride3;
  return (rest1 / params.reducedLength1) * params.reducedStride0 + (rest1 % params.reducedLength1) * params.reducedStride1 + inner;
#endif
}

fn include(state: State, loaded: Stored, index: u32) -> State {
#if ${PARTIALS_IN}
  return combine(state, loaded);
#elif ${ROW_OF_FOUR}
  var four = state;
  four = accumulate(four, V(loaded.x), index * 4u);
  four = accumulate(four, V(loaded.y), index * 4u + 1u);
  four = accumulate(four, V(loaded.z), index * 4u + 2u);
  return accumulate(four, V(loaded.w), index * 4u + 3u);
#else
  return accumulate(state, V(loaded), index);
#endif
}

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
  let step = params.parts;
#else
  // Along rows the lanes of an output are neighbours, else the outputs are.
  let lane = local / LANE_STEP % LANES;
  let output = number * OUTPUTS + local % LANE_STEP + local / (LANE_STEP * LANES);
  let step = LANES;
#endif
  let base = keptOffset(min(output, params.outputs - 1u));
#if ${PARTIALS_IN}
  var state = empty(x[base]);
#elif ${ROW_OF_FOUR}
  var state = start(V(x[base].x));
#else
  var state = start(V(x[base]));
#endif
  var index = lane;
  // Four loads under way at once.
  while (index + 3u * step < params.elements) {
    let loaded0 = x[base + reducedOffset(index)];
    let loaded1 = x[base + reducedOffset(index + step)];
    let loaded2 = x[base + reducedOffset(index + 2u * step)];
    let loaded3 = x[base + reducedOffset(index + 3u * step)];
    state = include(state, loaded0, index);
    state = include(state, loaded1, index + step);
    state = include(state, loaded2, index + 2u * step);
    state = include(state, loaded3, index + 3u * step);
    index += 4u * step;
  }
  while (index < params.elements) {
    state = include(state, x[base + reducedOffset(index)], index);
    index += step;
  }
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
    partials[flat] = state;
  }
#else
  if (lane == 0u && output < params.outputs) {
    y[output] = ${Y}(finish(result(state), output));
  }
#endif
}
