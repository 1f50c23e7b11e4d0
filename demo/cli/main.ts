import { Command, InvalidArgumentError, Option } from 'commander';
import { TensorloomError } from '../../src/index.ts';
import { type DigitsOptions, digits } from './digits.ts';
import { gates } from './gates.ts';
import { CommandError, type CommonOptions, Output } from './output.ts';
import { type PredictOptions, predict } from './predict.ts';
import { type VerifyCommandOptions, verifyCommand } from './verify.ts';

const examples = `
Examples:
  npm start                                   train, show what is misread, save digits.safetensors
  npm start -- --epochs 3 --backend cpu       the same, shorter, on the float64 reference
  npm start -- predict digits.safetensors     read the held-out digits with saved weights
  npm start -- predict digits.safetensors --digit 7
  npm start -- gates --seed 5
  npm start -- verify                         every op on the adapters of this machine against the reference
  npm start -- --json > result.json           the result alone on stdout

Options of one command: npm start -- <command> --help`;

/** Reads whole numbers from `least` to 2^32 - 1. */
function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value < 2 ** 32) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** A command with the options that all of them take; `run` gets them and where to write. */
function command<Options extends CommonOptions>(
  name: string,
  description: string,
  run: (args: string[], options: Options, output: Output) => Promise<void>,
): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option('--backend <name>', 'where to compute: auto takes a GPU, else a software adapter, else cpu')
        .choices(['auto', 'webgpu', 'cpu'])
        .default('auto'),
    )
    .option('--seed <number>', 'for first weights, order and dropout', wholeNumber(0), 1)
    .option('--json', 'write the result to stdout as JSON, and everything else to stderr')
    .option('--verbose', 'show where an error came from')
    .action(async (...parameters) => {
      const self: Command = parameters[parameters.length - 1];
      const options = self.opts<Options>();
      try {
        await run(self.args, options, new Output(options.json ?? false));
      } catch (error) {
        fail(error, options.verbose ?? false);
      }
    });
}

function fail(error: unknown, verbose: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const isExpected = error instanceof CommandError || error instanceof TensorloomError;
  const text = isExpected ? message : `${message} (unexpected; --verbose shows where)`;
  process.stderr.write(verbose && error instanceof Error ? `${error.stack}\n` : `error: ${text}\n`);
  process.exitCode = 1;
}

const program = new Command('npm start --')
  .description('tensorloom: neural networks on WebGPU. Without a command: digits.')
  .addHelpText('after', examples)
  .showSuggestionAfterError();

program.addCommand(
  command<DigitsOptions>(
    'digits',
    'train a small network on 8,000 handwritten digits and judge it by 2,000 others',
    (_, options, output) => digits(options, output),
  )
    .option('--epochs <count>', 'how often to go through the digits', wholeNumber(1), 5)
    .option('--batch <count>', 'digits in one training step', wholeNumber(1), 64)
    .option('--learning-rate <number>', "Adam's largest step size", positiveNumber, 0.02)
    .option(
      '--limit <count>',
      'use only the first so many digits, of those to learn from and of those held out',
      wholeNumber(1),
    )
    .option('--output <file>', 'where to save the weights (safetensors)', 'digits.safetensors'),
  { isDefault: true },
);
program.addCommand(
  command<PredictOptions>(
    'predict',
    'read the held-out digits with weights from a file',
    ([file], options, output) => predict(file, options, output),
  )
    .argument('<file>', 'weights that `digits` saved')
    .option('--digit <number>', 'draw this one of the 2,000 held-out digits', wholeNumber(0))
    .option('--limit <count>', 'use only the first so many of them', wholeNumber(1)),
);
program.addCommand(
  command<CommonOptions>(
    'gates',
    'one perceptron learns OR and AND, but not XOR; two layers do',
    (_, options, output) => gates(options, output),
  ),
);
program.addCommand(
  command<VerifyCommandOptions>(
    'verify',
    "compare every op, forward and backward, on this machine's adapters with the reference",
    (_, options, output) => verifyCommand(options, output),
  ).addOption(
    new Option('--host <name>', 'whose WebGPU to use')
      .choices(['node', 'deno', 'chrome', 'all'])
      .default('all'),
  ),
);

// What is no command would else be taken for an argument of the default one.
const [first] = process.argv.slice(2);
const names = ['help', ...program.commands.map((each) => each.name())];
if (first && !first.startsWith('-') && !names.includes(first)) {
  program.error(`error: unknown command '${first}'. There are ${names.join(', ')}.`);
}
await program.parseAsync();
