import { spawn } from 'node:child_process';
import { root } from '../support/root.ts';

export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm start -- ...args`. The process is told to end once stdout holds `stopAt`. */
export function start(args: readonly string[], stopAt?: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const command = ['test/support/launch.mjs', 'demo/cli/main.ts', ...args];
    const child = spawn(process.execPath, command, { cwd: root });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
      if (stopAt && !child.killed && stdout.includes(stopAt)) child.kill('SIGTERM');
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
