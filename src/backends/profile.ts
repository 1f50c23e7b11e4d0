import type { KernelProfile, Profile } from './backend.ts';

/** How much of its roof a kernel reaches: the larger of its shares of arithmetic and of memory traffic, 0 to 1. */
export function shareOfRoof({ milliseconds, flops, bytes }: KernelProfile, { roof }: Profile): number | null {
  if (!roof || milliseconds === 0) return null;
  const perSecond = 1000 / milliseconds;
  return Math.max((flops * perSecond) / roof.flopsPerSecond, (bytes * perSecond) / roof.bytesPerSecond);
}

/** A profile as a table for people, the slowest kernel first. */
export function formatProfile(profile: Profile): string {
  const { kernels, milliseconds, roof } = profile;
  const rows = [...kernels]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .map((kernel) => {
      const share = shareOfRoof(kernel, profile);
      return [
        kernel.milliseconds.toFixed(3),
        `${((100 * kernel.milliseconds) / (milliseconds || 1)).toFixed(1)} %`,
        (kernel.flops / kernel.milliseconds / 1e6).toFixed(2),
        (kernel.bytes / kernel.milliseconds / 1e6).toFixed(2),
        share === null ? '' : `${(100 * share).toFixed(1)} %`,
        `${kernel.label} (${kernel.path})`,
      ];
    });
  const table = [['ms', 'of all', 'GFLOP/s', 'GB/s', 'of roof', 'kernel'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const roofText = roof
    ? `; roof ${(roof.flopsPerSecond / 1e9).toFixed(1)} GFLOP/s, ${(roof.bytesPerSecond / 1e9).toFixed(1)} GB/s`
    : '';
  return [
    `${profile.adapter}: ${milliseconds.toFixed(3)} ms in ${kernels.length} kernels, by ${profile.clock}${roofText}`,
    ...table.map((row) =>
      row.map((cell, i) => (i < row.length - 1 ? cell.padStart(widths[i]) : cell)).join('  '),
    ),
  ].join('\n');
}

/**
 * A profile as JSON in the Trace Event Format, which the performance panels of browsers' developer tools, `chrome://tracing` and
 * ui.perfetto.dev open. The kernels lie end to end, in the order of their dispatch.
 */
export function profileTrace(profile: Profile): string {
  let start = 0;
  const events = profile.kernels.map((kernel) => {
    const duration = 1000 * kernel.milliseconds;
    const event = {
      name: kernel.label,
      cat: 'kernel',
      ph: 'X',
      pid: 1,
      tid: 1,
      ts: start,
      dur: duration,
      args: {
        path: kernel.path,
        flops: kernel.flops,
        bytes: kernel.bytes,
        workgroups: kernel.workgroups,
        shareOfRoof: shareOfRoof(kernel, profile),
      },
    };
    start += duration;
    return event;
  });
  const name = (kind: string, text: string) => ({
    name: kind,
    ph: 'M',
    pid: 1,
    tid: 1,
    args: { name: text },
  });
  return JSON.stringify({
    traceEvents: [name('process_name', 'tensorloom'), name('thread_name', profile.adapter), ...events],
    displayTimeUnit: 'ms',
  });
}
