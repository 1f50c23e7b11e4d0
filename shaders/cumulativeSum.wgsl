// One workgroup adds up one line, 1024 elements at a time; or one invocation adds up one line by itself.
struct Params { lines: u32, length: u32, inner: u32 }
alias V = ${V};
@group(0) @binding(0) var<storage, read> x: array<${X}>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(2) var<uniform> params: Params;

#if ${SCAN}
var<workgroup> sums: array<V, 256>;
#endif

fn offsetOf(base: u32, index: u32) -> u32 {
#if ${REVERSE}
  return base + (params.length - 1u - index) * params.inner;
#else
  return base + index * params.inner;
#endif
}

#if ${SCAN}
fn load(base: u32, index: u32) -> V {
  return select(V(), V(x[offsetOf(base, min(index, params.length - 1u))]), index < params.length);
}

fn store(base: u32, index: u32, before: V, value: V, stores: bool) {
  if (stores && index < params.length) {
#if ${EXCLUSIVE}
    y[offsetOf(base, index)] = ${Y}(before);
#else
    y[offsetOf(base, index)] = ${Y}(before + value);
#endif
  }
}
#endif

@compute @workgroup_size(256)
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
    let index = chunk + local * 4u;
    let value0 = load(base, index);
    let value1 = load(base, index + 1u);
    let value2 = load(base, index + 2u);
    let value3 = load(base, index + 3u);
    sums[local] = value0 + value1 + value2 + value3;
    workgroupBarrier();
    // Hillis and Steele, 1986: after each round a lane holds the sum of twice as many lanes up to its own.
    for (var distance = 1u; distance < 256u; distance *= 2u) {
      var more = V();
      if (local >= distance) {
        more = sums[local - distance];
      }
      workgroupBarrier();
      sums[local] += more;
      workgroupBarrier();
    }
    var before = carry;
    if (local > 0u) {
      before += sums[local - 1u];
    }
    carry += sums[255];
    store(base, index, before, value0, number < params.lines);
    before += value0;
    store(base, index + 1u, before, value1, number < params.lines);
    before += value1;
    store(base, index + 2u, before, value2, number < params.lines);
    before += value2;
    store(base, index + 3u, before, value3, number < params.lines);
    workgroupBarrier();
  }
#else
  let line = number * 256u + local;
  if (line >= params.lines) {
    return;
  }
  let base = (line / params.inner) * params.length * params.inner + line % params.inner;
  var total = V();
  for (var index = 0u; index < params.length; index++) {
    let at = offsetOf(base, index);
#if ${EXCLUSIVE}
    y[at] = ${Y}(total);
    total += V(x[at]);
#else
    total += V(x[at]);
    y[at] = ${Y}(total);
#endif
  }
#endif
}
