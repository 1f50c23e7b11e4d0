// One workgroup makes one step of ${ROWS} sequences; one invocation computes four hidden units, over one slice of W x and of U h.
struct Params { batch: u32 }
${BINDINGS}
${FUNCTIONS}

#if ${SLICED}
var<workgroup> pPartials: array<F, ${PARTIALS}>;
var<workgroup> uPartials: array<F, ${PARTIALS}>;
#endif

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroupCount: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * workgroupCount.x + workgroup.x;
  let unit = (number % ${QUAD_TILES}u * ${QUADS}u + local % ${QUADS}u) * 4u;
  let slice = local / ${QUADS}u;
  let firstSequence = number / ${QUAD_TILES}u * ${ROWS}u;
  let isMine = firstSequence < params.batch && unit < ${HIDDEN}u;
  ${ZERO_SUMS}
  {
    ${INPUT_PRODUCT}
  }
  {
    ${STATE_PRODUCT}
  }
#if ${SLICED}
  if (slice > 0u) {
    ${STORE_PARTIALS}
  }
  workgroupBarrier();
#endif
  if (slice > 0u || !isMine) {
    return;
  }
  // The rows run in a loop so that the equations of the cell stand in the program once.
  var inputSums = array<F, ${SUMS}>(${INPUT_SUMS});
  var stateSums = array<F, ${SUMS}>(${STATE_SUMS});
  for (var r = 0u; r < min(${ROWS}u, params.batch - firstSequence); r++) {
    let at = (firstSequence + r) * ${HIDDEN}u + unit;
    let hidden = hiddenStateAt(at);
    let cell = ${CELL_STATE};
    ${GATES}
    ${PEEPHOLES}
    ${CELL}
    storeNewHiddenState(at, unit, newHidden);
    ${STORE_CELL}
  }
}
