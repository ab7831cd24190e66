/** One event for one handler, as the key of a map. */
export function callKey(index: number, handler: string): string {
  return `${index} ${handler}`
}
