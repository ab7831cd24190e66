/**
 * Values in the templates of eSputnik: Apache Velocity, as far as velocityjs has it (docs.yespo.io "Webhook Workflows").
 * A reference that has no value stays as it is written, `$email`; `$!email` is then nothing.
 */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'

/** What `$name` and `$data.get('param')` stand for. */
export interface Values {
  /** Found in any case of letters, as the document says of all but `$workflowInstanceId`. Keys in lower case. */
  readonly contact: ReadonlyMap<string, string>
  readonly workflowInstanceId: string
  /** Parameters of the event; in a message also the answers, each by the name of its block. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Encodes a text value before it stands in the template. */
export type Encode = (text: string) => string

/** Fills templates. @throws OptionError when the template is not Velocity */
export type Fill = (template: string, values: Values, encode?: Encode) => string

/** Loads the library, which who launches no workflow does without. */
export async function loadFill(): Promise<Fill> {
  const { render } = await import('velocityjs')
  return (template, values, encode = (text) => text) => filled(render, template, values, encode)
}

type Render = typeof import('velocityjs')['render']

function filled(render: Render, template: string, values: Values, encode: Encode): string {
  try {
    return render(template, contextOf(values, encode))
  } catch (error) {
    throw new OptionError(`not a Velocity template: ${(error as Error).message}`)
  }
}

function contextOf({ contact, workflowInstanceId, data }: Values, encode: Encode): Record<string, unknown> {
  const known = Object.assign(Object.create(null), { workflowInstanceId, mathTool, data: javaOf(data, encode) })
  const fieldOf = (name: string | symbol) => contact.get(String(name).toLowerCase())
  return new Proxy(known, {
    get: (target, name) => {
      const field = fieldOf(name)
      return target[name] ?? (field === undefined ? undefined : encode(field))
    },
    has: (target, name) => name in target || fieldOf(name) !== undefined,
  })
}

/**
 * The vendor's example wraps an id in `mathTool.toInteger`, which says that numbers of an answer are doubles; printed
 * as Java does: `7.0`, and `1.0E7` from ten million on.
 */
export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  toString(): string {
    const { value } = this
    if (value !== 0 && (Math.abs(value) >= 1e7 || Math.abs(value) < 1e-3)) return exponential(value)
    return Number.isInteger(value) ? `${value}.0` : String(value)
  }
}

function exponential(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}

const mathTool = {
  toInteger(value: unknown): number | undefined {
    const number = Math.trunc(Number(value))
    return Number.isNaN(number) ? undefined : number
  },
}

/** Without what JavaScript's objects inherit, and without null, which Velocity leaves unresolved. */
function javaOf(value: unknown, encode: Encode): unknown {
  if (typeof value === 'string') return encode(value)
  if (Array.isArray(value)) return value.map((one) => javaOf(one, encode))
  if (value instanceof Double || !isObject(value)) return value ?? undefined
  const entries = Object.entries(value).map(([key, one]) => [key, javaOf(one, encode)])
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

/** JSON as the platform holds it: all its numbers doubles. */
export function withDoubles(value: unknown): unknown {
  if (typeof value === 'number') return new Double(value)
  if (Array.isArray(value)) return value.map(withDoubles)
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withDoubles(one)]))
    : value
}
