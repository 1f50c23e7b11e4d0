import { RandomStream, type TensorFile } from '../../src/index.ts';
import { cells, type TextSettings, textGenerator, textNetwork } from '../models/text.ts';
import { loadWeights, readTensorFile } from './files.ts';
import { checkKnown } from './mobyDick.ts';
import {
  CommandError,
  type CommonOptions,
  deviceResult,
  type Output,
  openAndTell,
  statsLine,
} from './output.ts';

export interface GenerateOptions extends CommonOptions {
  readonly prompt: string;
  readonly length: number;
  readonly temperature: number;
}

/** Writes on from a prompt with weights that `text` saved. */
export async function generate(path: string, options: GenerateOptions, output: Output): Promise<void> {
  const { prompt, length, temperature, seed } = options;
  const file = await readTensorFile(path);
  const settings = settingsOf(path, file);
  if (prompt === '') throw new CommandError('--prompt is empty: the network wants something to begin with');
  checkKnown('--prompt', prompt, settings.alphabet);
  const device = await openAndTell(options, output);
  try {
    const network = textNetwork(settings, seed);
    loadWeights(path, file, device, network.variables);
    const generator = await textGenerator(device, network);
    output.say(statsLine('A step of writing', generator.program.stats), '');
    const started = performance.now();
    let written = '';
    output.stream.write(prompt);
    for await (const character of generator.generate(prompt, length, temperature, new RandomStream(seed))) {
      written += character;
      output.stream.write(character);
    }
    const seconds = (performance.now() - started) / 1000;
    const rate = Math.round((prompt.length + length) / seconds).toLocaleString('en');
    output.say('', '', `${rate} characters per second.`);
    output.result({
      command: 'text generate',
      device: deviceResult(device),
      file: path,
      seed,
      temperature,
      prompt,
      text: written,
      seconds,
      dispatches: generator.program.stats.dispatches,
    });
  } finally {
    device.dispose();
  }
}

/** The network that a file's metadata describe. */
function settingsOf(path: string, { metadata }: TensorFile): TextSettings {
  if (metadata.format !== 'tensorloom text') {
    throw new CommandError(`${path} holds no weights that \`npm start -- text\` saved`);
  }
  const cell = cells.find((each) => each === metadata.cell);
  const [hiddenSize, layers] = [Number(metadata.hiddenSize), Number(metadata.layers)];
  const alphabet = Array.from(metadata.alphabet ?? '');
  if (!cell || !(hiddenSize >= 1) || !(layers >= 1) || alphabet.length === 0) {
    throw new CommandError(
      `${path}: its description of the network is damaged: cell ${metadata.cell}, hiddenSize ${metadata.hiddenSize}, layers ${metadata.layers}, ${alphabet.length} characters`,
    );
  }
  return { cell, hiddenSize, layers, alphabet };
}

/** A text in lines of at most `columns` characters, broken between words. */
export function wrap(text: string, columns: number): string[] {
  const width = Math.max(20, Math.min(columns, 100) - 2);
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const last = lines[lines.length - 1];
      if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
    return lines;
  });
}
