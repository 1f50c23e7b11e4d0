import { type Answers, classes, type Digits, digitsModel, readWith, scoreOf } from '../models/digits.ts';
import { bar, drawDigits, percent, table } from './draw.ts';
import { loadWeights, readTensorFile } from './files.ts';
import { readDigits } from './mnist.ts';
import { CommandError, type CommonOptions, deviceResult, type Output, openAndTell } from './output.ts';

export interface PredictOptions extends CommonOptions {
  /** Of the digits to learn from and of those held out. */
  readonly limit?: number;
  /** Number of a held-out digit. */
  readonly digit?: number;
}

/** How many digits are drawn when none was asked for. */
const drawn = 6;

/** Reads the held-out digits with weights from a file. */
export async function predict(path: string, options: PredictOptions, output: Output): Promise<void> {
  const { heldOut } = readDigits(options.limit);
  if (options.digit !== undefined && options.digit >= heldOut.count) {
    throw new CommandError(
      `--digit ${options.digit}: the held-out digits have the numbers 0 to ${heldOut.count - 1}`,
    );
  }
  const file = await readTensorFile(path);
  const device = await openAndTell(options, output);
  try {
    const model = await digitsModel(device, { seed: options.seed });
    loadWeights(path, file, device, model.variables);
    output.say('');
    const answers = await readWith(model, heldOut);
    const { accuracy, correct, total } = scoreOf(answers, heldOut);
    output.say(`Held-out digits read rightly: ${percent(accuracy)} (${correct} of ${total})`, '');
    const shown = options.digit === undefined ? Array.from({ length: drawn }, (_, i) => i) : [options.digit];
    show(shown, answers, heldOut, output);
    output.result({
      command: 'predict',
      device: deviceResult(device),
      file: path,
      accuracy,
      correct,
      total,
      digits: shown.map((i) => ({
        number: i,
        label: heldOut.labels[i],
        predicted: answers.predicted[i],
        probabilities: Array.from(probabilitiesOf(answers, i)),
      })),
    });
  } finally {
    device.dispose();
  }
}

function probabilitiesOf({ probabilities }: Answers, i: number): Float32Array {
  return probabilities.subarray(i * classes, (i + 1) * classes);
}

function show(numbers: readonly number[], answers: Answers, digits: Digits, output: Output): void {
  const pictures = numbers.map((i) => ({
    pixels: digits.pixels.subarray(i * 784, (i + 1) * 784),
    captions: [
      `#${i}: a ${digits.labels[i]}`,
      ...(numbers.length > 1 ? likeliest(probabilitiesOf(answers, i)) : []),
    ],
  }));
  output.say(...drawDigits(pictures, output.columns));
  if (numbers.length > 1) return;
  const shares = Array.from(probabilitiesOf(answers, numbers[0]));
  const rows = table(shares.map((share, digit) => [`read as ${digit}`, percent(share)]));
  output.say(...rows.map((row, digit) => `${row}  ${bar(shares[digit], 40)}`.trimEnd()));
}

/** The two likeliest classes, such as `read as 7 (99.1 %)` and `or 2 (0.8 %)`. */
function likeliest(shares: Float32Array): string[] {
  const order = Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a]);
  return order
    .slice(0, 2)
    .map((digit, place) => `${place === 0 ? 'read as' : '     or'} ${digit} (${percent(shares[digit])})`);
}
