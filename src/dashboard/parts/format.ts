/** Numbers in words. */

/** Groups of three with a thin space, the same in every locale. */
export function number(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, '\u202f')
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`
  const [unit, name] = value < 1e6 ? [1e3, 'kB'] : value < 1e9 ? [1e6, 'MB'] : [1e9, 'GB']
  const shown = value / unit
  return `${shown < 10 ? shown.toFixed(1) : Math.round(shown)} ${name}`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`
}

export function percent(share: number): string {
  const value = share * 100
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`
}

/** Of the id of a message in a list; a longer one is cut, and its address in a URL is a key. */
export const ID_CHARS = 320
