// One workgroup computes LINES lines of the gradient of softmax or logSoftmax; LANES invocations share a line.
struct Params { lines: u32, length: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> y: array<${X}>;
@group(0) @binding(1) var<storage, read> dy: array<${DY}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${Y}>;
@group(0) @binding(3) var<uniform> params: Params;
${EPILOGUE}

alias V = ${V};
// What lanes exchange: along rows of vec4 one number, since all four belong to one line.
alias Shared = ${SHARED};
const LANES = ${LANES}u;
const LINES = ${LINES}u;
const LANE_STEP = ${LANE_STEP}u;
#if ${TREE}
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

  var total = V();
  for (var index = lane; index < params.length; index += LANES) {
    let at = base + index * params.inner;
#if ${LOGARITHM}
    total += V(dy[at]);
#else
    total += V(y[at]) * V(dy[at]);
#endif
  }
#if ${ROW_OF_FOUR}
  var sum = dot(total, V(1.0));
#else
  var sum = total;
#endif
#if ${TREE}
  sums[local] = sum;
  for (var left = LANES; left > 1u; left = max(left / 8u, 1u)) {
    workgroupBarrier();
    let next = max(left / 8u, 1u);
    if (lane < next) {
      for (var other = next; lane + other < left; other += next) {
        sum += sums[local + other * LANE_STEP];
      }
      sums[local] = sum;
    }
  }
  workgroupBarrier();
  sum = sums[first];
#endif
  if (line < params.lines) {
    for (var index = lane; index < params.length; index += LANES) {
      let at = base + index * params.inner;
#if ${LOGARITHM}
      let value = V(dy[at]) - exp(V(y[at])) * sum;
#else
      let value = V(y[at]) * (V(dy[at]) - sum);
#endif
      dx[at] = ${Y}(finish(value, at));
    }
  }
}
