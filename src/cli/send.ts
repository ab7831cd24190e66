/** `posthorn send`: one delivery of sample events, or of a file, to a running server. */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { OptionError } from '../errors.ts'
import { wholeNumber } from '../lib/options.ts'
import { sampleOf } from '../testing/sample.ts'
import { senderOf } from '../testing/senders.ts'
import { bodyOfFile } from './file-body.ts'
import { post } from './post.ts'
import { say } from './show.ts'

const FLAGS = {
  to: { type: 'string' },
  token: { type: 'string' },
  basic: { type: 'string' },
  bearer: { type: 'string' },
  header: { type: 'string', multiple: true },
  as: { type: 'string' },
  set: { type: 'string', multiple: true },
  count: { type: 'string' },
  file: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values']

interface Sending {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

/** The exit code: 0 when the answer is 200, 1 when it is another or there is none, 2 when it was called wrongly. */
export async function send(args: readonly string[]): Promise<0 | 1 | 2> {
  const sending = tried(() => toSending(args))
  if (sending === null) return 2
  try {
    const { status, body, ackMs } = await post(sending.url, 'POST', sending.headers, sending.body)
    say(`${status} after ${ackMs.toFixed(1)} ms\n${body}`)
    return status === 200 ? 0 : 1
  } catch (error) {
    complain(`no answer from ${new URL(sending.url).host}: ${codeOf(error)}`)
    return 1
  }
}

/** What `run` returns; null, and a line on stderr, when it was called wrongly. */
function tried<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    // parseArgs and our own checks throw TypeErrors; anything else is a fault.
    if (!(error instanceof TypeError)) throw error
    complain(error.message)
    return null
  }
}

function complain(message: string): void {
  process.stderr.write(`posthorn send: ${message}\n`)
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

function toSending(args: readonly string[]): Sending {
  const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true })
  if (values.file !== undefined) return ofFile(values.file, values, positionals)
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0)
    throw new OptionError('expected one event name, such as momentum.bounce, or --file')
  const fields = fieldsOf(name, values.set ?? [], values.as)
  const count = wholeNumber('--count', values.count === undefined ? undefined : Number(values.count), 1, 1, 100_000)
  const events = Array.from({ length: count }, () => sampleOf(name, fields, values.as).text)
  return { url: urlOf(values.to), headers: headersOf(name, values), body: `[${events.join(',')}]` }
}

/** Without a batch id: a repeat of a file is a duplicate, unless `--header` gives it one. */
function ofFile(file: string, values: Values, positionals: readonly string[]): Sending {
  const { to, as, set, count } = values
  if (positionals.length > 0 || as !== undefined || set !== undefined || count !== undefined)
    throw new OptionError('--file takes the place of the event name, --as, --set and --count')
  return { url: urlOf(to), headers: plainHeaders(values), body: bodyOfFile(file) }
}

function urlOf(to: string | undefined): string {
  if (to !== undefined && URL.canParse(to) && /^https?:$/.test(new URL(to).protocol)) return to
  throw new OptionError(
    '--to must be the http or https address of a source, such as http://localhost:3000/webhooks/shop',
  )
}

interface Credentials {
  readonly token?: string | undefined
  readonly basic?: string | undefined
  readonly bearer?: string | undefined
  readonly header?: readonly string[] | undefined
}

/** As the sender would, with a batch id where it has one. */
function headersOf(name: string, credentials: Credentials): Record<string, string> {
  const { batchIdHeader } = senderOf(name).provider
  const batchId = batchIdHeader === null ? {} : { [batchIdHeader]: randomUUID() }
  return { ...batchId, ...plainHeaders(credentials) }
}

function plainHeaders({ token, basic, bearer, header = [] }: Credentials): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'user-agent': 'posthorn-send' }
  if (token !== undefined) headers['x-messagesystems-webhook-token'] = token
  if (basic !== undefined) headers.authorization = `Basic ${Buffer.from(basic).toString('base64')}`
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`
  for (const line of header) {
    const [, key, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
    // Not the line: it may be a secret.
    if (key === undefined || value === undefined) throw new OptionError("--header must be 'name: value'")
    headers[key.toLowerCase()] = value
  }
  return headers
}

function fieldsOf(name: string, settings: readonly string[], as: string | undefined): Record<string, unknown> {
  if (settings.length === 0) return {}
  const sample = sampleOf(name, {}, as).fields
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1) throw new OptionError(`--set must be field=value, got ${JSON.stringify(setting)}`)
      const field = setting.slice(0, at)
      return [field, settingOf(setting.slice(at + 1), sample[field])]
    }),
  )
}

/** Text, unless it is JSON; a number is one only where the sample has one, since senders write most of them as text. */
function settingOf(text: string, like: unknown): unknown {
  const value = parsed(text)
  return typeof value === 'number' && typeof like !== 'number' ? text : value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
