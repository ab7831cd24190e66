/** Posthorn: receives e-mail event webhooks, stores them durably, answers at once, handles them at least once. */
export type { BatchFailures, Context } from './core/handlers.ts'
export type { Auth, Inbox, ReceiverLike, Source } from './core/ports.ts'
export type {
  BatchHandler,
  BatchOptions,
  EventOf,
  EventsOf,
  Filter,
  Handler,
  HandlerOptions,
  Health,
  Hooks,
  InboxControl,
  InboxStats,
  Limits,
  Matched,
  NameOf,
  Options,
  Receiver,
  Sources,
} from './core/public.ts'
export { createReceiver } from './core/receiver.ts'
export { type AnswerCode, type ErrorCode, OptionError, PermanentError, PosthornError, RetryLater } from './errors.ts'
export { field } from './lib/field.ts'
export type * from './types.ts'
