import type { Common, Language, SectionName, Text } from './text/language.ts';
import { html, rich } from './ui/element.ts';

/** What a section gets to show itself. */
export interface Place<Name extends SectionName> {
  /** Below the heading and the introduction; see `workbench`. */
  readonly body: HTMLElement;
  readonly text: Text['sections'][Name];
  readonly common: Common;
  readonly language: Language;
  /** Whether the browser offers WebGPU; without it, workers take the CPU reference. */
  readonly webgpu: boolean;
}

export type MountSection<Name extends SectionName> = (place: Place<Name>) => void | Promise<void>;

/** The usual layout: figures and what operates them on one side, code and suggestions on the other; one below the other on a phone. */
export function workbench(body: HTMLElement, figures: readonly Node[], side: readonly Node[]): void {
  body.append(
    html(
      'div',
      { class: 'workbench' },
      html('div', { class: 'figures' }, ...figures),
      html('div', { class: 'side' }, ...side),
    ),
  );
}

/** A list of things to try. */
export function suggestions(common: Common, list: readonly string[]): HTMLElement {
  const items = list.map((each) => html('li', {}, rich(each)));
  return html('div', { class: 'try' }, html('h3', {}, common.tryThis), html('ul', {}, ...items));
}
