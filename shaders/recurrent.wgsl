// One workgroup takes ${ROWS} sequences of one direction through `count` steps; one invocation computes four hidden units, over one slice of U h.
struct Params { steps: u32, batch: u32, first: u32, count: u32, stepStride: u32, sequenceStride: u32 }
${BINDINGS}
${FUNCTIONS}

struct States { hidden: F, cell: F }
#if ${LOOPED}
// The hidden states before the step.
var<workgroup> hiddenStates: array<f32, ${HIDDEN_STATES}>;

// Lets all invocations see four units.
fn share(at: u32, hidden: F) {
  hiddenStates[at] = hidden.x;
  hiddenStates[at + 1u] = hidden.y;
  hiddenStates[at + 2u] = hidden.z;
  hiddenStates[at + 3u] = hidden.w;
}
#endif
#if ${SLICED}
var<workgroup> sumPartials: array<F, ${PARTIALS}>;
#endif

fn stateAt(direction: u32, sequence: u32, unit: u32) -> u32 {
  return (direction * params.batch + sequence) * ${HIDDEN}u + unit;
}

// The states before step params.first.
fn statesBefore(direction: u32, sequence: u32, length: u32, unit: u32, backwards: bool) -> States {
#if ${CARRIED}
  if (params.first > 0u) {
    return States(${HIDDEN_BEFORE}, ${CELL_BEFORE});
  }
#endif
#if ${HAS_INITIAL}
  let at = (direction * params.batch + sequence) * ${STATE_SIZE}u + unit;
  return States(initialAt(at), ${INITIAL_CELL});
#else
  return States(F(), F());
#endif
}

// One step of four units of one sequence.
fn advance(step: u32, length: u32, direction: u32, sequence: u32, unit: u32, backwards: bool, before: States, ${PRODUCTS}) -> States {
  let isValid = step < length;
  let row = rowAt(step, length, sequence, backwards);
  let place = direction * params.steps * params.batch + row;
  let hidden = before.hidden;
  let cell = before.cell;
  ${PROJECTED}
  ${PEEPHOLES}
  ${CELL}
#if ${HAS_OUTPUT}
  storeOutput(row * ${OUTPUT_WIDTH}u + direction * ${HIDDEN}u + unit, unit, select(F(), newHidden, isValid));
#endif
#if ${HAS_KEPT}
  ${KEPT}
#endif
  if (isValid) {
    return States(newHidden, newCell);
  }
  return before;
}

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroupCount: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let number = workgroup.y * workgroupCount.x + workgroup.x;
  let rowTiles = (params.batch + ${ROWS}u - 1u) / ${ROWS}u;
  let quad = number % ${QUAD_TILES}u * ${QUADS}u + local % ${QUADS}u;
  let unit = quad * 4u;
  let slice = local / ${QUADS}u;
  let firstSequence = number / ${QUAD_TILES}u % rowTiles * ${ROWS}u;
  let direction = number / ${QUAD_TILES}u / rowTiles;
  let isMine = direction < ${DIRECTIONS}u && unit < ${HIDDEN}u;
  let backwards = ${BACKWARDS};
  let weights = direction * ${PARAMETER_SIZE}u;
  let rows = min(${ROWS}u, params.batch - firstSequence);
  var states: array<States, ${ROWS}>;
  if (slice == 0u && isMine) {
    for (var r = 0u; r < rows; r++) {
      let sequence = firstSequence + r;
      states[r] = statesBefore(direction, sequence, lengthOf(sequence), unit, backwards);
#if ${LOOPED}
      share(r * ${ROW_WORDS}u + unit, states[r].hidden);
#endif
    }
  }
#if ${LOOPED}
  workgroupBarrier();
#endif
  ${RESIDENT_WEIGHTS}
  for (var i = 0u; i < params.count; i++) {
    let step = params.first + i;
    ${ZERO_SUMS}
    ${PRODUCT}
#if ${SLICED}
    if (slice > 0u) {
      ${STORE_PARTIALS}
    }
#endif
#if ${MEETS}
    workgroupBarrier();
#endif
    if (slice == 0u && isMine) {
      // Of each row, one sum for each gate. The rows run in a loop so that the equations of the cell stand in the program once.
      var sums = array<F, ${SUMS}>(${WHOLE_SUMS});
      for (var r = 0u; r < rows; r++) {
        let sequence = firstSequence + r;
        states[r] = advance(step, lengthOf(sequence), direction, sequence, unit, backwards, states[r], ${GATE_SUMS});
#if ${LOOPED}
        share(r * ${ROW_WORDS}u + unit, states[r].hidden);
#endif
      }
    }
#if ${LOOPED}
    workgroupBarrier();
#endif
  }
  if (slice == 0u && isMine) {
    for (var r = 0u; r < rows; r++) {
      let sequence = firstSequence + r;
      let at = stateAt(direction, sequence, unit);
#if ${HAS_FINAL_HIDDEN}
      // Stepwise, what lies before a sequence that has ended is padding; its state is stored already.
      if (${LOOPED} || params.first < max(lengthOf(sequence), 1u)) {
        storeFinalHidden(at, unit, states[r].hidden);
      }
#endif
#if ${HAS_FINAL_CELL}
      storeFinalCell(at, unit, states[r].cell);
#endif
    }
  }
}
