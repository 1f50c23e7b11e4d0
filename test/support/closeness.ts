// The table of tolerances stands in src/verify/bounds.ts: tests judge by the same numbers as users.
export { compare, differenceTolerance, type Tolerance, tolerances } from '../../src/verify/bounds.ts';
