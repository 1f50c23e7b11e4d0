// The error function in float64, which JavaScript's Math lacks.

/** erf x = 2/√π ∫₀ˣ e^(-t²) dt */
export function erf(x: number): number {
  return Math.abs(x) < 2.5 ? erfSeries(x) : Math.sign(x) * (1 - erfc(Math.abs(x)));
}

/** erfc x = 1 - erf x, without the loss of digits where erf x is almost 1. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 2.5) return 1 - erf(x);
  // Continued fraction: √π e^(x²) erfc x = 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))))
  let tail = 0;
  for (let k = 120; k > 0; k--) tail = k / 2 / (x + tail);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail));
}

/** erf x = 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3·5···(2n+1)): all terms have one sign, so nothing cancels. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
