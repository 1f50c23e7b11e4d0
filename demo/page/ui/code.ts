import { createEditor } from 'prism-code-editor';
import 'prism-code-editor/prism/languages/javascript';
import { html } from './element.ts';

export interface Code {
  readonly element: HTMLElement;
  value: string;
}

/** Some lines of TypeScript, to read; or to change, where `change` hears of it. */
export function code(label: string, value: string, change?: (value: string) => void): Code {
  const place = html('div', { class: 'code' });
  const editor = createEditor(place, {
    language: 'javascript',
    value: value.trim(),
    lineNumbers: false,
    wordWrap: true,
    readOnly: !change,
    onUpdate: (next) => change?.(next),
  });
  editor.textarea.setAttribute('aria-label', label);
  // Those who use the keyboard leave the editor by Tab, as they leave everything else.
  return {
    element: html('figure', { class: 'code-figure' }, html('figcaption', {}, label), place),
    get value() {
      return editor.value;
    },
    set value(next) {
      editor.setOptions({ value: next.trim() });
    },
  };
}
