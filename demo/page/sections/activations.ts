import type { Curve } from '../jobs/activations.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/activations.ts?text';
import { failure } from '../text/language.ts';
import { code } from '../ui/code.ts';
import { choice, message, reading, readings, row, slider } from '../ui/controls.ts';
import { html, rich } from '../ui/element.ts';
import { newest } from '../ui/newest.ts';
import { startJob } from '../worker/client.ts';
import { chainFigure } from './activationsChain.ts';
import { curveFigure } from './activationsCurve.ts';
import {
  type ActivationName,
  activationNames,
  curveHigh,
  curveLow,
  curvePlaces,
  curveStep,
} from './activationsRange.ts';
import { softmaxFigure } from './activationsSoftmax.ts';

export async function mount({ body, text, common }: Place<'activations'>): Promise<void> {
  const job = startJob('activations');
  const curves = new Map<ActivationName, Promise<Curve>>();
  let name: ActivationName = 'sigmoid';
  let shown: Curve | null = null;
  let place = curvePlaces.indexOf(0);
  const said = message();
  const failed = (error: unknown) => said.say(failure(common, error), 'bad');

  const figure = curveFigure(text.figure, { value: 'f(x)', slope: 'f′(x)' }, (index) => {
    placeSlider.value = curvePlaces[index];
    mark(index);
  });
  const values = { x: reading('x'), value: reading('f(x)'), slope: reading('f′(x)') };
  const formula = html('p', { class: 'formula' });
  const note = html('p', {});
  const placeSlider = slider({
    label: 'x',
    min: curveLow,
    max: curveHigh,
    step: curveStep,
    value: curvePlaces[place],
    show: (x) => x.toFixed(2),
    change: (x) => mark(Math.round((x - curveLow) / curveStep)),
  });

  function mark(index: number): void {
    place = index;
    if (!shown) return;
    figure.mark(index);
    values.x.set(curvePlaces[index].toFixed(2));
    values.value.set(digits(shown.values[index]));
    values.slope.set(digits(shown.slopes[index]));
  }

  const show = newest(async (chosen: ActivationName) => {
    const curve = curves.get(chosen) ?? (await job).curve(chosen);
    curves.set(chosen, curve);
    shown = await curve;
    formula.replaceChildren(rich(`\`${text.formulas[chosen]}\``));
    note.replaceChildren(rich(text.notes[chosen]));
    figure.show(shown);
    mark(place);
  }, failed);

  const activation = choice({
    label: text.activation,
    options: activationNames.map((each) => [each, text.names[each]] as const),
    value: name,
    change: (next) => {
      name = next;
      show(name);
    },
  });
  show(name);

  const softmax = softmaxFigure(
    text.softmax,
    newest(async (logits, temperature) => {
      const shares = await (await job).softmax(logits, temperature);
      softmax.show(shares);
    }, failed),
  );
  const chain = chainFigure(
    text,
    newest(async (depth, spread) => {
      const gradients = await (await job).gradients(depth, spread);
      chain.show(gradients);
    }, failed),
  );

  workbench(
    body,
    [
      row(activation.element, placeSlider.element),
      figure.element,
      readings(values.x, values.value, values.slope),
      said.element,
    ],
    [html('div', { class: 'notes' }, formula, note), code(common.code, snippet).element],
  );
  workbench(
    body,
    [html('h3', {}, text.chain.title), chain.element],
    [html('h3', {}, text.chain.whyTitle), ...text.chain.why.map((each) => html('p', {}, rich(each)))],
  );
  workbench(
    body,
    [html('h3', {}, text.softmax.title), html('p', {}, rich(text.softmax.intro)), softmax.element],
    [suggestions(common, text.try)],
  );
}

/** Four places, and no minus before a zero. */
const digits = (value: number) => (Math.abs(value) < 0.00005 ? 0 : value).toFixed(4).replace('-', '−');
