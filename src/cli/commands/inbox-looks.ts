import type { Done } from '../exit.ts'
import { personOf } from '../values.ts'
import { FILTER, filterOf, ofInbox, ofList, ofRows, ofTimeline, ofWatched, URL_OPTION } from './inbox-options.ts'

const statsCommand = (done: Done) =>
  ofWatched('stats', 'counts: what waits, what died, what could not be read')
    .addOption(URL_OPTION())
    .action(async (options) => {
      const { url } = options
      if (url !== undefined) {
        const { stats } = await import('../inbox/elsewhere/stats.ts')
        return done(await stats({ ...options, url }))
      }
      const { stats } = await import('../inbox/look.ts')
      done(await stats(options))
    })

const lsCommand = (done: Done) =>
  ofList('ls', 'deliveries, the newest first')
    .addOption(URL_OPTION())
    .argument(...FILTER)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('deliveries', filterOf(words, options), { ...options, url }))
      }
      const { ls } = await import('../inbox/look.ts')
      done(await ls(filterOf(words, options), options))
    })

const showCommand = (done: Done) =>
  ofInbox('show', 'one delivery, or one event, with all that is known of it')
    .addOption(URL_OPTION())
    .description('Shows one delivery, or one event. Ends with 1 when there is none of that id.')
    .argument('<id>', 'of a delivery, d_…, or of an event, d_….3')
    .option('--body', 'of a delivery: its bytes as they came, and nothing else', false)
    .action(async (id, options) => {
      const { url } = options
      if (url !== undefined) {
        const { show } = await import('../inbox/elsewhere/show.ts')
        return done(await show(id, { ...options, url }))
      }
      const { show } = await import('../inbox/show.ts')
      done(await show(id, options))
    })

const eventsCommand = (done: Done) =>
  ofList('events', 'events, the newest first: stored deliveries are read for it')
    .addOption(URL_OPTION())
    .argument(...FILTER)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('events', filterOf(words, options), { ...options, url }))
      }
      const { events } = await import('../inbox/events.ts')
      done(await events(filterOf(words, options), options))
    })

const messageCommand = (done: Done) =>
  ofTimeline('message', 'what became of one mail, in the order in which it happened')
    .addOption(URL_OPTION())
    .description('Reads the deliveries in range for the events of one mail. Ends with 1 when there are none.')
    .argument('<id>', 'event.messageId of its events')
    .argument(...FILTER)
    .action(async (id, words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('message', filterOf(words, options), { ...options, url }, id))
      }
      const { message } = await import('../inbox/events.ts')
      done(await message(id, filterOf(words, options), options))
    })

const personCommand = (done: Done) =>
  ofTimeline('person', 'what happened with one person, and whether they may be written to')
    .addOption(URL_OPTION())
    .description('Searches the deliveries in range for one address. Ends with 1 when nothing is stored of it.')
    .argument('<address>', 'in any writing', personOf)
    .argument(...FILTER)
    .action(async (address, words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('person', filterOf(words, options), { ...options, url }, address))
      }
      const { person } = await import('../inbox/events.ts')
      done(await person(address, filterOf(words, options), options))
    })

const deadCommand = (done: Done) =>
  ofList('dead', 'dead letters: events that a handler failed at for good')
    .addOption(URL_OPTION())
    .argument(...FILTER)
    .option('--group', 'how many of each handler and error', false)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { deadGroups, list } = await import('../inbox/elsewhere/list.ts')
        const said = filterOf(words, options)
        return done(
          await (options.group ? deadGroups(said, { ...options, url }) : list('dead', said, { ...options, url })),
        )
      }
      const { dead } = await import('../inbox/look.ts')
      done(await dead(filterOf(words, options), options))
    })

const quarantineCommand = (done: Done) =>
  ofList('quarantine', 'what could not be read')
    .addOption(URL_OPTION())
    .argument(...FILTER)
    .action(async (words, options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('quarantine', filterOf(words, options), { ...options, url }))
      }
      const { quarantine } = await import('../inbox/look.ts')
      done(await quarantine(filterOf(words, options), options))
    })

const handlersCommand = (done: Done) =>
  ofRows('handlers', 'every handler the inbox has known: its dead letters, its pause, when it was last seen')
    .addOption(URL_OPTION())
    .action(async (options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('handlers', {}, { ...options, url }))
      }
      const { handlers } = await import('../inbox/handlers.ts')
      done(await handlers(options))
    })

const sendersCommand = (done: Done) =>
  ofRows('senders', 'the sources, and the newest delivery of each')
    .addOption(URL_OPTION())
    .action(async (options) => {
      const { url } = options
      if (url !== undefined) {
        const { list } = await import('../inbox/elsewhere/list.ts')
        return done(await list('senders', {}, { ...options, url }))
      }
      const { senders } = await import('../inbox/handlers.ts')
      done(await senders(options))
    })

export const inboxLooks = [
  statsCommand,
  lsCommand,
  showCommand,
  eventsCommand,
  messageCommand,
  personCommand,
  deadCommand,
  quarantineCommand,
  handlersCommand,
  sendersCommand,
]
