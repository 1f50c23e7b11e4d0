// One invocation computes one element of dx [outer, size, inner], or four neighbours: it finds its row in the sorted list of
// (row, position) and adds up the rows of dy at the positions that follow, in their order.
struct Params { count: u32, picked: u32, size: u32, inner: u32 }
@group(0) @binding(0) var<storage, read> dy: array<${DY}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${DX}>;
@group(0) @binding(2) var<storage, read> sorted: array<vec2<u32>>;
@group(0) @binding(3) var<uniform> params: Params;
${EPILOGUE}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 256u + lane;
  if (index >= params.count) {
    return;
  }
  let row = (index / params.inner) % params.size;
  let outer = index / (params.inner * params.size);
  let base = outer * params.picked * params.inner + index % params.inner;
  var first = 0u;
  var end = params.picked;
  while (first < end) {
    let middle = (first + end) / 2u;
    if (sorted[middle].x < row) {
      first = middle + 1u;
    } else {
      end = middle;
    }
  }
  var total = F();
  while (first < params.picked) {
    let found = sorted[first];
    if (found.x != row) {
      break;
    }
    total += F(dy[base + found.y * params.inner]);
    first++;
  }
  dx[index] = ${DX}(finish(total, index));
}
