/** `POST ?search`: one box for everything that has a name. Answers where it is; an address is a key from there on. */
import type { BoardRequest } from '../ports/board.ts'
import { fieldsOfBody } from './form.ts'
import { Refusal } from './refusal.ts'
import type { Seals } from './seal.ts'

const LONGEST = 1_000

/** The address of a view, relative. @throws Refusal */
export async function searched(request: BoardRequest, seals: Seals): Promise<string> {
  const text = ((await fieldsOfBody(request)).get('q') ?? '').trim()
  if (text === '') return '?view=now'
  if (text.length > LONGEST) throw new Refusal('bad_request', `At most ${LONGEST} characters.`)
  return placeOf(text, seals)
}

function placeOf(text: string, seals: Seals): string {
  if (/^d_[a-z2-7]+\.\d{1,7}$/.test(text)) return addressOf({ view: 'event', id: text })
  if (/^d_[a-z2-7]+$/.test(text)) return addressOf({ view: 'delivery', id: text })
  if (/^"?[^\s:]*"?@\S+$|^\S+@[^\s:]+$/.test(text) && !/^-?to:/.test(text)) return personAt(text, '', seals)
  // The words of a filter with a person in them: the rest of them narrows what is shown.
  const to = text.match(/(?:^|\s)to:(?:"([^"]+)"|(\S+))/)
  if (to !== null) {
    const rest = `${text.slice(0, to.index)} ${text.slice((to.index ?? 0) + to[0].length)}`.trim()
    if (rest.includes('@')) throw new Refusal('bad_filter', 'One address at a time.')
    return personAt(to[1] ?? to[2] ?? '', rest, seals)
  }
  if (text.includes('@')) throw new Refusal('bad_filter', 'An address stands alone, or behind to:.')
  if (/(?:^|\s)-?[a-z]+:\S/.test(text)) return addressOf({ view: 'events', filter: text })
  return addressOf({ view: 'message', id: text })
}

function personAt(address: string, filter: string, seals: Seals): string {
  const key = seals.keyOrNull(address)
  if (key === null) throw new Refusal('bad_filter', 'This is no e-mail address.')
  return addressOf({ view: 'person', key, ...(filter === '' ? {} : { filter }) })
}

const addressOf = (parameters: Readonly<Record<string, string>>) => `?${new URLSearchParams(parameters)}`
