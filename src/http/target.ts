/** Reading the path of a request target: as bytes, undecoded. */

/** The path without query, and without one slash at its end. */
export function pathOf(target: string): string {
  const path = target.split(/[?#]/, 1)[0] as string
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** The segment so many places before the last one; null where the path is shorter, empty where it is. */
export function segmentOf(target: string, before: number): string | null {
  const path = pathOf(target)
  let end = path.length
  for (let passed = 0; passed < before; passed++) end = path.lastIndexOf('/', end - 1)
  if (end <= 0) return null
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end)
}
