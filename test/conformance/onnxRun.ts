/**
 * Runs a folder of ONNX backend tests:
 *
 *     node test/support/launch.mjs test/conformance/onnxRun.ts FOLDER [cpu|webgpu] [part of a name]
 */
import { openDevice } from '../../src/index.ts';
import { readCases, runCase } from './onnxCase.ts';

const [folder, backend = 'cpu', filter = ''] = process.argv.slice(2);
const open = () => openDevice({ backend: backend === 'webgpu' ? 'webgpu' : 'cpu' });
let device = await open();
console.log(device.info.reason);
const counts = { passed: 0, failed: 0, refused: 0 };
for (const each of readCases(folder)) {
  if (!`${each.dir}/${each.name}`.includes(filter)) continue;
  const start = performance.now();
  const { problems, refused } = await runCase(folder, each, device);
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 5) console.log(`slow    ${each.group}/${each.name}: ${seconds.toFixed(1)} s`);
  if (refused !== null) {
    counts.refused++;
    if (refused.startsWith('DeviceError')) device = await open();
    console.log(`refused ${each.group}/${each.name}: ${refused.slice(0, 300)}`);
  } else if (problems.length > 0) {
    counts.failed++;
    console.log(`FAILED  ${each.group}/${each.name}: ${problems.join('; ').slice(0, 300)}`);
  } else counts.passed++;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.refused} refused`);
device.dispose();
