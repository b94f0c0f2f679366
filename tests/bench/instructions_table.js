// The table of docs/instructions.md: made, read again, and compared.

// In the order in which gate.c counts them.
export const METHODS = ['create-order', 'get-order', 'echo'];

const MORE_MAX = 0.05;
// What is read by the clock meanwhile, such as changed keys, comes to less than this a call.
const MORE_IGNORED = 200;
const OURS = 'our rooms';
const THEIRS = 'libraries that we alone call';
const ALL = 'all';
const isOurs = (room) => room.startsWith('server') || room === 'gen/c';
const isTheirs = (room) => room === 'protobuf-c' || room === 'libmariadb';

const sum = (functions, which) => Math.round(functions.filter(({ room }) => which(room)).reduce((total, { count }) => total + count, 0));

// Functions of each method to [[name, instructions of each method]]; rooms first, then the sums.
export function figuresOf(methods) {
  const rooms = [...new Set(methods.flat().map(({ room }) => room))];
  const rows = rooms.map((room) => [room, methods.map((functions) => sum(functions, (one) => one === room))])
    .filter(([, counts]) => counts.some((count) => count > 0))
    .sort(([a], [b]) => isOurs(b) - isOurs(a) || isTheirs(b) - isTheirs(a) || (a < b ? -1 : 1));
  const sums = [[OURS, isOurs], [THEIRS, isTheirs], [ALL, () => true]];
  return [...rows, ...sums.map(([name, which]) => [`**${name}**`, methods.map((functions) => sum(functions, which))])];
}

export const asMarkdown = (figures) => [
  `| room | ${METHODS.join(' | ')} |`,
  `|---|${METHODS.map(() => '---:|').join('')}`,
  ...figures.map(([room, counts]) => `| ${isOurs(room) ? `\`${room}\`` : room} | ${counts.map((count) => count.toLocaleString('en-US')).join(' | ')} |`),
].join('\n');

// The sums that a change is held to, of a table as text.
export function heldIn(text) {
  const held = [OURS, THEIRS].map((name) => {
    const row = text.split('\n').find((line) => line.startsWith(`| **${name}** |`));
    if (!row) throw new Error(`docs/instructions.md lacks the row ${name}; record it anew with: tools/instructions --record`);
    return [`**${name}**`, row.split('|').slice(2, 2 + METHODS.length).map((cell) => Number(cell.trim().replaceAll(',', '')))];
  });
  if (held.flat(2).some(Number.isNaN)) throw new Error('docs/instructions.md holds no numbers; record it anew with: tools/instructions --record');
  return held;
}

export function compare(held, figures) {
  const problems = [];
  const remarks = [];
  for (const [name, before] of held) {
    const now = figures.find(([one]) => one === name)[1];
    METHODS.forEach((method, i) => {
      const more = now[i] / before[i] - 1;
      const what = `${method}: ${name.replaceAll('*', '')} took ${before[i]} instructions a call, now ${now[i]} (${more > 0 ? '+' : ''}${(more * 100).toFixed(1)} %)`;
      if (now[i] > before[i] * (1 + MORE_MAX) && now[i] - before[i] > MORE_IGNORED) problems.push(what);
      else if (more < -MORE_MAX) remarks.push(`${what}: keep it by tools/instructions --record`);
    });
  }
  if (problems.length > 0) {
    problems.push('look where with: tools/instructions --functions', 'if it is worth it, say why in the commit and record it with: tools/instructions --record');
  }
  return { problems, remarks };
}
