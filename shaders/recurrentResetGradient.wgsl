// As recurrentGradient.wgsl, for cells with two products at each step: dm = dq Uᵀ over the last gate, then dh = dq Uᵀ over the others.
struct Params { steps: u32, batch: u32, first: u32, count: u32, stepStride: u32, sequenceStride: u32 }
${BINDINGS}
${FUNCTIONS}

// dq of the step that came last: [rows, gates, units].
var<workgroup> products: array<f32, ${PRODUCT_WORDS}>;
#if ${SLICED}
var<workgroup> sumPartials: array<F, ${PARTIALS}>;
#endif

// Lets all invocations see dq of one gate, four units. Those beyond the last would overwrite the next gate.
fn share(at: u32, unit: u32, dq: F) {
  products[at] = dq.x;
  if (unit + 1u < ${HIDDEN}u) { products[at + 1u] = dq.y; }
  if (unit + 2u < ${HIDDEN}u) { products[at + 2u] = dq.z; }
  if (unit + 3u < ${HIDDEN}u) { products[at + 3u] = dq.w; }
}

fn stateAt(direction: u32, sequence: u32, unit: u32) -> u32 {
  return (direction * params.batch + sequence) * ${HIDDEN}u + unit;
}

// Stores and shares dq of all gates but the first, and gives what reaches the state before the step past both products.
fn retreat(at: u32, row: u32, place: u32, isValid: bool, direction: u32, unit: u32, incoming: F) -> F {
#if ${HAS_OUTPUT}
  let dHidden = incoming + dOutputAt(row * ${OUTPUT_WIDTH}u + direction * ${HIDDEN}u + unit);
#else
  let dHidden = incoming;
#endif
  ${KEPT}
  ${CELL}
  ${STORE_OTHERS}
  return select(incoming, newDHidden, isValid);
}

// Stores and shares dq of the first gate, and gives what reaches the state before the step by way of m.
fn retreatReset(at: u32, place: u32, isValid: bool, unit: u32, dReset: F) -> F {
  ${KEPT}
  ${RESET}
  ${STORE_FIRST}
  return select(F(), dResetHidden, isValid);
}

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroupCount: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * workgroupCount.x + workgroup.x;
  let rowTiles = (params.batch + ${ROWS}u - 1u) / ${ROWS}u;
  let unit = local % ${QUADS}u * 4u;
  let slice = local / ${QUADS}u;
  let firstSequence = number % rowTiles * ${ROWS}u;
  let direction = number / rowTiles;
  let isMine = slice == 0u && direction < ${DIRECTIONS}u && unit < ${HIDDEN}u;
  let backwards = ${BACKWARDS};
  let weights = direction * ${MATRIX_SIZE}u;
  let rows = min(${ROWS}u, params.batch - firstSequence);
  var gradients: array<F, ${ROWS}>;
#if ${CARRIED}
  let end = params.first + params.count;
  if (isMine && end < params.steps) {
    for (var r = 0u; r < rows; r++) {
      let sequence = firstSequence + r;
      gradients[r] = dInitialAt(stateAt(direction, sequence, unit));
      let place = direction * params.steps * params.batch + rowAt(end, lengthOf(sequence), sequence, backwards);
      let at = r * ${WIDTH}u + unit;
      ${LOAD}
    }
  }
  workgroupBarrier();
#endif
  ${RESIDENT_WEIGHTS}
  for (var i = 0u; i < params.count + ${FINISH_STEPS}u; i++) {
    // dh is that of the step after the one whose equations follow.
    let later = params.first + params.count - i;
    {
      ${FIRST_ZERO_SUMS}
      if (later < params.steps) {
        ${FIRST_PRODUCT}
      }
#if ${SLICED}
      if (slice > 0u) {
        ${FIRST_STORE_PARTIALS}
      }
#endif
      workgroupBarrier();
      if (isMine) {
        var sums = array<F, ${FIRST_COUNT}>(${FIRST_WHOLE_SUMS});
        for (var r = 0u; r < rows; r++) {
          let sequence = firstSequence + r;
          let length = lengthOf(sequence);
          gradients[r] += sums[r];
          if (later == length) {
            gradients[r] = ${FINAL_GRADIENT};
          }
          if (i < params.count) {
            let row = rowAt(later - 1u, length, sequence, backwards);
            let place = direction * params.steps * params.batch + row;
            gradients[r] = retreat(r * ${WIDTH}u + unit, row, place, later <= length, direction, unit, gradients[r]);
          }
        }
      }
    }
    workgroupBarrier();
    {
      ${LAST_ZERO_SUMS}
      ${LAST_PRODUCT}
#if ${SLICED}
      if (slice > 0u) {
        ${LAST_STORE_PARTIALS}
      }
      workgroupBarrier();
#endif
      if (isMine && i < params.count) {
        var sums = array<F, ${LAST_COUNT}>(${LAST_WHOLE_SUMS});
        for (var r = 0u; r < rows; r++) {
          let sequence = firstSequence + r;
          let length = lengthOf(sequence);
          let place = direction * params.steps * params.batch + rowAt(later - 1u, length, sequence, backwards);
          gradients[r] += retreatReset(r * ${WIDTH}u + unit, place, later <= length, unit, sums[r]);
        }
      }
    }
    workgroupBarrier();
  }
#if ${STORES_STATE}
  if (isMine) {
    for (var r = 0u; r < rows; r++) {
      storeDInitial(stateAt(direction, firstSequence + r, unit), unit, gradients[r]);
    }
  }
#endif
}
