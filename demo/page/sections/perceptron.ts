import { proxy, type Remote } from 'comlink';
import { type GateName, gateInputs, gateTargets } from '../../models/gates.ts';
import type { JobOf } from '../jobs/jobs.ts';
import type { NeuronActivation, PerceptronReading } from '../jobs/perceptron.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/perceptron.ts?text';
import { failure } from '../text/language.ts';
import { code } from '../ui/code.ts';
import { choice, message, reading, readings, row, slider } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { onTheme } from '../ui/theme.ts';
import { fillIn, numbers, trainingControls } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { gatePlane, type Weights } from './perceptronPlane.ts';

const shapes: Readonly<Record<NeuronActivation, (x: number) => number>> = {
  step: (x) => (x > 0 ? 1 : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  identity: (x) => x,
};

const start: Weights = [0.6, -0.4, 0.1];
const stepsAtMost = 1500;

export function mount({ body, text, common, language }: Place<'perceptron'>): void {
  let gate: GateName = 'XOR';
  let layers: 1 | 2 = 1;
  let activation: NeuronActivation = 'sigmoid';
  let learningRate = 0.5;
  let seed = 1;
  let weights: Weights = start;
  let last: PerceptronReading | null = null;
  let job: Remote<JobOf<'perceptron'>> | null = null;

  const plane = gatePlane(text.figure, text.handle, (next) => {
    stop();
    setWeights(next);
  });
  const answers = gateInputs.map(() => html('td', {}));
  const wanted = gateInputs.map(() => html('td', {}));
  const table = html(
    'table',
    {},
    html('caption', {}, text.table.caption),
    html(
      'thead',
      {},
      html(
        'tr',
        {},
        ...[text.table.input, text.table.wanted, text.table.answer].map((each) =>
          html('th', { scope: 'col' }, each),
        ),
      ),
    ),
    html(
      'tbody',
      {},
      ...gateInputs.map(([a, b], i) =>
        html('tr', {}, html('th', { scope: 'row' }, `${a} ${b}`), wanted[i], answers[i]),
      ),
    ),
  );
  const steps = reading(common.steps);
  const loss = reading(common.loss);
  const said = message();
  said.say(text.byHand);

  const sliders = ([0, 1, 2] as const).map((index) =>
    slider({
      label: index === 2 ? text.bias : fillIn(text.weight, { n: '₁₂'[index] }),
      min: -6,
      max: 6,
      step: 0.05,
      value: weights[index],
      show: (value) => value.toFixed(2),
      change: (value) => {
        stop();
        const next: [number, number, number] = [...weights];
        next[index] = value;
        setWeights(next);
      },
    }),
  );

  const controls = trainingControls(common, {
    play: async () => {
      if (job && last) return job.resume();
      await train();
    },
    pause: () => job?.pause(),
    reset: () => {
      stop();
      seed++;
      setWeights(start);
    },
  });

  async function train(): Promise<void> {
    said.say(activation === 'step' && layers === 1 ? text.rule : common.preparing);
    try {
      job ??= await startJob('perceptron');
      const settings = { gate, layers, activation, learningRate, weights, seed };
      let solved = false;
      const tell = proxy((next: PerceptronReading) => {
        if (controls.status === 'idle') return;
        solved = next.solved;
        show(next);
      });
      await job.train(settings, stepsAtMost, tell);
      if (controls.status !== 'running') return;
      controls.status = 'finished';
      if (solved) said.say(text.solved, 'good');
      else said.say(gate === 'XOR' && layers === 1 ? text.unsolved : text.unsolvedGate, 'bad');
    } catch (error) {
      controls.status = 'idle';
      said.say(failure(common, error), 'bad');
    }
  }

  /** Leaves what is being trained: the figure goes back to the neuron with its weights. */
  function stop(): void {
    void job?.stop();
    controls.status = 'idle';
    last = null;
    said.say(text.byHand);
  }

  function setWeights(next: Weights): void {
    weights = next;
    last = null;
    draw();
  }

  function show(next: PerceptronReading): void {
    last = next;
    if (next.weights) weights = next.weights;
    if (controls.status === 'running') said.say('');
    draw();
  }

  const answer = (x1: number, x2: number) =>
    shapes[activation](weights[0] * x1 + weights[1] * x2 + weights[2]);

  function draw(): void {
    const outputs =
      last?.outputs ?? (layers === 1 ? gateInputs.map(([a, b]) => answer(a, b)) : gateInputs.map(() => 0.5));
    plane.draw(gateTargets[gate], layers === 1 ? { weights, answer } : { map: last?.map ?? null });
    sliders.forEach((each, i) => {
      each.value = weights[i];
      each.element.hidden = layers === 2;
    });
    outputs.forEach((output, i) => {
      const right = output > 0.5 === (gateTargets[gate][i] === 1);
      wanted[i].textContent = String(gateTargets[gate][i]);
      answers[i].textContent = `${output.toFixed(2)} ${right ? '✓' : '✗'}`;
      answers[i].className = right ? 'good' : 'bad';
    });
    steps.set(last ? numbers.count(last.step, language) : '0');
    loss.set(
      numbers.loss(
        last?.loss ??
          outputs.reduce((sum, output, i) => sum + (output - gateTargets[gate][i]) ** 2, 0) / outputs.length,
      ),
    );
    activationChoice.element.hidden = layers === 2;
  }

  const change = (set: () => void) => {
    set();
    stop();
    draw();
  };
  const activationChoice = choice({
    label: text.activation,
    options: (Object.keys(shapes) as NeuronActivation[]).map(
      (each) => [each, text.activations[each]] as const,
    ),
    value: activation,
    change: (next) => change(() => (activation = next)),
  });
  const choices = row(
    choice({
      label: text.gate,
      options: (['OR', 'AND', 'XOR'] as const).map((each) => [each, each] as const),
      value: gate,
      change: (next) => change(() => (gate = next)),
    }).element,
    choice({
      label: text.network,
      options: [
        ['1', text.networks.one],
        ['2', text.networks.two],
      ] as const,
      value: '1',
      change: (next) => change(() => (layers = next === '2' ? 2 : 1)),
    }).element,
    activationChoice.element,
    slider({
      label: common.learningRate,
      min: 0.1,
      max: 2,
      step: 0.1,
      value: learningRate,
      show: (value) => value.toFixed(1),
      change: (next) => change(() => (learningRate = next)),
    }).element,
  );
  workbench(
    body,
    [
      choices,
      html(
        'div',
        { class: 'pair' },
        plane.element,
        html('div', {}, ...sliders.map(({ element }) => element), table),
      ),
      controls.element,
      readings(steps, loss),
      said.element,
    ],
    [code(common.code, snippet).element, suggestions(common, text.try)],
  );
  onTheme(draw);
}
