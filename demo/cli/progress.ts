import { SingleBar } from 'cli-progress';
import { duration, percent } from './draw.ts';
import type { Output } from './output.ts';

export interface Standing {
  readonly epoch: string;
  readonly loss: number;
  /** Of the epoch so far. */
  readonly accuracy: number;
  /** Of the held-out digits after the last epoch; null before the first has ended. */
  readonly heldOut: number | null;
  readonly imagesPerSecond: number;
}

/** Shows how far a training is. */
export interface Progress<Shown = Standing> {
  update(done: number, standing: Shown): void;
  /** At the end of an epoch. */
  epoch(done: number, standing: Shown): void;
  /** Lines that stay. */
  say(...lines: string[]): void;
  stop(): void;
}

/** How a standing is written: `{names}` stand for its texts, and `{left}` for the time that is left. */
export interface ProgressLayout<Shown> {
  texts(standing: Shown): Record<string, string>;
  /** With `{bar}`; for windows of 100 columns and more, and for others. */
  readonly wide: string;
  readonly narrow: string;
  /** Where nobody watches. */
  readonly line: string;
}

const digitsLayout: ProgressLayout<Standing> = {
  texts: ({ epoch, loss, accuracy, heldOut, imagesPerSecond }) => ({
    epoch,
    loss: loss.toFixed(4),
    accuracy: percent(accuracy),
    heldOut: heldOut === null ? '-' : percent(heldOut),
    rate: Math.round(imagesPerSecond).toLocaleString('en'),
  }),
  wide: 'epoch {epoch} {bar} loss {loss}, accuracy {accuracy}, held out {heldOut}, {rate} images/s, {left} left',
  narrow: '{epoch} {bar} loss {loss}, {accuracy}, held out {heldOut}, {rate} images/s, {left}',
  line: 'epoch {epoch}  loss {loss}  accuracy {accuracy}  held out {heldOut}  {rate} images/s  {left} left',
};

/** A bar where a person watches, else a line for each epoch and, in long ones, every ten seconds. */
export function showProgress(total: number, output: Output): Progress {
  return progressOf(digitsLayout, total, output);
}

export function progressOf<Shown>(
  layout: ProgressLayout<Shown>,
  total: number,
  output: Output,
): Progress<Shown> {
  return output.stream.isTTY ? progressBar(layout, total, output) : progressLines(layout, total, output);
}

function timeLeft(started: number, done: number, total: number): string {
  return duration(((performance.now() - started) / 1000 / Math.max(1, done)) * (total - done));
}

function progressBar<Shown>(
  { texts, wide, narrow }: ProgressLayout<Shown>,
  total: number,
  output: Output,
): Progress<Shown> {
  const started = performance.now();
  const { stream, columns } = output;
  const format = columns < 100 ? narrow : wide;
  const bar = new SingleBar({
    stream,
    // Nothing that a killed process would leave behind in the terminal.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
    barsize: 12,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    format,
  });
  const names = Array.from(format.matchAll(/\{(\w+)\}/g), ([, name]) => name).filter(
    (name) => name !== 'bar',
  );
  let shown: Record<string, string> = Object.fromEntries(names.map((name) => [name, '-']));
  let reached = 0;
  bar.start(total, 0, shown);
  const update = (done: number, standing: Shown) => {
    reached = done;
    shown = { ...texts(standing), left: timeLeft(started, done, total) };
    bar.update(done, shown);
  };
  return {
    update,
    epoch: update,
    say(...lines) {
      bar.stop();
      output.say(...lines);
      bar.start(total, reached, shown);
    },
    stop: () => bar.stop(),
  };
}

function progressLines<Shown>(
  { texts, line }: ProgressLayout<Shown>,
  total: number,
  output: Output,
): Progress<Shown> {
  const started = performance.now();
  let written = started;
  const write = (done: number, standing: Shown) => {
    const shown = { ...texts(standing), left: timeLeft(started, done, total) };
    written = performance.now();
    output.say(line.replace(/\{(\w+)\}/g, (hole, name: keyof typeof shown) => shown[name] ?? hole));
  };
  return {
    update(done, standing) {
      if (performance.now() - written > 10_000) write(done, standing);
    },
    epoch: write,
    say: (...lines) => output.say(...lines),
    stop() {},
  };
}
