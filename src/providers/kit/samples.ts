/** How samples are kept and written. Private. */

export type Fields = Readonly<Record<string, unknown>>

/** Complete wire events by native name and normalised type; identifiers are strings here. */
export type Samples = Readonly<Record<string, Readonly<Record<string, Fields>>>>

/**
 * The JSON text of one event. The fields in `integers` are written as JSON numbers when they are text of digits: a
 * JavaScript number would round identifiers beyond 2^53 on the way.
 */
export function toWire(fields: Fields, integers: readonly string[]): string {
  const members = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${valueText(value, integers.includes(name))}`)
  return `{${members.join(',')}}`
}

function valueText(value: unknown, integer: boolean): string {
  return integer && typeof value === 'string' && /^(?:0|[1-9]\d*)$/.test(value) ? value : JSON.stringify(value)
}
