import { proxy, type Remote } from 'comlink';
import type { Standing } from '../jobs/digitsNetwork.ts';
import type { JobOf } from '../jobs/jobs.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/digits.ts?text';
import { failure } from '../text/language.ts';
import { lineChart } from '../ui/chart.ts';
import { code } from '../ui/code.ts';
import { message, reading, readings } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn, numbers, trainingControls } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { confusionTable } from './digitsFigures.ts';
import { digitReader } from './digitsReader.ts';

export function mount({ body, text, common, language }: Place<'digits'>): void {
  let standing: Standing | null = null;
  let job: Promise<Remote<JobOf<'digits'>>> | null = null;
  /** Which training the answers belong to that come in. */
  let turn = 0;
  /** Whether the worker has a training that waits. */
  let waiting = false;

  const steps = reading(common.steps, '0');
  const loss = reading(common.loss);
  const heldOut = reading(text.heldOut);
  const speed = reading(text.imagesPerSecond);
  const cost = reading(text.cost);
  const said = message();
  said.say(text.ready);
  const losses = lineChart({
    label: text.lossChart,
    x: common.stepAxis,
    series: [{ label: common.loss, colour: 'series2' }],
    y: { min: 0 },
    height: 180,
  });
  const accuracies = lineChart({
    label: text.accuracyChart,
    x: common.stepAxis,
    series: [
      { label: text.trained, colour: 'series1', dashed: true },
      { label: text.heldOut, colour: 'series3' },
    ],
    y: { min: 0, max: 1 },
    height: 180,
  });
  const confusion = confusionTable({ caption: text.confusion, corner: text.corner });
  confusion.set(null);

  const controls = trainingControls(common, {
    play: async () => {
      if (waiting) return (await worker()).resume();
      await train();
    },
    pause: async () => {
      said.say(text.pausing);
      await (await worker()).pause();
    },
    reset: async () => {
      turn++;
      waiting = false;
      show(null);
      said.say(text.ready);
      await (await worker()).reset();
      reader.look();
    },
  });

  function worker(): Promise<Remote<JobOf<'digits'>>> {
    job ??= startJob('digits');
    return job;
  }

  function failed(error: unknown): void {
    said.say(failure(common, error), 'bad');
  }

  async function train(): Promise<void> {
    const mine = ++turn;
    said.say(common.preparing);
    waiting = true;
    try {
      const tell = proxy((next: Standing) => {
        if (mine !== turn) return;
        if (next.phase === 'running' && controls.status === 'running') said.say('');
        show(next);
        if (next.phase === 'paused') said.say(fillIn(text.paused, valuesOf(next)));
        reader.lookAgain();
      });
      await (await worker()).train(editor.value, tell);
      if (mine !== turn) return;
      waiting = false;
      controls.status = 'paused';
      if (standing) said.say(fillIn(text.finished, valuesOf(standing)), 'good');
      reader.look();
    } catch (error) {
      if (mine !== turn) return;
      waiting = false;
      controls.status = standing ? 'paused' : 'idle';
      failed(error);
    }
  }

  function valuesOf({ step, judgement, isLasting }: Standing) {
    return {
      kept: isLasting ? text.kept : text.notKept,
      steps: numbers.count(step, language),
      accuracy: judgement ? numbers.percent(judgement.accuracy) : '–',
      count: numbers.count(judgement?.total ?? 0, language),
    };
  }

  function show(next: Standing | null): void {
    const judged = next?.judgement ?? null;
    if (judged !== standing?.judgement) confusion.set(judged?.confusion ?? null);
    standing = next;
    const {
      step = [],
      loss: lossValues = [],
      accuracy = [],
      heldOut: heldOutValues = [],
    } = next?.curve ?? {};
    losses.set(step, lossValues);
    accuracies.set(step, accuracy, heldOutValues);
    const lastLoss = lossValues.findLast((value) => value !== null);
    steps.set(numbers.count(next?.step ?? 0, language));
    loss.set(typeof lastLoss === 'number' ? numbers.loss(lastLoss) : '–');
    heldOut.set(judged ? numbers.percent(judged.accuracy) : '–');
    speed.set(next?.imagesPerSecond ? numbers.count(next.imagesPerSecond, language) : '–');
    cost.set(
      next?.dispatches
        ? fillIn(text.dispatches, { dispatches: next.dispatches, submits: next.submits })
        : '–',
    );
  }

  const reader = digitReader(
    text,
    {
      look: async (pixels) => (await worker()).look(editor.value, pixels),
      sample: async () => (await worker()).sample(),
    },
    { isTrained: () => standing !== null, failed },
  );

  const editor = code(common.editableCode, snippet, () => {
    if (standing || controls.status !== 'idle') said.say(text.changed);
    else void job?.then((each) => each.reset());
  });

  show(null);
  workbench(
    body,
    [
      controls.element,
      readings(steps, loss, heldOut, speed, cost),
      said.element,
      html('div', { class: 'pair' }, losses.element, accuracies.element),
      reader.element,
    ],
    [editor.element, html('div', { class: 'scroll' }, confusion.element), suggestions(common, text.try)],
  );
  void restore();

  async function restore(): Promise<void> {
    try {
      const kept = await (await worker()).restore();
      // Whoever was quicker than the storage has begun anew.
      if (!kept || turn > 0) return;
      show(kept);
      editor.value = kept.code;
      controls.status = 'paused';
      said.say(fillIn(text.restored, valuesOf(kept)), 'good');
      reader.look();
    } catch (error) {
      failed(error);
    }
  }
}
