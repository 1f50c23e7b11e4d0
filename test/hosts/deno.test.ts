import { runInDeno } from '../support/hosts.ts';
import { opsInHost } from '../support/opsInHost.ts';

// Deno brings a WGSL compiler of its own, naga, which is also Firefox's.
await opsInHost('deno', (bundlePath) => runInDeno(bundlePath));
