import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Remote, remote } from './host.ts';

const mark = 'answer:';

/** The program that a process runs: one call per line of its input, as JSON, one answer per line of its output. */
export const serveSession = `
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import process from 'node:process';
// Libraries that see Node ask for its modules this way.
globalThis.require = createRequire(import.meta.url);
const { session } = await import('./session.js');
const answer = (value) => console.log('\\n${mark}' + JSON.stringify(value));
for await (const line of createInterface({ input: process.stdin })) {
  const { method, args } = JSON.parse(line);
  try {
    answer({ value: await session[method](...args) });
  } catch (error) {
    answer({ error: String(error?.stack ?? error) });
  }
}`;

/** A process that runs `serveSession`. */
export function startProcess(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Remote {
  const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  const ended = endOf(child);
  const answers = createInterface({ input: child.stdout });
  let settle: ((line: string) => void) | null = null;
  answers.on('line', (line) => {
    if (line.startsWith(mark)) settle?.(line.slice(mark.length));
    else if (line) said.push(line);
  });
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  child.stdin.on('error', () => {}); // `ended` tells
  return remote(
    async (method, callArgs) => {
      const answer = new Promise<string>((resolve) => {
        settle = resolve;
      });
      child.stdin.write(`${JSON.stringify({ method, args: callArgs })}\n`);
      const line = await Promise.race([answer, ended]);
      if (line === null) throw new Error(['the process ended', ...said.slice(-5)].join('\n'));
      const { value, error } = JSON.parse(line);
      if (error) throw new Error([error, ...said.slice(-3)].join('\n'));
      return value;
    },
    async () => {
      child.kill('SIGKILL');
      await ended;
    },
  );
}

function endOf(child: ChildProcess): Promise<null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(null));
  });
}
