import { proxy } from 'comlink';
import type { Cell } from '../../models/text.ts';
import type { TextChoice, TextProgress, TextSample } from '../jobs/recurrent.ts';
import type { TextStanding } from '../jobs/recurrentStore.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/recurrent.ts?text';
import { failure } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { code } from '../ui/code.ts';
import { button, choice, message, reading, readings, row, slider, textField } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn, numbers, trainingControls } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { gateFigure } from './recurrentGates.ts';
import { gradientFigure } from './recurrentGradients.ts';
import { sampleList } from './recurrentSamples.ts';

/** The same on the page as in the worker: how many points the curve has at most. */
const curveLength = 240;

export async function mount({ body, text, common, language }: Place<'recurrent'>): Promise<void> {
  let network: TextChoice = { cell: 'gru', hiddenSize: 64 };
  let prompt = text.promptValue;
  let temperature = 0.7;
  let [steps, curve]: [number[], number[]] = [[], []];
  let untrained: number | null = null;
  /** Whether the worker's loop was begun, and waits where it is paused. */
  let begun = false;
  const job = await startJob('recurrent');

  const said = message();
  const fail = (error: unknown) => {
    controls.status = 'idle';
    begun = false;
    said.say(failure(common, error), 'bad');
  };
  const chart = lineChart({
    label: text.chart,
    x: common.stepAxis,
    series: [
      { label: text.bits, colour: 'series1' },
      { label: text.untrainedLine, colour: 'series2', dashed: true },
    ],
    y: { min: 0 },
    height: 230,
  });
  const shown = {
    steps: reading(common.steps),
    bits: reading(text.bits),
    untrained: reading(text.untrained),
    rate: reading(text.rate),
  };
  const samples = sampleList(text, language);

  function draw(step: number, bits: number | null): void {
    shown.steps.set(numbers.count(step, language));
    shown.bits.set(bits === null ? '–' : bits.toFixed(2));
    shown.untrained.set(untrained === null ? '–' : untrained.toFixed(2));
    const reference = untrained;
    chart.set(
      steps,
      curve,
      steps.map(() => reference),
    );
  }

  /** Shows where a network stands, before it goes on. */
  function stand(standing: TextStanding): void {
    begun = false;
    [steps, curve] = [[...standing.steps], [...standing.curve]];
    untrained = standing.untrained;
    samples.clear();
    shown.rate.set('–');
    draw(standing.step, standing.bits);
    controls.status = standing.step > 0 ? 'paused' : 'idle';
    said.say(
      standing.step > 0 && standing.bits !== null
        ? fillIn(text.earlier, {
            steps: numbers.count(standing.step, language),
            bits: standing.bits.toFixed(2),
          })
        : text.ready,
    );
  }

  async function open(anew: boolean): Promise<void> {
    try {
      stand(await (anew ? job.reset(network) : job.open(network)));
      await gates.read();
    } catch (error) {
      fail(error);
    }
  }

  const tell = proxy((progress: TextProgress) => {
    if (controls.status !== 'running') return;
    ({ untrained } = progress);
    if (steps.length >= curveLength)
      [steps, curve] = [steps, curve].map((values) => values.filter((_, i) => i % 2 === 0));
    steps.push(progress.step);
    curve.push(progress.bits);
    shown.rate.set(numbers.count(progress.charactersPerSecond, language));
    draw(progress.step, progress.bits);
    said.say(text.learning);
  });
  const wrote = proxy((sample: TextSample) => samples.add(sample));

  const controls = trainingControls(common, {
    play: async () => {
      if (begun) return job.resume();
      begun = true;
      said.say(common.preparing);
      await job.train(tell, wrote).catch(fail);
    },
    pause: async () => {
      const { standing, kept } = await job.pause();
      if (controls.status !== 'paused') return;
      draw(standing.step, standing.bits);
      said.say(fillIn(kept ? text.kept : text.notKept, { steps: numbers.count(standing.step, language) }));
      await gates.read();
    },
    reset: () => open(true),
  });
  const choose = (next: Partial<TextChoice>) => {
    network = { ...network, ...next };
    void open(false);
  };
  const setWriting = () => job.setWriting({ prompt, temperature });
  const write = button(text.write, async () => {
    write.disabled = true;
    await job.write().then(samples.add, fail);
    write.disabled = false;
  });
  const gates = gateFigure(text, job, fail);
  const gradients = gradientFigure(text, job, fail);

  workbench(
    body,
    [
      row(
        choice({
          label: text.cell,
          options: (['gru', 'lstm', 'rnn'] satisfies Cell[]).map((each) => [each, text.cells[each]] as const),
          value: network.cell,
          change: (cell) => choose({ cell }),
        }).element,
        choice({
          label: text.units,
          options: (['32', '64', '128'] as const).map((each) => [each, each] as const),
          value: '64',
          change: (hiddenSize) => choose({ hiddenSize: Number(hiddenSize) }),
        }).element,
        controls.element,
      ),
      readings(shown.steps, shown.bits, shown.untrained, shown.rate),
      said.element,
      chart.element,
      html(
        'div',
        { class: 'writing' },
        html('h3', {}, text.samples),
        row(
          textField({
            label: text.prompt,
            value: prompt,
            maxLength: 60,
            change: (next) => {
              prompt = next;
              void setWriting();
            },
          }),
          slider({
            label: text.temperature,
            min: 0.1,
            max: 1.5,
            step: 0.1,
            value: temperature,
            show: (value) => value.toFixed(1),
            change: (next) => {
              temperature = next;
              void setWriting();
            },
          }).element,
          write,
        ),
        samples.element,
      ),
    ],
    [code(common.code, snippet).element, suggestions(common, text.try)],
  );
  body.append(gates.element, gradients.element);
  await setWriting();
  await open(false);
  await gradients.compute();
}
