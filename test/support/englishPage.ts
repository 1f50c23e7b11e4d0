// In a system without a language Chromium calls its own `en-US@posix`, which its Intl does not know; uPlot asks for it when it is imported.
Object.defineProperty(navigator, 'language', { value: 'en-US' });

export {};
