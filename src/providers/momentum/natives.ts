/** The native types at run time: how each is found, checked and read. Private. */
import type { Meaning } from '../kit/meaning.ts'
import type { SlotsCheck } from '../kit/problem.ts'
import type { Slots } from '../kit/slots.ts'
import { readBounce, readDelay, readRejection } from './bounce.ts'
import { catalogue } from './catalogue.ts'
import { readClick, readOpen, readUnsubscribe } from './engagement.ts'
import { RAW_NAMES } from './raw-names.ts'
import { readRelayMessage } from './relay-message.ts'
import { checks } from './validate.generated.ts'

type Name = keyof typeof catalogue

export interface Native {
  readonly name: Name
  /** The sender's words: class and type, as far as they were sent. */
  readonly nativeType: string
  readonly check: SlotsCheck
  readonly read: (slots: Slots) => Meaning
}

const always = (type: PlainType, effect: 'suppress' | 'none' = 'none') => {
  const meaning = Object.freeze({ type, effect, details: null })
  return (): Meaning => meaning
}
type PlainType = Extract<Meaning, { readonly details: null }>['type']

const DELIVERED: Meaning = Object.freeze({ type: 'delivered', effect: 'none', details: Object.freeze({ smtp: null }) })

const NO_MAIL: Meaning = Object.freeze({ type: 'inbound', effect: 'none', details: Object.freeze({ mail: null }) })

const READERS: Readonly<Record<Name, (slots: Slots) => Meaning>> = {
  'momentum.bounce': readBounce,
  'momentum.out_of_band': readBounce,
  'momentum.delivery': () => DELIVERED,
  'momentum.injection': always('queued'),
  'momentum.sms_status': always('message_status'),
  'momentum.spam_complaint': always('complained', 'suppress'),
  'momentum.policy_rejection': readRejection,
  'momentum.delay': readDelay,
  'momentum.open': readOpen('bottom', false),
  'momentum.initial_open': readOpen('top', false),
  'momentum.click': readClick,
  'momentum.amp_open': readOpen('bottom', true),
  'momentum.amp_initial_open': readOpen('top', true),
  'momentum.amp_click': readClick,
  'momentum.generation_failure': always('failed'),
  'momentum.generation_rejection': readRejection,
  'momentum.list_unsubscribe': readUnsubscribe,
  'momentum.link_unsubscribe': readUnsubscribe,
  'momentum.relay_injection': () => NO_MAIL,
  'momentum.relay_rejection': always('inbound_failed'),
  'momentum.relay_delivery': always('inbound_delivered'),
  'momentum.relay_tempfail': always('inbound_failed'),
  'momentum.relay_permfail': always('inbound_failed'),
  'momentum.relay_message': readRelayMessage,
  'momentum.ab_test_completed': always('system'),
  'momentum.ab_test_cancelled': always('system'),
  'momentum.ingest_success': always('system'),
  'momentum.ingest_error': always('system'),
  'momentum.ad_adjust': always('system'),
  'momentum.ad_status': always('system'),
}

const CLASS_AND_TYPE = Object.entries(catalogue).map(([name, { schema }]) => {
  const [nativeClass = '', type = ''] = schema.split('.')
  return { name: name as Name, nativeClass, type }
})

/** Native types by class, then by type, public and raw; the class without types has one under the empty text. */
export const BY_CLASS: ReadonlyMap<string, ReadonlyMap<string, Native>> = byClass()

/** Native types that their type alone tells: not `success` and `error`, which any class may have. */
export const BY_TYPE: ReadonlyMap<string, Native> = byType(wordsFor)

/**
 * The same where another class than theirs stands around them: by their public names only, since `list` and `link` are
 * words that a class nobody knows may use for anything, and what they mean asks for an unsubscription.
 */
export const BY_PUBLIC_TYPE: ReadonlyMap<string, Native> = byType((type) => [type])

/** The native name of what the sender calls so: `track_event.click`, or a type such as `inband`. */
export function nameOf(nativeType: string): string | undefined {
  const [nativeClass = '', type = ''] = nativeType.split('.')
  return (BY_CLASS.get(nativeClass)?.get(type) ?? BY_TYPE.get(nativeType))?.name
}

function byClass() {
  const classes = new Map<string, Map<string, Native>>()
  for (const { name, nativeClass, type } of CLASS_AND_TYPE) {
    const types = classes.get(nativeClass) ?? new Map<string, Native>()
    classes.set(nativeClass, types)
    for (const word of wordsFor(type))
      types.set(word, nativeOf(name, word === '' ? nativeClass : `${nativeClass}.${word}`))
  }
  return classes
}

function byType(words: (type: string) => readonly string[]) {
  const types = new Map<string, Native>()
  for (const { name, nativeClass, type } of CLASS_AND_TYPE)
    if (type !== '' && nativeClass !== 'ingest_event')
      for (const word of words(type)) types.set(word, nativeOf(name, word))
  return types
}

/** The type and its raw names. */
function wordsFor(type: string): string[] {
  return [type, ...Object.entries(RAW_NAMES).flatMap(([raw, known]) => (known === type ? [raw] : []))]
}

function nativeOf(name: Name, nativeType: string): Native {
  return { name, nativeType, check: checks[catalogue[name].schema], read: READERS[name] }
}
