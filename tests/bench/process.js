// What processes cost, as usage.c reads it: processor time, and the most memory that they held.
import { readFileSync } from 'node:fs';

const TICKS_PER_S = 100; // of /proc on Linux, whatever the kernel's own

export function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  const [, peak] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S, peakKib: Number(peak), timeMs: performance.now() };
}

// For a figure: cores kept busy between the two looks, and memory in MiB.
export const costOf = (before, after) => ({
  cores: Number(((after.cpuS - before.cpuS) * 1000 / (after.timeMs - before.timeMs)).toFixed(2)), peak_mib: Math.ceil(after.peakKib / 1024),
});

// One figure, in the form of report.c.
export function tell({ name, params, value, unit, ...more }, isJson) {
  const shown = Number(value.toFixed(2));
  if (isJson) console.log(JSON.stringify({ name, params, value: shown, unit, ratios: {}, ...more }));
  else console.log(`${name.padEnd(20)} ${Object.entries(params).map(([key, one]) => `${one} ${key}`).join(', ')}: ${shown} ${unit}`);
  for (const [process, { cores, peak_mib: mib }] of Object.entries((!isJson && more.processes) || {})) console.error(`    ${process} ${cores} cores, ${mib} MiB`);
}
