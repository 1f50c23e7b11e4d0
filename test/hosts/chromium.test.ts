import { runInChromium } from '../support/hosts.ts';
import { opsInHost } from '../support/opsInHost.ts';

// Chromium brings the WGSL compiler Tint and the WebGPU of most users.
await opsInHost('chromium', (bundlePath) => runInChromium(bundlePath));
