import type { Remote } from 'comlink';
import type { ConvolutionAnswer } from '../jobs/convolution.ts';
import type { JobOf } from '../jobs/jobs.ts';
import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/convolution.ts?text';
import digitsSnippet from '../snippets/digits.ts?text';
import { failure } from '../text/language.ts';
import { cellGrid, numbersTable, short } from '../ui/cells.ts';
import { code } from '../ui/code.ts';
import { button, choice, message, row, slider } from '../ui/controls.ts';
import { html } from '../ui/element.ts';
import { fillIn } from '../ui/training.ts';
import { startJob } from '../worker/client.ts';
import { featureFigures } from './convolutionFeatures.ts';
import { kernelEditor } from './convolutionKernel.ts';
import { matrixProduct } from './convolutionMatrix.ts';
import { type DrawnPicture, type Picture, pictures } from './convolutionPictures.ts';
import { poolFigures } from './convolutionPool.ts';
import { type ConvolutionSettings, outputSide, patches, windowCells } from './convolutionWindow.ts';

/** Milliseconds that the window stays at one place while it moves by itself. */
const pace = 350;

export function mount({ body, text, common }: Place<'convolution'>): void {
  let picture: Picture = pictures.cross();
  let [size, stride, padding, dilation] = [3, 1, 0, 1];
  let answer: ConvolutionAnswer | null = null;
  let chosen = 0;
  let digits = 0;
  let job: Promise<Remote<JobOf<'convolution'>>> | null = null;

  const settings = (): ConvolutionSettings => ({
    side: picture.side,
    channels: picture.channels,
    size,
    stride,
    padding,
    dilation,
  });
  function worker(): Promise<Remote<JobOf<'convolution'>>> {
    job ??= startJob('convolution');
    return job;
  }
  const said = message();
  function failed(error: unknown): void {
    said.say(failure(common, error), 'bad');
  }

  // Figures
  /** One for a grey picture, and one for each of three channels. */
  const inputs = [1, 3, 3, 3].map((channels, i) => {
    const channel = Math.max(0, i - 1);
    const grid = cellGrid({
      label: channels === 1 ? text.input : `${text.input}: ${text.channels[channel]}`,
      press: (index) => {
        const values = picture.values.slice();
        const at = index * channels + channel;
        values[at] = values[at] > 0.5 ? 0 : 1;
        picture = { ...picture, values };
        change();
      },
    });
    return { grid, channels, channel };
  });
  const kernel = kernelEditor(text, fillIn, () => change());
  const output = cellGrid({ label: text.output, move: (index) => choose(index) });
  const table = numbersTable(text.output);
  const formula = html('p', { class: 'formula' });
  const sum = html('p', { class: 'sum' });
  const product = matrixProduct(text.matrices);
  const productSizes = html('p', {});
  const pool = poolFigures(text, fillIn);
  const features = featureFigures(
    text,
    fillIn,
    async (index) => (await worker()).features(digitsSnippet, index),
    failed,
  );

  // The worker computes one thing at a time, and then the newest.
  let isBusy = false;
  let isStale = false;
  async function compute(): Promise<void> {
    isStale = true;
    if (isBusy) return;
    isBusy = true;
    while (isStale) {
      isStale = false;
      const [now, shown, weights] = [settings(), picture, kernel.values];
      try {
        const next = await (await worker()).convolve(now, shown.values, weights);
        if (isStale) continue;
        said.say('');
        show(next, { patches: patches(now, shown.values), kernel: weights, values: next.values });
      } catch (error) {
        if (isStale) continue;
        show(null, null);
        failed(error);
      }
    }
    isBusy = false;
  }

  function change(): void {
    kernel.resize(size, picture.channels);
    const { side, channels, values } = picture;
    for (const { grid, channel, channels: own } of inputs) {
      grid.element.hidden = own !== channels;
      if (own !== channels) continue;
      const slice = Float32Array.from({ length: side * side }, (_, i) => values[i * channels + channel]);
      grid.set({ rows: side, columns: side, values: slice, border: padding, colours: 'grey' });
    }
    another.hidden = pictureChoice.value !== 'digit';
    const out = outputSide(settings());
    formula.textContent = fillIn(text.formula, {
      side: picture.side,
      padding,
      dilation,
      size,
      stride,
      out,
    });
    editor.value = snippet
      .replace('[1, 14, 14, 1]', `[1, ${picture.side}, ${picture.side}, ${picture.channels}]`)
      .replace('[3, 3, 1, 1]', `[${size}, ${size}, ${picture.channels}, 1]`)
      .replace(/strides: .*? }/, `strides: ${stride}, padding: ${padding}, dilations: ${dilation} }`)
      .replace(
        /const edges = .*;/,
        `const edges = [${Array.from(kernel.values, short).join(', ').replaceAll('−', '-')}];`,
      );
    void compute();
  }

  function show(next: ConvolutionAnswer | null, parts: Parameters<typeof product.set>[0] | null): void {
    const before = answer?.side;
    answer = next;
    output.element.hidden = next === null;
    matrixPart.hidden = next === null;
    pool.set(next);
    if (!next || !parts) {
      sum.textContent = '';
      table.set({ rows: 0, columns: 0, values: [] });
      return;
    }
    const { side, values, difference } = next;
    output.set({ rows: side, columns: side, values, colours: 'signed' });
    table.set({ rows: side, columns: side, values });
    product.set(parts);
    const length = parts.kernel.length;
    productSizes.textContent = fillIn(text.product, {
      rows: values.length,
      length,
      difference: difference === 0 ? '0' : difference.toExponential(1),
    });
    // Of another output the middle: there is something to see.
    choose(side === before ? chosen : Math.floor(side / 2) * (side + 1));
    output.choose(chosen);
  }

  /** Puts the window where the output of that number comes from. */
  function choose(index: number): void {
    if (!answer) return;
    chosen = index;
    const now = settings();
    const places = windowCells(now, index);
    for (const { grid } of inputs) grid.frame(places);
    const out = answer.side;
    const place = { row: Math.floor(index / out), column: index % out };
    output.frame([place]);
    product.choose(index);
    const { side, channels, values } = picture;
    const weights = kernel.values;
    const terms = Array.from({ length: channels }, (_, c) =>
      places
        .map(({ row, column }, i) => {
          const isInside = row >= 0 && row < side && column >= 0 && column < side;
          const value = isInside ? values[(row * side + column) * channels + c] : 0;
          return `${short(value)}·${short(weights[i * channels + c])}`;
        })
        .join(' + '),
    );
    sum.replaceChildren(
      html('strong', {}, fillIn(text.sumAt, { row: place.row + 1, column: place.column + 1 })),
      ...terms.map((line, c) => html('span', { class: 'terms' }, `${c > 0 ? '+ ' : ''}${line}`)),
      html('strong', {}, ` = ${short(answer.values[index])}`),
    );
  }

  // Controls
  let timer = 0;
  const animate = button(text.animate, () => {
    if (timer) {
      clearInterval(timer);
      timer = 0;
      animate.textContent = text.animate;
      return;
    }
    animate.textContent = text.stop;
    timer = window.setInterval(() => {
      if (answer) choose((chosen + 1) % answer.values.length);
    }, pace);
  });
  async function takeDigit(): Promise<void> {
    try {
      const { pixels } = await (await worker()).smallDigit(digits);
      if (pictureChoice.value !== 'digit') return;
      picture = { side: 14, channels: 1, values: pixels };
      change();
    } catch (error) {
      failed(error);
    }
  }
  const pictureChoice = choice<DrawnPicture | 'digit'>({
    label: text.picture,
    options: (['cross', 'edge', 'digit', 'colours', 'empty'] as const).map(
      (each) => [each, text.pictures[each]] as const,
    ),
    value: 'cross',
    change: (next) => {
      if (next === 'digit') {
        void takeDigit();
        return;
      }
      picture = pictures[next]();
      change();
    },
  });
  const another = button(text.another, () => {
    digits++;
    void takeDigit();
  });
  const sizeChoice = choice<'1' | '3' | '5'>({
    label: text.size,
    options: (['1', '3', '5'] as const).map((each) => [each, `${each} × ${each}`] as const),
    value: '3',
    change: (next) => {
      size = Number(next);
      change();
    },
  });
  const number = (label: string, min: number, max: number, value: number, set: (next: number) => void) =>
    slider({
      label,
      min,
      max,
      step: 1,
      value,
      change: (next) => {
        set(next);
        change();
      },
    }).element;

  const matrixPart = html(
    'div',
    { class: 'stack' },
    html('h3', {}, text.matrixTitle),
    html('p', {}, text.matrixIntro),
    product.element,
    productSizes,
  );
  const editor = code(common.code, snippet);
  workbench(
    body,
    [
      row(pictureChoice.element, another, kernel.menu, sizeChoice.element),
      html(
        'div',
        { class: 'row sliders' },
        number(text.stride, 1, 3, stride, (next) => (stride = next)),
        number(text.padding, 0, 2, padding, (next) => (padding = next)),
        number(text.dilation, 1, 3, dilation, (next) => (dilation = next)),
      ),
      html(
        'div',
        { class: 'grids' },
        ...inputs.map(({ grid }) => grid.element),
        kernel.element,
        output.element,
      ),
      row(animate, said.element),
      formula,
      sum,
      html('details', {}, html('summary', {}, text.numbers), html('div', { class: 'scroll' }, table.element)),
      matrixPart,
      pool.element,
    ],
    [editor.element, suggestions(common, text.try), features.element],
  );
  change();
}
