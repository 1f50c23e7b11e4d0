// Here and not where they are used: styles of modules that are loaded later would not come with them.
import 'uplot/dist/uPlot.min.css';
import 'prism-code-editor/layout.css';
import './styles/page.css';
import './styles/parts.css';
import './styles/perceptron.css';
import './styles/activations.css';
import './styles/backPropagation.css';
import './styles/normalisation.css';
import './styles/convolution.css';
import './styles/digits.css';
import './styles/recurrent.css';
import './styles/gpu.css';
import type { MountSection } from './section.ts';
import { chosenLanguage, languages, readTexts, type SectionName } from './text/language.ts';
import { button, choice } from './ui/controls.ts';
import { html, rich, setAttributes } from './ui/element.ts';
import { followLinks } from './ui/links.ts';
import { startTheme, toggleTheme } from './ui/theme.ts';

/** The sections in their order; each is loaded when it comes near. */
const sections: { readonly [Name in SectionName]: () => Promise<{ readonly mount: MountSection<Name> }> } = {
  perceptron: () => import('./sections/perceptron.ts'),
  activations: () => import('./sections/activations.ts'),
  backPropagation: () => import('./sections/backPropagation.ts'),
  normalisation: () => import('./sections/normalisation.ts'),
  convolution: () => import('./sections/convolution.ts'),
  digits: () => import('./sections/digits.ts'),
  recurrent: () => import('./sections/recurrent.ts'),
  gpu: () => import('./sections/gpu.ts'),
};
/** Those that the CPU reference can run. */
const withoutWebGpu: readonly SectionName[] = [
  'perceptron',
  'activations',
  'backPropagation',
  'normalisation',
];

startTheme();
const language = chosenLanguage();
const text = await readTexts(language);
const { common } = text;
const webgpu = navigator.gpu !== undefined && (await navigator.gpu.requestAdapter()) !== null;
document.documentElement.lang = language;
document.title = `tensorloom: ${common.title}`;

const names = Object.keys(sections) as SectionName[];
const links = new Map(
  names.map((name) => [name, html('a', { href: `#${name}` }, text.sections[name].short)] as const),
);
/** Marks the section that lies across the middle of the window. */
const reading = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const link = links.get(target.id as SectionName);
      if (link) setAttributes(link, { 'aria-current': isIntersecting && 'true' });
    }
  },
  { rootMargin: '-50% 0px -50% 0px' },
);
const main = html('main', { id: 'main' }, introduction(), ...names.map(section));
document.body.append(
  header(),
  main,
  html('footer', {}, html('a', { href: 'licences.txt' }, common.licences)),
);
followLinks(main);

function header(): HTMLElement {
  const menu = choice({
    label: common.language,
    options: languages,
    value: language,
    change: (next) => {
      const address = new URL(location.href);
      address.searchParams.set('lang', next);
      location.assign(address);
    },
  });
  const theme = button('◐', toggleTheme);
  setAttributes(theme, { 'aria-label': common.theme, title: common.theme });
  return html(
    'header',
    { class: 'top' },
    html('a', { class: 'skip', href: '#main' }, common.skip),
    html(
      'a',
      { class: 'brand', href: '#main' },
      html('img', { src: 'icon.svg', alt: '', width: 28, height: 28 }),
      'tensorloom',
    ),
    html(
      'nav',
      { 'aria-label': common.contents },
      html('ol', {}, ...[...links.values()].map((link) => html('li', {}, link))),
    ),
    html('div', { class: 'settings' }, menu.element, theme),
  );
}

function introduction(): HTMLElement {
  return html(
    'div',
    { class: 'introduction' },
    html('h1', {}, common.title),
    html('p', { class: 'lead' }, common.lead),
    webgpu ? null : html('p', { class: 'banner', role: 'alert' }, rich(common.noWebGpu)),
  );
}

function section(name: SectionName, index: number): HTMLElement {
  const { title, intro } = text.sections[name];
  const body = html('div', { class: 'body' });
  const element = html(
    'section',
    { id: name, 'aria-labelledby': `${name}-title` },
    html('h2', { id: `${name}-title` }, html('span', { class: 'number' }, index + 1), title),
    ...intro.map((paragraph) => html('p', {}, rich(paragraph))),
    body,
  );
  // What is far away costs nothing yet.
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      void mount(name, body);
    },
    { rootMargin: '400px' },
  );
  observer.observe(body);
  reading.observe(element);
  return element;
}

async function mount<Name extends SectionName>(name: Name, body: HTMLElement): Promise<void> {
  if (!webgpu && !withoutWebGpu.includes(name)) {
    body.append(html('p', { class: 'banner' }, common.needsWebGpu));
  } else {
    const { mount } = await sections[name]();
    await mount({ body, text: text.sections[name], common, language, webgpu });
  }
  body.dataset.ready = 'true';
}
