// One invocation adds up the partial results of one output element, in the order of the slices.
struct Params { count: u32, slices: u32, columns: u32 }
@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<${Y}>;
@group(0) @binding(2) var<uniform> params: Params;
#if ${HAS_BIAS}
@group(0) @binding(3) var<storage, read> bias: array<${BIAS}>;
#endif
#if ${HAS_COLUMN_SUM}
@group(0) @binding(3) var<storage, read> columnPartials: array<f32>;
@group(0) @binding(4) var<storage, read_write> columnSum: array<${COLUMN_SUM}>;
#endif
${EPILOGUE}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * count.x + workgroup.x) * 256u + lane;
#if ${HAS_COLUMN_SUM}
  if (index < params.columns) {
    var column = 0.0;
    for (var slice = 0u; slice < params.slices; slice++) {
      column += columnPartials[slice * params.columns + index];
    }
    columnSum[index] = ${COLUMN_SUM}(column);
  }
#endif
  if (index >= params.count) {
    return;
  }
  var value = 0.0;
  for (var slice = 0u; slice < params.slices; slice++) {
    value += partials[slice * params.count + index];
  }
#if ${HAS_BIAS}
  value += f32(bias[index % params.columns]);
#endif
  y[index] = ${Y}(finish(value, index));
}
