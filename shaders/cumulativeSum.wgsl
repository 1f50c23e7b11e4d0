// One workgroup adds up one line, sixteen elements a lane at a time; or one invocation adds up one line by itself.
struct Params { lines: u32, length: u32, inner: u32 }
alias V = ${V};
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(2) var<uniform> params: Params;

#if ${SCAN}
var<workgroup> sums: array<V, 64>;
var<workgroup> blocks: array<V, 8>;
#endif

fn offsetOf(base: u32, index: u32) -> u32 {
#if ${REVERSE}
  return base + (params.length - 1u - index) * params.inner;
#else
  return base + index * params.inner;
#endif
}

// Stores one running sum and returns the next.
fn advance(before: V, at: u32) -> V {
  let after = before + V(x[at]);
#if ${EXCLUSIVE}
  y[at] = ${Y}(before);
#else
  y[at] = ${Y}(after);
#endif
  return after;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * count.x + workgroup.x;
#if ${SCAN}
  let line = min(number, params.lines - 1u);
  let base = (line / params.inner) * params.length * params.inner + line % params.inner;
  var carry = V();
  for (var chunk = 0u; chunk < params.length; chunk += 1024u) {
    let first = chunk + local * 16u;
    let end = min(first + 16u, params.length);
    var sum = V();
    for (var index = first; index < end; index++) {
      sum += V(x[offsetOf(base, index)]);
    }
    sums[local] = sum;
    workgroupBarrier();
    // Eight lanes turn eight sums each into running ones; then every lane adds the blocks before its own.
    if (local < 8u) {
      var running = V();
      for (var i = local * 8u; i < local * 8u + 8u; i++) {
        let next = sums[i];
        sums[i] = running;
        running += next;
      }
      blocks[local] = running;
    }
    workgroupBarrier();
    var total = carry + sums[local];
    for (var block = 0u; block < 8u; block++) {
      carry += blocks[block];
      if (block < local / 8u) {
        total += blocks[block];
      }
    }
    for (var index = first; number < params.lines && index < end; index++) {
      total = advance(total, offsetOf(base, index));
    }
    workgroupBarrier();
  }
#else
  let line = number * 64u + local;
  if (line >= params.lines) {
    return;
  }
  let base = (line / params.inner) * params.length * params.inner + line % params.inner;
  var total = V();
  for (var index = 0u; index < params.length; index++) {
    total = advance(total, offsetOf(base, index));
  }
#endif
}
