// One workgroup reduces OUTPUTS outputs over one slab of their elements; LANES invocations share an output.
${MONOID}
#if ${PARTIALS_IN}
alias Stored = State;
#else
alias Stored = ${X};
#endif

// An output is found by four kept axes, an element by four reduced ones, innermost last. Unused ones have length 1.
struct Params {
  outputs: u32, elements: u32, slabs: u32, slabLength: u32,
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
  let slab = number % params.slabs;
#if ${ROWS}
  let lane = local % LANES;
  let output = (number / params.slabs) * OUTPUTS + local / LANES;
  let laneStep = 1u;
#else
  let lane = local / OUTPUTS;
  let output = (number / params.slabs) * OUTPUTS + local % OUTPUTS;
  let laneStep = OUTPUTS;
#endif
  let base = keptOffset(min(output, params.outputs - 1u));
  let end = min((slab + 1u) * params.slabLength, params.elements);
#if ${PARTIALS_IN}
  var state = empty(x[base]);
#elif ${ROW_OF_FOUR}
  var state = start(V(x[base].x));
#else
  var state = start(V(x[base]));
#endif
  var index = slab * params.slabLength + lane;
  // Four loads under way at once.
  while (index + 3u * LANES < end) {
    let loaded0 = x[base + reducedOffset(index)];
    let loaded1 = x[base + reducedOffset(index + LANES)];
    let loaded2 = x[base + reducedOffset(index + 2u * LANES)];
    let loaded3 = x[base + reducedOffset(index + 3u * LANES)];
    state = include(state, loaded0, index);
    state = include(state, loaded1, index + LANES);
    state = include(state, loaded2, index + 2u * LANES);
    state = include(state, loaded3, index + 3u * LANES);
    index += 4u * LANES;
  }
  while (index < end) {
    state = include(state, x[base + reducedOffset(index)], index);
    index += LANES;
  }
#if ${TREE}
  states[local] = state;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      states[local] = combine(states[local], states[local + half * laneStep]);
    }
  }
  state = states[local];
#endif
  if (lane == 0u && output < params.outputs) {
#if ${PARTIALS_OUT}
    partials[slab * params.outputs + output] = state;
#else
    y[output] = ${Y}(finish(result(state), output));
#endif
  }
}
