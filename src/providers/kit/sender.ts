/** What the folder of a sender says of it to the command line, the samples and the documents: its `sender.ts`. Private. */
import type { Auth } from '../../ports/auth.ts'
import type { Source } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { Catalogue } from './catalogue.ts'
import type { Make } from './fresh.ts'
import type { Fields, Samples } from './samples.ts'

declare const events: unique symbol

export interface Sender<out E extends AnyEvent = AnyEvent> {
  /** The name of its folder, which is the first word of its event names. */
  readonly name: string
  /** As documents call it. */
  readonly title: string
  readonly catalogue: Catalogue
  /** Makers of its sources, by the word that the command line has for each. */
  readonly sources: Readonly<Record<string, MakeSource>>
  /** One set for each kind of body. */
  readonly samples: readonly SampleSet[]
  readonly [events]?: E
}

/** `timeZone` is that of times without a zone. */
export type MakeSource = (auth: Auth, timeZone: string) => Source<AnyEvent>

/** The events of senders, as types. */
export type EventOf<S> = S extends Sender<infer E> ? E : never

export interface SampleSet {
  /** The source that reads them. */
  readonly source: MakeSource
  readonly samples: Samples
  /** The fields that are made anew in each event. */
  readonly fresh: Readonly<Record<string, Make>>
  /** One event in each post, and no list around it. */
  readonly isBare?: boolean
  /** Fields that follow from those that are given. */
  follow?(payload: Fields): Fields
  /** The JSON text of one element of a body, from the fields of an event; its name tells what they do not. */
  wire(fields: Fields, name?: string): string
}

/** The samples with `<provider>.unknown`, which has none of its own: it is another event under a word that nobody knows. */
export function withUnknown(provider: string, like: Fields, word: Fields, samples: Samples): Samples {
  return { ...samples, [`${provider}.unknown`]: { unknown: { ...like, ...word } } }
}
