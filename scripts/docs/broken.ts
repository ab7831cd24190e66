/** What is said of bodies that are not JSON. By asking the code that reads them. */
import { Broken, readSlice } from '../../src/core/read/elements.ts'
import { brokenBody } from '../../src/core/read/unreadable.ts'
import { Scanner } from '../../src/json/scan.ts'
import { code, table } from './markdown.ts'

const FINE = '{"event":"open"}'

/** One fault in each. */
const BODIES: readonly string[] = [
  `[${FINE},{"event":"open",}]`,
  `[${FINE},{“event”:“open”}]`,
  `[${FINE},{"event":"open" "time":1}]`,
  `[${FINE},{event:"open"}]`,
  `[${FINE},{"event":None}]`,
  `[${FINE},{"event":"open",...}]`,
  `[${FINE},]`,
  `${FINE}\n${FINE}`,
  `[${FINE},{"event":"op`,
  'event=open&time=1',
]

export function brokenTable(): string {
  const rows = BODIES.map((text) => [code(text.replace('\n', '⏎')), ...outcome(Buffer.from(text))])
  return table(['body', 'in quarantine', 'the reason it has there'], rows)
}

function outcome(body: Uint8Array): [what: string, reason: string] {
  const scanner = new Scanner(body)
  while (!scanner.advance(body.length));
  const scan = scanner.result()
  if ('failure' in scan) return ['the delivery', brokenBody(body, scan)]
  const elements = readSlice(body, scan, 0, scan.count)
  const index = elements.findIndex((element) => element instanceof Broken)
  const broken = elements[index]
  if (broken instanceof Broken) return [`element ${index}`, broken.reason]
  throw new Error('every body has a fault')
}
