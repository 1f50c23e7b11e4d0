import { proxy, type Remote } from 'comlink';
import type { JobOf } from '../jobs/jobs.ts';
import type { NormalisationReading } from '../jobs/normalisation.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/normalisation.ts?text';
import { failure } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { code } from '../ui/code.ts';
import { choice, message, reading, readings, row, slider } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { newest } from '../ui/newest.ts';
import { onTheme } from '../ui/theme.ts';
import { fillIn, numbers, trainingControls } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { histogramFigure } from './normalisationHistograms.ts';
import { maskFigure, statisticsTable } from './normalisationInside.ts';
import { hiddenLayers, smallMapSide, type Variant, variants } from './normalisationRange.ts';
import { pointPlane } from './pointPlane.ts';

const stepsAtMost = 400;

/** Colours of the variants, as of their curves. */
const colours = { plain: 'series2', batchNorm: 'series1', dropout: 'series3', both: 'series4' } as const;

export async function mount({ body, text, common, language }: Place<'normalisation'>): Promise<void> {
  const settings = { dropoutRate: 0.4, spread: 1, seed: 1 };
  let layer = hiddenLayers - 1;
  let job: Remote<JobOf<'normalisation'>> | null = null;
  let last: NormalisationReading | null = null;
  let isBuilt = false;
  let isRunning = false;
  let turn = 0;
  let history: NormalisationReading[] = [];

  const steps = reading(common.steps);
  const said = message();
  const cards = variants.map((variant) => {
    const plane = pointPlane(fillIn(text.plane, { variant: text.variants[variant] }), { side: smallMapSide });
    const values = [
      reading(text.trainingLoss),
      reading(text.validationLoss),
      reading(text.validationAccuracy),
    ] as const;
    const element = html(
      'div',
      { class: `variant ${colours[variant]}` },
      html('h3', {}, text.variants[variant]),
      plane.element,
      readings(...values),
    );
    return { variant, plane, values, element };
  });
  const series = variants.map((variant) => ({ label: text.variants[variant], colour: colours[variant] }));
  const charts = {
    training: lineChart({ label: text.trainingCurves, x: common.stepAxis, series, y: { min: 0 } }),
    validation: lineChart({ label: text.validationCurves, x: common.stepAxis, series, y: { min: 0 } }),
  };
  const histograms = histogramFigure(text);
  const statistics = statisticsTable(text);
  const mask = maskFigure(text);

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      controls.status = 'idle';
      said.say(failure(common, error), 'bad');
    }
  }

  /** Makes the networks anew. */
  const build = newest(
    () =>
      attempt(async () => {
        const mine = ++turn;
        said.say(common.preparing);
        job ??= await startJob('normalisation');
        if (!last) {
          const { training } = await job.points();
          for (const { plane } of cards) plane.setPoints(training);
        }
        const next = await job.build({ ...settings });
        if (!next || mine !== turn) return;
        history = [];
        isBuilt = true;
        said.say(text.atFirst);
        show(next);
        if (controls.status === 'running') void attempt(run);
      }),
    () => {},
  );

  async function run(): Promise<void> {
    const mine = turn;
    isRunning = true;
    said.say(text.running);
    const tell = proxy((next: NormalisationReading) => {
      if (mine === turn) show(next);
    });
    await job?.run(stepsAtMost, tell);
    if (mine !== turn || !last) return;
    isRunning = false;
    controls.status = 'finished';
    said.say(compared(last.variants));
  }

  const advance = newest(
    () =>
      attempt(async () => {
        const mine = turn;
        const next = isBuilt ? await job?.step() : null;
        if (next && mine === turn) show(next);
      }),
    () => {},
  );

  const controls = trainingControls(common, {
    // Where the networks are being made, they are trained when they are ready.
    play: () => {
      if (isRunning) return job?.resume();
      return isBuilt && attempt(run);
    },
    pause: () => job?.pause(),
    step: () => advance(),
    reset: () => {
      settings.seed++;
      rebuild();
    },
  });

  function rebuild(): void {
    turn++;
    void job?.stop();
    isBuilt = false;
    isRunning = false;
    controls.status = 'idle';
    build();
  }

  function compared(readings: NormalisationReading['variants']): string {
    const values = variants.map((variant) => [variant, numbers.loss(readings[variant].validationLoss)]);
    return fillIn(text.finished, Object.fromEntries(values));
  }

  function show(next: NormalisationReading): void {
    last = next;
    if (history.at(-1)?.step !== next.step) history.push(next);
    draw();
  }

  function draw(): void {
    if (!last) return;
    steps.set(numbers.count(last.step, language));
    for (const { variant, plane, values } of cards) {
      const { map, trainingLoss, validationLoss, validationAccuracy } = last.variants[variant];
      plane.setMap(map);
      values[0].set(numbers.loss(trainingLoss));
      values[1].set(numbers.loss(validationLoss));
      values[2].set(numbers.percent(validationAccuracy));
    }
    const x = history.map(({ step }) => step);
    const over = (name: 'trainingLoss' | 'validationLoss') =>
      variants.map((variant: Variant) => history.map((each) => each.variants[variant][name]));
    charts.training.set(x, ...over('trainingLoss'));
    charts.validation.set(x, ...over('validationLoss'));
    histograms.show(last.variants);
    inside();
  }

  function inside(): void {
    if (!last) return;
    statistics.show(last.variants.batchNorm, layer);
    mask.show(last.variants.dropout, layer, settings.dropoutRate);
  }

  const setting = (name: 'dropoutRate' | 'spread', min: number, max: number) =>
    slider({
      label: text[name],
      min,
      max,
      step: 0.1,
      value: settings[name],
      show: (value) => value.toFixed(1),
      change: (next) => {
        settings[name] = next;
        rebuild();
      },
    }).element;
  const choices = row(setting('dropoutRate', 0.1, 0.7), setting('spread', 0.2, 3));
  const layerChoice = choice({
    label: text.layer,
    options: Array.from(
      { length: hiddenLayers },
      (_, i) => [String(i), fillIn(text.layerName, { n: i + 1 })] as const,
    ),
    value: String(layer),
    change: (next) => {
      layer = Number(next);
      inside();
    },
  });

  body.append(
    html(
      'div',
      { class: 'figures' },
      choices,
      controls.element,
      readings(steps),
      said.element,
      html('div', { class: 'variants' }, ...cards.map(({ element }) => element)),
      html('div', { class: 'pair' }, charts.training.element, charts.validation.element),
      histograms.element,
      html('h3', {}, text.inside),
      ...text.difference.map((each) => html('p', {}, rich(each))),
      layerChoice.element,
    ),
  );
  workbench(
    body,
    [statistics.element, mask.element],
    [code(common.code, snippet).element, suggestions(common, text.try)],
  );
  onTheme(() => {
    for (const { plane } of cards) plane.colour();
    mask.draw();
  });
  build();
}
