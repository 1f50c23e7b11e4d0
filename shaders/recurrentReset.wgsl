// As recurrent.wgsl, with two products at each step: h with the blocks of all gates but the last, then m, which the first gate makes of h, with the last.
struct Params { steps: u32, batch: u32, first: u32, count: u32, stepStride: u32, sequenceStride: u32 }
${BINDINGS}
${FUNCTIONS}

// Of each row, the hidden state before the step; behind them, m of each row.
var<workgroup> hiddenStates: array<f32, ${STATE_WORDS}>;
#if ${SLICED}
var<workgroup> sumPartials: array<F, ${PARTIALS}>;
#endif

// Lets all invocations see four units.
fn share(at: u32, state: F) {
  hiddenStates[at] = state.x;
  hiddenStates[at + 1u] = state.y;
  hiddenStates[at + 2u] = state.z;
  hiddenStates[at + 3u] = state.w;
}

fn stateAt(direction: u32, sequence: u32, unit: u32) -> u32 {
  return (direction * params.batch + sequence) * ${HIDDEN}u + unit;
}

// The hidden state before step params.first.
fn stateBefore(direction: u32, sequence: u32, unit: u32) -> F {
#if ${CARRIED}
  if (params.first > 0u) {
    return finalHiddenAt(stateAt(direction, sequence, unit));
  }
#endif
#if ${HAS_INITIAL}
  return initialAt(stateAt(direction, sequence, unit));
#else
  return F();
#endif
}

// m of four units of one sequence.
fn resetStateOf(place: u32, unit: u32, hidden: F, ${OTHER_PRODUCTS}) -> F {
  ${OTHER_PROJECTED}
  ${RESET}
  return resetState;
}

// One step of four units of one sequence.
fn advance(row: u32, place: u32, isValid: bool, direction: u32, unit: u32, hidden: F, ${PRODUCTS}) -> F {
  ${PROJECTED}
  ${CELL}
#if ${HAS_OUTPUT}
  storeOutput(row * ${OUTPUT_WIDTH}u + direction * ${HIDDEN}u + unit, unit, select(F(), newHidden, isValid));
#endif
#if ${HAS_KEPT}
  ${KEPT}
#endif
  return select(hidden, newHidden, isValid);
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
  var states: array<F, ${ROWS}>;
  if (isMine) {
    for (var r = 0u; r < rows; r++) {
      states[r] = stateBefore(direction, firstSequence + r, unit);
      share(r * ${ROW_WORDS}u + unit, states[r]);
    }
  }
  workgroupBarrier();
  ${RESIDENT_WEIGHTS}
  for (var i = 0u; i < params.count; i++) {
    let step = params.first + i;
    // Of each row, one sum for each gate but the last.
    var sums: array<F, ${FIRST_COUNT}>;
    {
      ${FIRST_ZERO_SUMS}
      ${FIRST_PRODUCT}
#if ${SLICED}
      if (slice > 0u) {
        ${FIRST_STORE_PARTIALS}
      }
      workgroupBarrier();
#endif
      if (isMine) {
        sums = array<F, ${FIRST_COUNT}>(${FIRST_WHOLE_SUMS});
        for (var r = 0u; r < rows; r++) {
          let sequence = firstSequence + r;
          let place = direction * params.steps * params.batch + rowAt(step, lengthOf(sequence), sequence, backwards);
          share(${HIDDEN_STATES}u + r * ${ROW_WORDS}u + unit, resetStateOf(place, unit, states[r], ${OTHER_SUMS}));
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
      if (isMine) {
        var lastSums = array<F, ${LAST_COUNT}>(${LAST_WHOLE_SUMS});
        for (var r = 0u; r < rows; r++) {
          let sequence = firstSequence + r;
          let length = lengthOf(sequence);
          let row = rowAt(step, length, sequence, backwards);
          let place = direction * params.steps * params.batch + row;
          states[r] = advance(row, place, step < length, direction, unit, states[r], ${OTHER_SUMS}, lastSums[r]);
          share(r * ${ROW_WORDS}u + unit, states[r]);
        }
      }
    }
    workgroupBarrier();
  }
#if ${HAS_FINAL_HIDDEN}
  if (isMine) {
    for (var r = 0u; r < rows; r++) {
      storeFinalHidden(stateAt(direction, firstSequence + r, unit), unit, states[r]);
    }
  }
#endif
}
