// One workgroup takes the gradients of ${ROWS} sequences of one direction back through `count` steps; one invocation those of four hidden units, over one slice of dq Uᵀ.
struct Params { steps: u32, batch: u32, first: u32, count: u32, stepStride: u32, sequenceStride: u32 }
${BINDINGS}
${FUNCTIONS}

// What reaches the states before a step: the hidden one without going through U.
struct Gradients { hidden: F, cell: F }
#if ${LOOPED}
// dq of the step that came last.
var<workgroup> products: array<f32, ${PRODUCT_WORDS}>;

// Lets all invocations see dq of four units.
fn share(at: u32, unit: u32, ${DQ_PARAMETERS}) {
  ${SHARE}
}
#endif
#if ${SLICED}
var<workgroup> sumPartials: array<F, ${PARTIALS}>;
#endif

fn stateAt(direction: u32, sequence: u32, unit: u32) -> u32 {
  return (direction * params.batch + sequence) * ${STATE_SIZE}u + unit;
}

// The gradients of the final states.
fn finalGradients(direction: u32, sequence: u32, unit: u32) -> Gradients {
#if ${HAS_FINAL}
  let at = stateAt(direction, sequence, unit);
  return Gradients(dFinalAt(at), ${FINAL_CELL});
#else
  return Gradients(F(), F());
#endif
}

struct StepGradients { before: Gradients, ${DQ_FIELDS} }

// One step of four units of one sequence; `product` is dq Uᵀ of the step after it.
fn retreat(step: u32, length: u32, direction: u32, sequence: u32, unit: u32, row: u32, after: Gradients, product: F) -> StepGradients {
  let place = direction * params.steps * params.batch + row;
  var incoming = Gradients(after.hidden + product, after.cell);
  if (step + 1u == length) {
    incoming = finalGradients(direction, sequence, unit);
  }
#if ${HAS_OUTPUT}
  let dHidden = incoming.hidden + dOutputAt(row * ${OUTPUT_WIDTH}u + direction * ${HIDDEN}u + unit);
#else
  let dHidden = incoming.hidden;
#endif
  let dCell = incoming.cell;
  ${KEPT}
  ${PEEPHOLES}
  ${CELL}
  if (step >= length) {
    ${STORE_PADDING}
    return StepGradients(after, ${ZEROS});
  }
  ${STORE}
  return StepGradients(Gradients(newDHidden, newDCell), ${DQ});
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
  let weights = direction * ${MATRIX_SIZE}u;
  let rows = min(${ROWS}u, params.batch - firstSequence);
  var gradients: array<Gradients, ${ROWS}>;
#if ${CARRIED}
  if (slice == 0u && isMine && params.first + params.count < params.steps) {
    for (var r = 0u; r < rows; r++) {
      let sequence = firstSequence + r;
      let at = stateAt(direction, sequence, unit);
      gradients[r] = Gradients(dInitialAt(at), ${CARRIED_CELL});
#if ${LOOPED}
      let dq = ${DQ_BASE} + unit;
      share(r * ${WIDTH}u + unit, unit, ${LOADED_DQ});
#endif
    }
  }
#if ${LOOPED}
  workgroupBarrier();
#endif
#endif
  ${RESIDENT_WEIGHTS}
  for (var i = 0u; i < params.count + ${FINISH_STEPS}u; i++) {
    // The step whose dq is multiplied is the one after the step whose equations follow.
    let later = params.first + params.count - i;
    ${ZERO_SUMS}
    if (later < params.steps) {
      ${PRODUCT}
    }
#if ${SLICED}
    if (slice > 0u) {
      ${STORE_PARTIALS}
    }
#endif
#if ${MEETS}
    workgroupBarrier();
#endif
    if (slice == 0u && isMine) {
      // The rows run in a loop so that the equations of the cell stand in the program once.
      var sums = array<F, ${ROWS}>(${WHOLE_SUMS});
      for (var r = 0u; r < rows; r++) {
        let sequence = firstSequence + r;
        let length = lengthOf(sequence);
        if (i < params.count) {
          let row = rowAt(later - 1u, length, sequence, backwards);
          let result = retreat(later - 1u, length, direction, sequence, unit, row, gradients[r], sums[r]);
          gradients[r] = result.before;
#if ${LOOPED}
          share(r * ${WIDTH}u + unit, unit, ${RESULT_DQ});
#endif
        } else {
          gradients[r].hidden += sums[r];
          if (length == 0u) {
            gradients[r] = finalGradients(direction, sequence, unit);
          }
        }
      }
    }
#if ${LOOPED}
    workgroupBarrier();
#endif
  }
#if ${STORES_STATE}
  if (slice == 0u && isMine) {
    for (var r = 0u; r < rows; r++) {
      let at = stateAt(direction, firstSequence + r, unit);
      storeDInitial(at, unit, gradients[r].hidden);
      ${STORE_CELL}
    }
  }
#endif
}
