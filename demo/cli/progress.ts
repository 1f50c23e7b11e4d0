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
export interface Progress {
  update(done: number, standing: Standing): void;
  /** At the end of an epoch. */
  epoch(done: number, standing: Standing): void;
  stop(): void;
}

/** A bar where a person watches, else a line for each epoch and, in long ones, every ten seconds. */
export function showProgress(total: number, output: Output): Progress {
  return output.stream.isTTY ? progressBar(total, output) : progressLines(total, output);
}

function texts({ epoch, loss, accuracy, heldOut, imagesPerSecond }: Standing): Record<string, string> {
  return {
    epoch,
    loss: loss.toFixed(4),
    accuracy: percent(accuracy),
    heldOut: heldOut === null ? '-' : percent(heldOut),
    rate: Math.round(imagesPerSecond).toLocaleString('en'),
  };
}

function timeLeft(started: number, done: number, total: number): string {
  return duration(((performance.now() - started) / 1000 / Math.max(1, done)) * (total - done));
}

function progressBar(total: number, { stream, columns }: Output): Progress {
  const started = performance.now();
  const bar = new SingleBar({
    stream,
    // Nothing that a killed process would leave behind in the terminal.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
    barsize: 12,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    format:
      columns < 100
        ? '{epoch} {bar} loss {loss}, {accuracy}, held out {heldOut}, {rate} images/s, {left}'
        : 'epoch {epoch} {bar} loss {loss}, accuracy {accuracy}, held out {heldOut}, {rate} images/s, {left} left',
  });
  const waiting = { epoch: '1', loss: '-', accuracy: '-', heldOut: '-', rate: '-', left: '-' };
  bar.start(total, 0, waiting);
  const update = (done: number, standing: Standing) => {
    bar.update(done, { ...texts(standing), left: timeLeft(started, done, total) });
  };
  return { update, epoch: update, stop: () => bar.stop() };
}

function progressLines(total: number, output: Output): Progress {
  const started = performance.now();
  let written = started;
  const write = (done: number, standing: Standing) => {
    const { epoch, loss, accuracy, heldOut, rate } = texts(standing);
    written = performance.now();
    output.say(
      `epoch ${epoch}  loss ${loss}  accuracy ${accuracy}  held out ${heldOut}  ${rate} images/s  ${timeLeft(started, done, total)} left`,
    );
  };
  return {
    update(done, standing) {
      if (performance.now() - written > 10_000) write(done, standing);
    },
    epoch: write,
    stop() {},
  };
}
