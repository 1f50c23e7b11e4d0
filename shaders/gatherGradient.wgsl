// One workgroup computes a block of rows and columns of dx: each invocation adds up, for one row and column (or four), the
// rows of dy whose index names that row, in the order of the indices.
struct Params {
  blocks: u32, rowBlocks: u32, columnBlocks: u32, rows: u32, columns: u32, picked: u32, size: u32, inner: u32,
}
@group(0) @binding(0) var<storage, read> dy: array<${DY}>;
@group(0) @binding(1) var<storage, read> indices: array<${INDEX}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${DX}>;
@group(0) @binding(3) var<uniform> params: Params;
${EPILOGUE}
${ROW_OF}

// A stretch of 1024 indices: the rows they name, and a bit for each that names a row of this block.
var<workgroup> named: array<u32, 1024>;
var<workgroup> found: array<atomic<u32>, 32>;

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = workgroup.y * count.x + workgroup.x;
  if (block >= params.blocks) {
    return;
  }
  let firstRow = ((block / params.columnBlocks) % params.rowBlocks) * params.rows;
  let outer = block / (params.columnBlocks * params.rowBlocks);
  let row = firstRow + lane / params.columns;
  let column = (block % params.columnBlocks) * params.columns + lane % params.columns;
  let inside = lane < params.rows * params.columns && row < params.size && column < params.inner;
  let base = outer * params.picked * params.inner + column;
  var total = F();
  for (var start = 0u; start < params.picked; start += 1024u) {
    if (lane < 32u) {
      atomicStore(&found[lane], 0u);
    }
    workgroupBarrier();
    let end = min(params.picked - start, 1024u);
    for (var at = lane; at < end; at += ${LANES}u) {
      let name = rowOf(indices[start + at], params.size);
      named[at] = name;
      if (name >= firstRow && name < firstRow + params.rows) {
        atomicOr(&found[at / 32u], 1u << (at % 32u));
      }
    }
    workgroupBarrier();
    if (inside) {
      for (var word = 0u; word * 32u < end; word++) {
        var bits = atomicLoad(&found[word]);
        while (bits != 0u) {
          let at = word * 32u + firstTrailingBit(bits);
          bits &= bits - 1u;
          if (named[at] == row) {
            total += F(dy[base + (start + at) * params.inner]);
          }
        }
      }
    }
    workgroupBarrier();
  }
  if (inside) {
    let index = (outer * params.size + row) * params.inner + column;
    dx[index] = ${DX}(finish(total, index));
  }
}
