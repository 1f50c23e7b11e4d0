export {};

// `npm run bench -- NAME` runs bench/NAME.ts.
const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  matmul: () => import('./matmul.ts'),
  step: () => import('./step.ts'),
};

const name = process.argv[2] ?? '';
const bench = benches[name];
if (bench) {
  await bench();
} else {
  console.error(`bench: no bench "${name}" (there are: ${Object.keys(benches).join(', ')})`);
  process.exitCode = 1;
}
