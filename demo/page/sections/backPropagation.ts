import { proxy, type Remote } from 'comlink';
import type { PointSet, Points } from '../../models/points.ts';
import type { JobOf } from '../jobs/jobs.ts';
import type { NetworkReading } from '../jobs/learner.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/backPropagation.ts?text';
import { failure } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { code } from '../ui/code.ts';
import { button, choice, message, reading, readings, row, slider } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { newest } from '../ui/newest.ts';
import { onTheme } from '../ui/theme.ts';
import { fillIn, numbers, trainingControls } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { comparisonFigure } from './backPropagationCompare.ts';
import { explain, type Phase, phaseAfter, phaseList } from './backPropagationPhases.ts';
import { pointCount } from './backPropagationRange.ts';
import { type EdgeValues, networkDiagram } from './networkDiagram.ts';
import { pointPlane } from './pointPlane.ts';

const stepsAtMost = 400;
const stepsCompared = 150;

export async function mount({ body, text, common, language }: Place<'backPropagation'>): Promise<void> {
  let data: PointSet = 'circle';
  let points: Points = { x: [], y: [] };
  let source = snippet;
  let seed = 1;
  let sample = 3;
  let edgeValues: EdgeValues = 'weights';
  /** The phase that is explained; null while all go by. */
  let phase: Phase | null = null;
  let last: NetworkReading | null = null;
  let before: NetworkReading | null = null;
  let isBuilt = false;
  let isRunning = false;
  let turn = 0;
  let curve: { steps: number[]; losses: number[] } = { steps: [], losses: [] };
  let job: Remote<JobOf<'backPropagation'>> | null = null;

  const plane = pointPlane(text.plane, { choose: (index) => choose(index) });
  const diagram = networkDiagram(text.diagram, { more: text.more, edge: text.edge });
  const list = phaseList(text);
  const shown = {
    steps: reading(common.steps),
    loss: reading(common.loss),
    accuracy: reading(common.accuracy),
    gradient: reading(text.gradientNorm),
  };
  const chart = lineChart({
    label: text.curve,
    x: common.stepAxis,
    series: [{ label: common.loss, colour: 'series1' }],
    y: { min: 0 },
  });
  const comparison = comparisonFigure(text, common);
  const said = message();

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      controls.status = 'idle';
      list.show(null, '');
      const missing = error instanceof Error && error.name === 'MissingExport';
      said.say(missing ? fillIn(text.missing, { name: error.message }) : failure(common, error), 'bad');
    }
  }

  /** Makes the network anew, from its first weights. */
  async function build(): Promise<boolean> {
    const mine = ++turn;
    list.show(null, common.preparing);
    said.say('');
    job ??= await startJob('backPropagation');
    points = await job.points(data);
    plane.setPoints(points);
    plane.setSample(sample);
    const next = await job.build({ snippet: source, data, seed }, sample);
    if (mine !== turn) return false;
    curve = { steps: [], losses: [] };
    before = null;
    isBuilt = true;
    isRunning = false;
    phase = 'initialise';
    show(next);
    return true;
  }

  /** Leaves what is being trained. */
  function leave(): void {
    turn++;
    void job?.stop();
    isBuilt = false;
    isRunning = false;
    controls.status = 'idle';
  }

  async function run(): Promise<void> {
    if (!isBuilt && !(await build())) return;
    const mine = turn;
    phase = null;
    isRunning = true;
    const tell = proxy((next: NetworkReading) => {
      if (mine !== turn) return;
      show(next);
      if (!Number.isFinite(next.loss)) throw new Error(text.diverged);
    });
    const done = job?.run(stepsAtMost, tell);
    // A pause may have come while the network was made.
    if (controls.status === 'paused') void job?.pause();
    await done;
    if (mine !== turn || !last) return;
    isRunning = false;
    controls.status = 'finished';
    list.show(
      null,
      fillIn(text.finished, {
        accuracy: numbers.percent(last.accuracy),
        steps: numbers.count(last.step, language),
      }),
    );
  }

  /** Shows the next of the phases; the update is made when its turn comes. */
  const advance = newest(
    () =>
      attempt(async () => {
        if (!isBuilt) {
          await build();
          return;
        }
        const mine = turn;
        phase = phase ? phaseAfter(phase) : 'forward';
        if (phase === 'update') {
          before = last;
          const next = await job?.step();
          if (next && mine === turn) show(next);
        } else draw();
      }),
    () => {},
  );

  const controls = trainingControls(common, {
    play: () => {
      if (isRunning) {
        phase = null;
        return job?.resume();
      }
      return attempt(run);
    },
    pause: () => {
      void job?.pause();
      draw();
    },
    step: () => advance(),
    reset: () => {
      seed++;
      rebuild();
    },
  });

  const rebuild = () => {
    leave();
    void attempt(async () => {
      await build();
    });
  };

  const ask = newest(
    async (index: number) => {
      const next = await job?.choose(index);
      if (next && index === sample && isBuilt) show(next);
    },
    () => {},
  );
  function choose(index: number): void {
    sample = index;
    sampleSlider.value = index + 1;
    plane.setSample(sample);
    if (isBuilt) ask(sample);
  }

  function show(next: NetworkReading): void {
    last = next;
    if (curve.steps.at(-1) !== next.step) {
      curve.steps.push(next.step);
      curve.losses.push(next.loss);
    }
    draw();
  }

  function draw(): void {
    if (!last) return;
    const { layers, map } = last;
    plane.setMap(map);
    const input = points.x.slice(2 * sample, 2 * sample + 2);
    diagram.show(
      layers,
      input,
      phase === 'gradient' ? 'gradients' : edgeValues,
      phase === 'gradient' || phase === 'update',
    );
    chart.set(curve.steps, curve.losses);
    shown.steps.set(numbers.count(last.step, language));
    shown.loss.set(numbers.loss(last.loss));
    shown.accuracy.set(numbers.percent(last.accuracy));
    shown.gradient.set(numbers.loss(last.gradientNorm));
    list.show(
      phase,
      phase
        ? explain(text, phase, last, before ?? last, { points, index: sample })
        : controls.status === 'running'
          ? text.running
          : '',
    );
  }

  const sampleSlider = slider({
    label: text.sample,
    min: 1,
    max: pointCount,
    step: 1,
    value: sample + 1,
    change: (value) => choose(value - 1),
  });
  const choices = row(
    choice({
      label: text.data,
      options: (['circle', 'moons', 'spiral', 'clouds'] as const).map(
        (each) => [each, text.sets[each]] as const,
      ),
      value: data,
      change: (next) => {
        data = next;
        rebuild();
      },
    }).element,
    sampleSlider.element,
    choice({
      label: text.edges,
      options: [
        ['weights', text.edgeValues.weights],
        ['gradients', text.edgeValues.gradients],
      ] as const,
      value: edgeValues,
      change: (next) => {
        edgeValues = next;
        draw();
      },
    }).element,
  );
  const compare = button(text.compare, () =>
    attempt(async () => {
      leave();
      const mine = turn;
      compare.disabled = true;
      list.show(null, common.preparing);
      said.say('');
      try {
        job ??= await startJob('backPropagation');
        const tell = proxy((next: Parameters<typeof comparison.show>[0]) => comparison.show(next));
        await job.compare({ snippet: source, data, seed }, stepsCompared, tell);
      } finally {
        compare.disabled = false;
        if (mine === turn) list.show(null, '');
      }
    }),
  );
  const editor = code(common.editableCode, source, (next) => {
    if (next === source) return;
    source = next;
    said.say('');
    leave();
  });

  body.append(
    html(
      'div',
      { class: 'figures' },
      choices,
      controls.element,
      readings(shown.steps, shown.loss, shown.accuracy, shown.gradient),
      list.element,
      html('div', { class: 'stage' }, plane.element, diagram.element),
    ),
  );
  workbench(
    body,
    [chart.element, html('div', {}, compare), comparison.element],
    [editor.element, said.element, suggestions(common, text.try)],
  );
  onTheme(plane.colour);
  void attempt(async () => {
    await build();
  });
}
