/** Which bodies are read in one go: several small ones, or a large one alone. */

/** Lists of `seq`, in order; the bodies of a list have `mostBytes` at most, or it is one body. */
export function portionsOf(
  wanted: Iterable<{ readonly seq: number; readonly bytes: number }>,
  mostBytes: number,
): number[][] {
  const portions: number[][] = []
  let total = 0
  for (const { seq, bytes } of wanted) {
    const last = portions.at(-1)
    if (last && total + bytes <= mostBytes) last.push(seq)
    else {
      portions.push([seq])
      total = 0
    }
    total += bytes
  }
  return portions
}
