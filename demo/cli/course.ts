import type { NonFiniteError, Variable } from '../../src/index.ts';
import { CommandError, type Output } from './output.ts';

/** How a training ended. */
export interface CourseEnd {
  readonly seconds: number;
  /** `diverged`: came to numbers that are not finite, which `error` tells. */
  readonly outcome: 'finished' | 'interrupted' | 'diverged';
  readonly error?: NonFiniteError;
}

/** Why a training did not finish, after how many steps. */
export function stoppedBecause({ outcome, error }: CourseEnd, step: number): string {
  const at = step > 0 ? `after step ${step}` : 'at the first steps';
  if (outcome === 'interrupted')
    return `Stopped ${at}; what has been learned is kept. (Ctrl-C again to leave at once.)`;
  return `Stopped ${at}: ${error?.message}.`;
}

/** How many numbers went into the file, and how large it is. */
export function sayWhatIsSaved(
  variables: readonly Variable[],
  path: string,
  bytes: number,
  output: Output,
): void {
  const count = variables.reduce((total, { size }) => total + size, 0).toLocaleString('en');
  output.say(`Saved ${count} numbers to ${path} (${(bytes / 1000).toFixed(1)} kB).`);
}

/** What the command exits with, once all else is said. */
export function endCommand({ outcome, error }: CourseEnd): void {
  if (error) {
    throw new CommandError(
      'the training came to numbers that are not finite; try a smaller --learning-rate',
      { cause: error },
    );
  }
  if (outcome === 'interrupted') process.exitCode = 130;
}
