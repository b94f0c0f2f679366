// A part of the matrix, as the seed has it: BMT_TEST_SEED repeats one. All of it: ./bmt faults.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCases, runCases } from './matrix.js';

const SECONDS = Number(process.env.BMT_TEST_SECONDS ?? 40);
const seed = Number(process.env.BMT_TEST_SEED ?? Date.now() % 1000000);

test(`fail points, each with what may happen there (seed ${seed})`, async (t) => {
  const { n, failures } = await runCases(allCases(), { seed, seconds: SECONDS, say: (line) => t.diagnostic(line) });
  assert.deepEqual(failures, [], `repeat with BMT_TEST_SEED=${seed}`);
  assert.ok(n > 5, `only ${n} cases in ${SECONDS} s`);
});
