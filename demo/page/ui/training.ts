import { type Common, fillIn } from '../text/language.ts';
import { button, row } from './controls.ts';

export type TrainingStatus = 'idle' | 'running' | 'paused' | 'finished';

export interface TrainingControls {
  readonly element: HTMLElement;
  status: TrainingStatus;
}

/**
 * The buttons of a training: begin, pause, go on, one step (where there is a `step`), from the beginning. `play` is called for the first
 * begin and for going on; the section says through `status` how it went on from there.
 */
export function trainingControls(
  text: Common,
  actions: { play(): unknown; pause(): unknown; step?(): unknown; reset(): unknown },
  labels: { play?: string } = {},
): TrainingControls {
  let status: TrainingStatus = 'idle';
  const show = (next: TrainingStatus) => {
    status = next;
    element.dataset.status = next;
    main.textContent =
      next === 'running' ? text.pause : next === 'paused' ? text.resume : (labels.play ?? text.train);
    main.disabled = next === 'finished';
    if (step) step.disabled = next === 'running' || next === 'finished';
    reset.disabled = next === 'idle';
  };
  const main = button(
    labels.play ?? text.train,
    () => {
      if (status === 'running') {
        show('paused');
        actions.pause();
      } else {
        show('running');
        actions.play();
      }
    },
    { kind: 'main' },
  );
  const step = actions.step
    ? button(text.step, () => {
        if (status === 'idle') show('paused');
        actions.step?.();
      })
    : null;
  const reset = button(text.reset, () => {
    show('idle');
    actions.reset();
  });
  const element = row(main, step, reset);
  element.classList.add('training');
  show('idle');
  return {
    element,
    get status() {
      return status;
    },
    set status(next) {
      if (next !== status) show(next);
    },
  };
}

/** Numbers as people read them: 1,234 · 0.0123 · 98.1 %. */
export const numbers = {
  count: (value: number, language: string) => value.toLocaleString(language, { maximumFractionDigits: 0 }),
  loss: (value: number) => (value >= 100 ? value.toFixed(1) : value.toFixed(value >= 1 ? 3 : 4)),
  percent: (share: number) => `${(100 * share).toFixed(1)} %`,
};

export { fillIn };
