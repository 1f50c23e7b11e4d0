/** Tells on the terminal what is being done; nothing of it goes to a file into which the results are led. */
export interface Progress {
  /** A workload begins: number `index` of `count`. */
  begin(workload: string, index: number, count: number): void;
  /** What is done now, such as `jax: turn 2 of 7`. */
  say(doing: string): void;
  end(): void;
}

/** One line that is written over again and again on a terminal; otherwise a line for each workload. */
export function showProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const start = Date.now();
  let workload = '';
  let doing = '';
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    const text = progressLine(workload, doing, Date.now() - start);
    out.write(`\r\x1b[K${text.slice(0, (out.columns ?? 80) - 1)}`);
  };
  return {
    begin(name, index, count) {
      workload = `${index} of ${count}  ${name}`;
      doing = '';
      if (!out.isTTY) out.write(`${progressLine(workload, doing, Date.now() - start)}\n`);
      else timer ??= setInterval(draw, 1000);
    },
    say(next) {
      doing = next;
      if (out.isTTY) draw();
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      if (out.isTTY) out.write('\r\x1b[K');
    },
  };
}

/** `3 of 87  matmul-512  jax: first result  4:10` */
export function progressLine(workload: string, doing: string, milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return [workload, doing, time].filter(Boolean).join('  ');
}
