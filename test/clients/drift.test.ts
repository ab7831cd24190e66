import { emulateMomentum, emulateSparkPost } from 'posthorn/emulators'
import { describe, expect, it, onTestFinished } from 'vitest'
import { catalogueDrift, momentumWebhooks } from '../../src/clients/index.ts'
import { json, refusalOf, sender } from './kit.ts'

async function emulated(create: typeof emulateSparkPost | typeof emulateMomentum, options = {}) {
  const emulator = create({ apiKey: 'key', ...options })
  onTestFinished(() => emulator.close())
  return momentumWebhooks({ baseUrl: (await emulator.listen()).url, apiKey: 'key' })
}

describe('the catalogue beside the documentation of the sender', () => {
  it.each([
    ["SparkPost's cloud", emulateSparkPost, {}],
    ['SparkPost Elite', emulateSparkPost, { edition: 'elite' }],
  ] as const)('is the same for %s as emulated', async (_, create, options) => {
    const client = await emulated(create, options)
    const drift = await catalogueDrift({ client })
    expect(drift).toMatchObject({ newTypes: [], newFields: [], changedSamples: [], hasDrift: false })
    expect(drift.text()).toMatch(/^No drift\./)
  })

  it('lacks what emulated Momentum alone puts on unsubscribes', async () => {
    const drift = await catalogueDrift({ client: await emulated(emulateMomentum) })
    expect(drift).toMatchObject({ newTypes: [], changedSamples: [] })
    expect(drift.newFields.map(({ event, name }) => [event, name])).toEqual([
      ['unsubscribe_event.list_unsubscribe', 'node_name'],
      ['unsubscribe_event.link_unsubscribe', 'node_name'],
    ])
  })

  it('tells new types, new fields and changed samples', async () => {
    const client = await emulated(emulateSparkPost)
    const documented = await client.eventDocumentation()
    const samples = structuredClone(await client.eventSamples()) as { msys: Record<string, Record<string, unknown>> }[]
    const sampleOf = (type: string) =>
      samples.flatMap(({ msys }) => Object.values(msys)).find((one) => one.type === type) ?? {}
    const field = { name: 'ai_summary', description: 'What a machine made of it.', sample: 'yes' }
    const changed = {
      eventDocumentation: async () => [
        ...documented.map((one) => (one.type === 'click' ? { ...one, fields: [...one.fields, field] } : one)),
        { class: 'track_event', type: 'hover', title: 'Hover', description: '', fields: [field] },
      ],
      eventSamples: async () => samples,
    }
    samples.push({ msys: { track_event: { type: 'hover', event_id: '92356927693813856', timestamp: '1460989507' } } })
    sampleOf('bounce').brand_new = 'in the sample alone'
    sampleOf('delivery').event_id = 'an id of a real event'
    sampleOf('open').geo_ip = 'no object any more'
    sampleOf('delay').timestamp = 'yesterday'
    const drift = await catalogueDrift({ client: changed })
    expect(drift.newTypes).toMatchObject([{ class: 'track_event', type: 'hover' }])
    expect(drift.newFields).toEqual([
      { event: 'track_event.click', ...field },
      { event: 'message_event.bounce', name: 'brand_new', description: '', sample: 'in the sample alone' },
    ])
    expect(drift.changedSamples.map(({ event }) => event).sort()).toEqual([
      'message_event.delay',
      'message_event.delivery',
      'track_event.open',
    ])
    expect(drift.hasDrift).toBe(true)
    expect(drift.text()).toContain(
      'new type track_event.hover: ai_summary\nnew field track_event.click ai_summary: What a',
    )
    expect(drift.text()).not.toContain('no object any more')
  })

  it('has the error of the sender, and refuses what is no client', async () => {
    const { url } = await sender(json(404, {}))
    const client = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
    expect(await refusalOf(catalogueDrift({ client }))).toMatchObject({ code: 'ERR_API_NOT_FOUND' })
    await expect(catalogueDrift({ client: {} as never })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(catalogueDrift({ client, clients: [] } as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
