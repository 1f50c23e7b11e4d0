import { type Child, html, rich } from './element.ts';

/** What a visitor can operate. All are native controls: they have names, focus and keys. */

let ids = 0;
const nextId = () => `control-${++ids}`;

export function button(
  label: string,
  click: () => unknown,
  { kind = 'plain' }: { kind?: 'plain' | 'main' } = {},
): HTMLButtonElement {
  return html('button', { type: 'button', class: `button ${kind}`, click }, label);
}

export interface Slider {
  readonly element: HTMLElement;
  value: number;
}

/** A slider with its name and its value. `show` writes the value; `change` hears every move. */
export function slider(options: {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  show?: (value: number) => string;
  change: (value: number) => void;
}): Slider {
  const { label, min, max, step, value, show = String, change } = options;
  const id = nextId();
  const output = html('output', { for: id }, show(value));
  const input = html('input', { id, type: 'range', min, max, step, value });
  const write = () => {
    output.textContent = show(input.valueAsNumber);
    input.setAttribute('aria-valuetext', output.textContent);
  };
  write();
  input.addEventListener('input', () => {
    write();
    change(input.valueAsNumber);
  });
  return {
    element: html('div', { class: 'control slider' }, html('label', { for: id }, label), input, output),
    get value() {
      return input.valueAsNumber;
    },
    set value(next) {
      input.valueAsNumber = next;
      write();
    },
  };
}

export interface Choice<Value extends string> {
  readonly element: HTMLElement;
  value: Value;
}

/** One of several, in a menu. */
export function choice<Value extends string>(options: {
  label: string;
  options: readonly (readonly [Value, string])[];
  value: Value;
  change: (value: Value) => void;
}): Choice<Value> {
  const id = nextId();
  const values = options.options.map(([value]) => value);
  const entries = options.options.map(([value, label]) => html('option', { value }, label));
  const select = html('select', { id }, ...entries);
  select.value = options.value;
  const current = () => values[select.selectedIndex];
  select.addEventListener('change', () => options.change(current()));
  return {
    element: html('div', { class: 'control' }, html('label', { for: id }, options.label), select),
    get value() {
      return current();
    },
    set value(next) {
      select.value = next;
    },
  };
}

/** A box that is ticked or not. */
export function toggle(options: {
  label: string;
  value: boolean;
  change: (value: boolean) => void;
}): HTMLElement {
  const input = html('input', { type: 'checkbox', checked: options.value });
  input.addEventListener('change', () => options.change(input.checked));
  return html('label', { class: 'control toggle' }, input, options.label);
}

/** A line of text. `change` hears every key. */
export function textField(options: {
  label: string;
  value: string;
  maxLength: number;
  change: (value: string) => void;
}): HTMLElement {
  const { label, value, maxLength, change } = options;
  const id = nextId();
  const input = html('input', { id, type: 'text', value, maxlength: maxLength, autocomplete: 'off' });
  input.addEventListener('input', () => change(input.value));
  return html('div', { class: 'control field' }, html('label', { for: id }, label), input);
}

/** A row of controls that wraps. */
export function row(...children: Child[]): HTMLElement {
  return html('div', { class: 'row' }, ...children);
}

export interface Reading {
  readonly element: HTMLElement;
  set(value: string): void;
}

/** A small value with its name, such as the loss. */
export function reading(label: string, value = '–'): Reading {
  const output = html('dd', {}, value);
  return {
    element: html('div', { class: 'reading' }, html('dt', {}, label), output),
    set: (next) => {
      if (output.textContent !== next) output.textContent = next;
    },
  };
}

/** Readings side by side. */
export function readings(...list: readonly Reading[]): HTMLElement {
  return html('dl', { class: 'readings' }, ...list.map(({ element }) => element));
}

export interface Message {
  readonly element: HTMLElement;
  /** Says something, or nothing; `bad` for what went wrong. A screen reader reads it out. */
  say(text: string, kind?: 'plain' | 'good' | 'bad'): void;
}

export function message(): Message {
  const element = html('p', { class: 'message', role: 'status' });
  let last = '';
  return {
    element,
    say: (text, kind = 'plain') => {
      // What is said already is not read out again.
      if (last === kind + text) return;
      last = kind + text;
      element.className = `message ${kind}`;
      element.replaceChildren(rich(text));
    },
  };
}
