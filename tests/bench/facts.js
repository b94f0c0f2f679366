// Where and of what figures were taken.
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

const first = (command, args, otherwise) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return otherwise;
  }
};

// What is measured is what is on the disk; what docs/performance.md becomes here does not count.
const changed = first('git', ['status', '--porcelain', '--', '.', ':!docs/performance.md'], '');

export const facts = {
  commit: `${first('git', ['rev-parse', '--short', 'HEAD'], 'unknown')}${changed ? ' (dirty)' : ''}`,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
  'MariaDB': /Ver (\S+)/.exec(first('mariadbd', ['--version'], ''))?.[1] ?? 'unknown',
};
