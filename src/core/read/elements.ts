/** Reading of a stored body: scan, slices, elements. What cannot be read is named, and goes to quarantine. */
import { isCrowded } from '../../json/members.ts'
import { type Scan, Scanner } from '../../json/scan.ts'
import { endOf, parseElements, parseWithBareWords, sliceEnd, startOf } from '../../json/slices.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Provider, Reading, Unreadable } from '../../ports/provider.ts'
import type { Pacer } from '../base/pacer.ts'
import { brokenBody, brokenElement } from './unreadable.ts'

const SCAN_BYTES = 256 << 10
/** Text beyond ASCII takes two bytes a character: a larger slice would be a large object to the collector (measured). */
const SLICE_BYTES = 32 << 10

/** An element that is not JSON in UTF-8, with the reason in one sentence. */
export class Broken {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/**
 * The borders of the elements, or why there are none, in one sentence without payload; at once where the body is small.
 * `ids` are those of the provider.
 */
export function scanBody(
  delivery: Pick<StoredDelivery, 'body' | 'undecoded'>,
  pacer: Pacer,
  ids: Provider['ids'] = [],
): Scan | string | Promise<Scan | string> {
  if (delivery.undecoded !== null) return `the body is not ${delivery.undecoded}, as its content-encoding says`
  const scanner = new Scanner(delivery.body, { ids })
  return scanner.advance(SCAN_BYTES) ? resultOf(scanner, delivery.body) : scanRest(scanner, delivery.body, pacer)
}

/** As `scanBody`, of a body in plain text, in one go. */
export function scanAtOnce(body: Uint8Array, ids: Provider['ids'] = []): Scan | string {
  const scanner = new Scanner(body, { ids })
  while (!scanner.advance(body.length));
  return resultOf(scanner, body)
}

async function scanRest(scanner: Scanner, body: Uint8Array, pacer: Pacer): Promise<Scan | string> {
  do {
    if (pacer.spent()) await pacer.breathe()
  } while (!scanner.advance(SCAN_BYTES))
  return resultOf(scanner, body)
}

function resultOf(scanner: Scanner, body: Uint8Array): Scan | string {
  const result = scanner.result()
  return 'failure' in result ? brokenBody(body, result) : result
}

/** The elements from `first` on and before `end` in slices, each to be read at once: from one, and before another. */
export function* slices(scan: Scan, first = 0, end = scan.count): Generator<readonly [from: number, to: number]> {
  for (let from = first; from < end; ) {
    const to = scan.deep.has(from) ? from + 1 : Math.min(sliceEnd(scan, from, SLICE_BYTES), end)
    yield [from, to]
    from = to
  }
}

/**
 * A slice that does not parse is parsed one by one: the broken element is broken alone. A large element is a slice of
 * its own, and is looked at before it is parsed. `onBareWords` is told of each that was read with bare words as text.
 */
export function readSlice(
  body: Uint8Array,
  scan: Scan,
  from: number,
  to: number,
  onBareWords: () => void = () => {},
): unknown[] {
  if (scan.deep.has(from)) return [new Broken('the element is nested too deeply')]
  if (to - from === 1 && isCrowded(body, startOf(scan, from), endOf(scan, from)))
    return [new Broken('the element has too many members')]
  try {
    return parseElements(body, scan, from, to)
  } catch {
    if (to - from === 1) return [readBroken(body, scan, from, onBareWords)]
    return Array.from({ length: to - from }, (_, i) => readSlice(body, scan, from + i, from + i + 1, onBareWords)[0])
  }
}

function readBroken(body: Uint8Array, scan: Scan, index: number, onBareWords: () => void): unknown {
  const element = parseWithBareWords(body, scan, index)
  if (element === undefined) return new Broken(brokenElement(body, startOf(scan, index), endOf(scan, index)))
  onBareWords()
  return element
}

/** Providers do not throw; if one does all the same, its element waits in quarantine for the mended version. */
export function readElement(provider: Provider, element: unknown): Reading | Unreadable {
  if (element instanceof Broken) return { unreadable: element.reason, path: null }
  try {
    return provider.read(element)
  } catch {
    return { unreadable: 'Posthorn failed to read the element: please report this', path: null }
  }
}
