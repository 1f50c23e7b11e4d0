import {
  formatProfile,
  Graph,
  grad,
  matmul,
  mul,
  openDevice,
  profileTrace,
  relu,
  sum,
  verify,
} from 'tensorloom';

const device = await openDevice();
console.log(device.info.reason);

const graph = new Graph();
const x = graph.input('x', [64, 256]);
const w = graph.variable('w', [256, 128], { initializer: 0.01 });
const y = relu(matmul(x, w));
const [dw] = grad(sum(mul(y, y)), [w]);
const feeds = { x: Array.from({ length: 64 * 256 }, (_, i) => Math.sin(i)) };

// Every kernel beside the reference in float64, forward and backward.
const report = await verify({ outputs: { y } }, feeds);
console.log(report.passed, report.firstDivergence?.path);

// Where the time goes, kernel by kernel.
const program = await device.compile({ outputs: { dw } });
console.log(program.stats.dispatches, program.stats.submits);
const profile = await program.profile(feeds);
console.log(formatProfile(profile));
const trace = profileTrace(profile); // for ui.perfetto.dev
console.log(trace.length);
