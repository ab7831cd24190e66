import type { Done } from '../exit.ts'
import { FILTER, filterOf, ofInbox, ofList, ofRows, ofTimeline, ofWatched } from './inbox-options.ts'

const statsCommand = (done: Done) =>
  ofWatched('stats', 'counts: what waits, what died, what could not be read').action(async (options) => {
    const { stats } = await import('../inbox/look.ts')
    done(await stats(options))
  })

const lsCommand = (done: Done) =>
  ofList('ls', 'deliveries, the newest first')
    .argument(...FILTER)
    .action(async (words, options) => {
      const { ls } = await import('../inbox/look.ts')
      done(await ls(filterOf(words, options), options))
    })

const showCommand = (done: Done) =>
  ofInbox('show', 'one delivery, or one event, with all that is known of it')
    .description('Shows one delivery, or one event. Ends with 1 when there is none of that id.')
    .argument('<id>', 'of a delivery, d_…, or of an event, d_….3')
    .option('--body', 'of a delivery: its bytes as they came, and nothing else', false)
    .action(async (id, options) => {
      const { show } = await import('../inbox/show.ts')
      done(await show(id, options))
    })

const eventsCommand = (done: Done) =>
  ofList('events', 'events, the newest first: stored deliveries are read for it')
    .argument(...FILTER)
    .action(async (words, options) => {
      const { events } = await import('../inbox/events.ts')
      done(await events(filterOf(words, options), options))
    })

const messageCommand = (done: Done) =>
  ofTimeline('message', 'what became of one mail, in the order in which it happened')
    .description('Reads the deliveries in range for the events of one mail. Ends with 1 when there are none.')
    .argument('<id>', 'event.messageId of its events')
    .argument(...FILTER)
    .action(async (id, words, options) => {
      const { message } = await import('../inbox/events.ts')
      done(await message(id, filterOf(words, options), options))
    })

const personCommand = (done: Done) =>
  ofTimeline('person', 'what happened with one person, and whether they may be written to')
    .description('Searches the deliveries in range for one address. Ends with 1 when nothing is stored of it.')
    .argument('<address>', 'in any writing')
    .argument(...FILTER)
    .action(async (address, words, options) => {
      const { person } = await import('../inbox/events.ts')
      done(await person(address, filterOf(words, options), options))
    })

const deadCommand = (done: Done) =>
  ofList('dead', 'dead letters: events that a handler failed at for good')
    .argument(...FILTER)
    .option('--group', 'how many of each handler and error', false)
    .action(async (words, options) => {
      const { dead } = await import('../inbox/look.ts')
      done(await dead(filterOf(words, options), options))
    })

const quarantineCommand = (done: Done) =>
  ofList('quarantine', 'what could not be read')
    .argument(...FILTER)
    .action(async (words, options) => {
      const { quarantine } = await import('../inbox/look.ts')
      done(await quarantine(filterOf(words, options), options))
    })

const handlersCommand = (done: Done) =>
  ofRows('handlers', 'every handler the inbox has known: its dead letters, its pause, when it was last seen').action(
    async (options) => {
      const { handlers } = await import('../inbox/handlers.ts')
      done(await handlers(options))
    },
  )

const sendersCommand = (done: Done) =>
  ofRows('senders', 'the sources, and the newest delivery of each').action(async (options) => {
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
