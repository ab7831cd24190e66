/** Schemas without the receiver: to check a body, to type what a queue carries, to keep fixtures right. */
import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import clickSchema from 'posthorn/schemas/momentum/strict/track_event.click.json' with { type: 'json' }
import { mailjetBody, momentumBatch, momentumTrackEvent, normalisedEvent } from 'posthorn/zod'
import * as strict from 'posthorn/zod/strict'
import type { z } from 'zod'

// A body: always a list, each event typed by its word.
export function links(body: unknown): string[] {
  return momentumBatch.parse(body).flatMap(({ msys }) => {
    const event = msys.track_event
    return event?.type === 'click' && event.target_link_url ? [event.target_link_url] : []
  })
}

// A class: one event of it, without the envelope.
export type TrackEvent = z.infer<typeof momentumTrackEvent>
export const isTrackEvent = (value: unknown): value is TrackEvent => momentumTrackEvent.safeParse(value).success

// JSON.parse rounds integers beyond 2^53, as Mailjet's MessageID; this keeps their digits, as text.
const exact = (_name: string, value: unknown, { source }: { readonly source: string }) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? source : value

export function messageIds(text: string): Array<string | undefined> {
  const body: unknown = JSON.parse(text, exact as Parameters<typeof JSON.parse>[1])
  return mailjetBody.parse(body).map((event) => event.MessageID)
}

// A fixture: checked by the compiler as it is written, and by the strict schema as it is loaded.
export const fixture: z.input<typeof strict.momentumClick> = {
  type: 'click',
  timestamp: '1780000000',
  message_id: '65f8c1f4185d8e3a7b21',
  target_link_url: 'https://shop.example/sale',
}
strict.momentumClick.parse(fixture)

// The same with ajv, in its strict mode.
const isClick = new Ajv2020({ strict: true }).compile(clickSchema)
export async function checkFile(path: string): Promise<void> {
  const click: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!isClick(click)) throw new Error(`${path}: ${JSON.stringify(isClick.errors)}`)
}

// What a handler put on a queue as JSON: dates are dates again, and the type narrows.
export function fromQueue(text: string): string {
  const event = normalisedEvent.parse(JSON.parse(text))
  return event.type === 'bounced' ? `${event.email} bounced, ${event.bounce.kind}` : event.occurredAt.toISOString()
}
