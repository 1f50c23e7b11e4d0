/**
 * Follows links to places of the page, the one that its address names among them, and holds the visitor there while what lies above still
 * grows: sections show themselves only when they come near. Whoever scrolls on is let go.
 */
export function followLinks(page: HTMLElement): void {
  let target: Element | null = null;
  let held = { top: 0, height: 0 };

  function hold(): void {
    if (!target) return;
    target.scrollIntoView({ behavior: 'instant' });
    held = { top: scrollY, height: page.offsetHeight };
  }

  function goTo(address: string): void {
    target = document.getElementById(decodeURIComponent(address.slice(1)));
    hold();
  }

  document.addEventListener('click', ({ target: clicked }) => {
    const link = clicked instanceof Element && clicked.closest('a[href^="#"]');
    if (link) goTo(link.getAttribute('href') ?? '');
  });
  document.addEventListener('scroll', () => {
    // Where the height has changed, it is the page that moved and not the visitor.
    if (scrollY !== held.top && page.offsetHeight === held.height) target = null;
  });
  new ResizeObserver(hold).observe(page);
  if (location.hash) goTo(location.hash);
}
