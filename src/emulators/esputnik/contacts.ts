/** The contacts of an account, and the events that happened to them. */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { knownKeys } from '../../lib/options.ts'

/** A contact, with the fields that the templates of its account name. */
export interface ContactOptions {
  /** `$contact_ID`. */
  readonly id: number
  /** `$email`. */
  readonly email?: string
  /** `$phone`, digits with a country code; a plus sign makes no difference. */
  readonly phone?: string
  /** Further fields, standard and additional: `{ name: 'Ann', city: 'Kyiv' }` are `$name` and `$city`. */
  readonly fields?: Readonly<Record<string, string>>
}

/** One of the three names that a contact goes by. */
export type ContactKey = { readonly id: number } | { readonly phone: string } | { readonly email: string }

/** An event that has happened. */
export interface EventOptions {
  /** What it is called by later. */
  readonly key: string
  /** `$data.get('param')`. Its contact is the one of `contactId`, `phone` or `email` among them, where there is one. */
  readonly params: Readonly<Record<string, unknown>>
}

export type Params = EventOptions['params']

export class Contacts {
  readonly #contacts: ContactOptions[] = []

  /** Takes the place of an earlier one with the same id. @throws OptionError for what is wrong or unknown */
  save(options: ContactOptions): void {
    const contact = checked(options)
    const at = this.#contacts.findIndex(({ id }) => id === contact.id)
    this.#contacts.splice(at < 0 ? this.#contacts.length : at, 1, contact)
  }

  /** @throws OptionError when nobody goes by that name */
  find(key: ContactKey): ContactOptions {
    knownKeys('contact', key, ['id', 'phone', 'email'])
    const found = this.#contacts.find((contact) => isCalled(contact, key))
    if (found === undefined) throw new OptionError('contact: nobody with that id, phone or email; save one first')
    return found
  }

  /** Of the contact that an event's parameters name; null where they name none that is known. */
  ofEvent({ contactId, phone, email }: Params): ContactOptions | null {
    const keys = [{ id: Number(contactId) }, { phone: String(phone) }, { email: String(email) }]
    return keys.map((key) => this.#contacts.find((contact) => isCalled(contact, key))).find(Boolean) ?? null
  }
}

function isCalled(contact: ContactOptions, key: ContactKey): boolean {
  if ('id' in key) return contact.id === key.id
  if ('phone' in key) return contact.phone !== undefined && digits(contact.phone) === digits(key.phone)
  return contact.email !== undefined && contact.email.toLowerCase() === String(key.email).toLowerCase()
}

const digits = (phone: unknown) => String(phone).replaceAll(/\D/g, '')

/** What templates see of a contact; keys in lower case. */
export function fieldsOf(contact: ContactOptions | null): ReadonlyMap<string, string> {
  if (contact === null) return new Map()
  const { id, email, phone, fields = {} } = contact
  const own = { ...fields, contact_ID: String(id), email, phone: phone === undefined ? undefined : digits(phone) }
  const given = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return new Map(given.map(([name, value]) => [name.toLowerCase(), value]))
}

function checked(options: ContactOptions): ContactOptions {
  knownKeys('saveContact', options, ['id', 'email', 'phone', 'fields'])
  const { id, email, phone, fields = {} } = options
  if (!(Number.isSafeInteger(id) && id > 0)) throw new OptionError('saveContact: id must be a whole number above 0')
  if (![email, phone].every((one) => one === undefined || (typeof one === 'string' && one !== '')))
    throw new OptionError('saveContact: email and phone must be texts that are not empty')
  if (isObject(fields) && Object.values(fields).every((value) => typeof value === 'string')) return options
  throw new OptionError('saveContact: fields must be names with texts')
}

/** The events of an account, by key. */
export class Events {
  readonly #params = new Map<string, Params>()

  /** @throws OptionError for what is wrong or unknown */
  save(options: EventOptions): void {
    knownKeys('saveEvent', options, ['key', 'params'])
    const { key, params } = options
    if (typeof key !== 'string' || key === '') throw new OptionError('saveEvent: key must be text that is not empty')
    if (!isObject(params)) throw new OptionError('saveEvent: params must be an object')
    this.#params.set(key, params)
  }

  /** @throws OptionError when there is no such event */
  find(key: string): Params {
    const params = this.#params.get(key)
    if (params === undefined) throw new OptionError('event: none with that key; save one first')
    return params
  }
}
