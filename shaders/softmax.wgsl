// One workgroup computes LINES lines of softmax or of its logarithm; LANES invocations share a line.
struct Params { lines: u32, length: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(2) var<uniform> params: Params;
${EPILOGUE}

alias V = ${V};
// What lanes exchange: along rows of vec4 one number, since all four belong to one line.
alias Shared = ${SHARED};
const LANES = ${LANES}u;
const LINES = ${LINES}u;
const LANE_STEP = ${LANE_STEP}u;
#if ${TREE}
var<workgroup> highs: array<Shared, ${THREADS}>;
var<workgroup> sums: array<Shared, ${THREADS}>;
#endif

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
  // Along rows the lanes of a line are neighbours, else the lines are.
  let lane = local / LANE_STEP % LANES;
  let line = number * LINES + local % LANE_STEP + local / (LANE_STEP * LANES);
  let first = local - lane * LANE_STEP;
  let safe = min(line, params.lines - 1u);
  let base = (safe / params.inner) * params.length * params.inner + safe % params.inner;

  // The largest element so far, and the sum of exp(x - largest).
  var largest = V(-3.4028234e38);
  var total = V();
  for (var index = lane; index < params.length; index += LANES) {
    let value = V(x[base + index * params.inner]);
    let change = value - largest;
    let scaled = exp(-abs(change));
    total = select(total + scaled, total * scaled + V(1.0), change > V());
    largest = max(largest, value);
  }
#if ${ROW_OF_FOUR}
  var high = max(max(largest.x, largest.y), max(largest.z, largest.w));
  var sum = dot(total, exp(largest - high));
#else
  var high = largest;
  var sum = total;
#endif
#if ${TREE}
  highs[local] = high;
  sums[local] = sum;
  for (var left = LANES; left > 1u; left = max(left / 8u, 1u)) {
    workgroupBarrier();
    let next = max(left / 8u, 1u);
    if (lane < next) {
      for (var other = next; lane + other < left; other += next) {
        let at = local + other * LANE_STEP;
        let both = max(high, highs[at]);
        sum = sum * exp(high - both) + sums[at] * exp(highs[at] - both);
        high = both;
      }
      highs[local] = high;
      sums[local] = sum;
    }
  }
  workgroupBarrier();
  high = highs[first];
  sum = sums[first];
#endif
  if (line < params.lines) {
#if ${LOGARITHM}
    let logSum = log(sum);
#else
    let scale = Shared(1.0) / sum;
#endif
    for (var index = lane; index < params.length; index += LANES) {
      let at = base + index * params.inner;
#if ${LOGARITHM}
      let value = V(x[at]) - high - logSum;
#else
      let value = exp(V(x[at]) - high) * scale;
#endif
      y[at] = ${Y}(finish(value, at));
    }
  }
}
