// Reads what callgrind has written: how many instructions each function took itself, and in which room.

const OURS = 'bmtd-counted';
// Libraries by what they are to us; the first that the file's name begins with. Any other stands under `other libraries`.
const LIBRARIES = [
  ['libmariadb', ['libmariadb']],
  ['protobuf-c', ['libprotobuf-c']],
  ['libgrpc', ['libgrpc', 'libgpr', 'libabsl', 'libaddress_sorting', 'libupb', 'libre2', 'libcares']],
  ['crypto', ['libcrypto', 'libssl']],
  ['libc', ['libc.', 'ld-linux', 'libm.', 'libstdc++', 'libgcc']],
];

// `object` and `file` are paths. The room of a function is that of the file that it stands in, whatever was inlined.
export function roomOf(object, file) {
  const name = object.slice(object.lastIndexOf('/') + 1);
  if (name !== OURS) return LIBRARIES.find(([, begins]) => begins.some((begin) => name.startsWith(begin)))?.[0] ?? 'other libraries';
  if (file.includes('/tests/bench/')) return null; // the gate
  if (file.includes('/gen/c/')) return 'gen/c';
  return /\/(server\/\w+)\/[^/]+$/.exec(file)?.[1] ?? 'server';
}

// Functions with their own instructions: [{ room, name, count }], most first. The gate's are left out.
export function functionsOf(text) {
  const names = { ob: new Map(), fl: new Map(), fn: new Map() };
  const named = (kind, value) => {
    const [, id, name] = /^\((\d+)\)(?: (.*))?$/.exec(value);
    if (name !== undefined) names[kind].set(id, name);
    return names[kind].get(id);
  };
  const counts = new Map();
  let object = '';
  let at = null; // of the function that the lines are about
  let isCall = false;
  for (const line of text.split('\n')) {
    const [, key, value] = /^(c?(?:ob|fl|fi|fe|fn))=(.*)$/.exec(line) ?? [];
    if (key) {
      const kind = key.endsWith('ob') ? 'ob' : key.endsWith('fn') ? 'fn' : 'fl';
      const name = named(kind, value);
      if (key === 'ob') object = name;
      if (key === 'fl') at = { file: name };
      if (key === 'fn') {
        const room = roomOf(object, at.file);
        const which = `${room} ${name}`;
        at = { file: at.file, function: counts.get(which) ?? { room, name, count: 0 } };
        counts.set(which, at.function);
      }
    } else if (line.startsWith('calls=')) {
      isCall = true; // the next line tells what is counted where it was called
    } else if (/^[+\-*\d]/.test(line)) {
      if (!isCall) at.function.count += Number(line.split(' ')[1]);
      isCall = false;
    }
  }
  return [...counts.values()].filter(({ room, count }) => room !== null && count > 0).sort((a, b) => b.count - a.count);
}

export function roomsOf(functions) {
  const rooms = new Map();
  for (const { room, count } of functions) rooms.set(room, (rooms.get(room) ?? 0) + count);
  return rooms;
}
