// One workgroup computes loss and gradient of LINES lines of logits at a time; LANES invocations share a line.
struct Params {
  lines: u32, classes: u32, inner: u32, weightParts: u32, ignores: u32, ignoreIndex: i32, nan: u32,
  scale: f32, confidence: f32, smoothing: f32,
}
${BINDINGS}

const LANES = ${LANES}u;
const LINES = ${LINES}u;
const LANE_STEP = ${LANE_STEP}u;
var<workgroup> highs: array<f32, ${THREADS}>;
var<workgroup> sums: array<f32, ${THREADS}>;
var<workgroup> extras: array<f32, ${THREADS}>;

// 0 where the label is to be ignored; NaN where there is no such category: it must be noticed.
fn factorOf(label: i32) -> f32 {
  let known = select(bitcast<f32>(params.nan), 1.0, label >= 0 && label < i32(params.classes));
  return select(known, 0.0, params.ignores == 1u && label == params.ignoreIndex);
}

// The weighted probability that the loss wants for a category: all of it at `label`, or what `labels` says.
fn wanted(label: i32, factor: f32, category: u32, at: u32) -> f32 {
#if ${INDICES}
  let probability = select(0.0, params.confidence, i32(category) == label);
#else
  let probability = params.confidence * f32(labels[at]);
#endif
  return factor * ${CATEGORY_WEIGHT} * (probability + params.smoothing);
}

// Leaves the sum of `extras` over the lanes, `laneStep` apart, at lane 0.
fn addExtras(local: u32, lane: u32, lanes: u32, laneStep: u32) {
  for (var left = lanes; left > 1u; left = max(left / 8u, 1u)) {
    workgroupBarrier();
    let next = max(left / 8u, 1u);
    if (lane < next) {
      for (var other = next; lane + other < left; other += next) {
        extras[local] += extras[local + other * laneStep];
      }
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  // Along rows the lanes of a line are neighbours, else the lines are.
  let lane = local / LANE_STEP % LANES;
  let slot = local % LANE_STEP + local / (LANE_STEP * LANES);
  let first = local - lane * LANE_STEP;
#if ${WEIGHED}
  // The weights of all lines, by which the mean divides.
  extras[local] = 0.0;
  for (var part = local; part < params.weightParts; part += ${THREADS}u) {
#if ${ALONE}
    let category = u32(clamp(i32(labels[part]), 0, i32(params.classes) - 1));
    extras[local] += factorOf(i32(labels[part])) * ${CATEGORY_WEIGHT};
#else
    extras[local] += weightSums[part];
#endif
  }
  addExtras(local, local, ${THREADS}u, 1u);
  let scale = params.scale / extras[0];
  workgroupBarrier();
#else
  let scale = params.scale;
#endif
  var loss = 0.0;
  for (var begin = number * LINES; begin < params.lines; begin += count.x * count.y * LINES) {
    let line = min(begin + slot, params.lines - 1u);
    let present = begin + slot < params.lines;
    let base = (line / params.inner) * params.classes * params.inner + line % params.inner;
#if ${INDICES}
    let label = i32(labels[line]);
    let factor = factorOf(label);
#else
    let label = 0;
    let factor = 1.0;
#endif
    // The largest logit so far, the sum of exp(logit - largest), and that of what is wanted.
    var high = -3.4028234e38;
    var sum = 0.0;
    var mass = 0.0;
    for (var category = lane; category < params.classes; category += LANES) {
      let at = base + category * params.inner;
      let value = f32(logits[at]);
      let change = value - high;
      let scaled = exp(-abs(change));
      sum = select(sum + scaled, sum * scaled + 1.0, change > 0.0);
      high = max(high, value);
      mass += wanted(label, factor, category, at);
    }
#if ${TREE}
    highs[local] = high;
    sums[local] = sum;
    extras[local] = mass;
    for (var left = LANES; left > 1u; left = max(left / 8u, 1u)) {
      workgroupBarrier();
      let next = max(left / 8u, 1u);
      if (lane < next) {
        for (var other = next; lane + other < left; other += next) {
          let at = local + other * LANE_STEP;
          let both = max(high, highs[at]);
          sum = sum * exp(high - both) + sums[at] * exp(highs[at] - both);
          high = both;
          mass += extras[at];
        }
        highs[local] = high;
        sums[local] = sum;
        extras[local] = mass;
      }
    }
    workgroupBarrier();
    high = highs[first];
    sum = sums[first];
    mass = extras[first];
    workgroupBarrier();
#endif
    let logSum = log(sum);
    for (var category = lane; present && category < params.classes; category += LANES) {
      let at = base + category * params.inner;
      let logProbability = f32(logits[at]) - high - logSum;
      let want = wanted(label, factor, category, at);
      gradient[at] = ${GRADIENT}(scale * (mass * exp(logProbability) - want));
      // What is not wanted costs nothing, even where its probability is 0.
      loss -= select(want * logProbability, 0.0, want == 0.0);
    }
#if ${PER_LINE}
    extras[local] = loss;
    addExtras(local, lane, LANES, LANE_STEP);
    if (lane == 0u && present) {
      losses[line] = ${LOSS}(scale * extras[local]);
    }
    loss = 0.0;
    workgroupBarrier();
#endif
  }
#if ${TOTAL}
  extras[local] = loss;
  addExtras(local, local, ${THREADS}u, 1u);
  if (local == 0u) {
    losses[number] = ${LOSS}(scale * extras[0]);
  }
#endif
}
