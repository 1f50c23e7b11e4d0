/** Elements of the page, made in one call. */

export type Child = Node | string | number | null | undefined | false;

/** `true` sets an attribute without a value, `false` and `undefined` leave it out, functions listen to the event of that name (`click`). */
export type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => unknown)>
>;

/** An HTML element: `html('button', { type: 'button', click: () => … }, 'Train')`. */
export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return fill(document.createElement(name), attributes, children);
}

/** The same for what stands within an `<svg>`, and for `svg` itself. */
export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

/** Sets some attributes of an element that is there already. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === false || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  setAttributes(element, attributes);
  for (const child of children)
    if (child !== null && child !== undefined && child !== false)
      element.append(typeof child === 'number' ? String(child) : child);
  return element;
}

/** A line of the page's texts: `code` between backticks, **strong** between pairs of stars, links as [words](address). */
export function rich(text: string): DocumentFragment {
  const parts = document.createDocumentFragment();
  for (const piece of text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/)) {
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(piece);
    if (link) parts.append(html('a', { href: link[2] }, link[1]));
    else if (piece.startsWith('`')) parts.append(html('code', {}, piece.slice(1, -1)));
    else if (piece.startsWith('**')) parts.append(html('strong', {}, piece.slice(2, -2)));
    else parts.append(piece);
  }
  return parts;
}
