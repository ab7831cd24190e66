/** Posthorn: receives e-mail event webhooks, stores them durably, answers at once, handles them at least once. */

export { defineConfig } from './core/config.ts'
export { createReceiver } from './core/receiver.ts'
export { ACK_BUCKETS_MS } from './core/tell/ack-buckets.ts'
export type { MetricEvents } from './core/tell/channels.ts'
export {
  type AnswerCode,
  type ErrorCode,
  FilterError,
  OptionError,
  PermanentError,
  PosthornError,
  RetryLater,
} from './errors.ts'
export { canonicalEmail } from './lib/email.ts'
export { field } from './lib/field.ts'
export type { Auth } from './ports/auth.ts'
export type { ReceiverLike } from './ports/host.ts'
export type { Inbox } from './ports/inbox/index.ts'
export type {
  CallAbout,
  CallEnd,
  Instrument,
  PassAbout,
  PassSummary,
  SettleAbout,
  SettleEnd,
  StoreAbout,
  StoreEnd,
} from './ports/instrument.ts'
export type { Source } from './ports/provider.ts'
export type { PosthornConfig, ServeOptions } from './public/config.ts'
export type {
  BatchFailures,
  BatchHandler,
  BatchOptions,
  EventHandler,
  HandlerContext,
  HandlerOptions,
  Matched,
  NameOf,
} from './public/handlers.ts'
export type {
  DeadLetterFilter,
  DeliveryFilter,
  DifferenceFilter,
  DropFilter,
  EraseOptions,
  EraseReport,
  EventFilter,
  Everything,
  InboxControl,
  InboxStats,
  PausedHandler,
  PersonalRecord,
  PersonFilter,
  PruneReport,
  QuarantineFilter,
  ReparseDifference,
  ReparseFilter,
  ReplayFilter,
  ReplayOptions,
  ReplayProgress,
  ReplayReport,
  RetryFilter,
  StoredEvent,
  VerbOptions,
  VerbReport,
} from './public/inbox.ts'
export type {
  CredentialHistory,
  EventOptions,
  InboxAction,
  ListOptions,
  ListProgress,
  LookFilter,
  LookOptions,
  LookProgress,
  MessageHistory,
  TallyCount,
  TallyFilter,
} from './public/look.ts'
export type {
  EventsOf,
  Hooks,
  ReceiverLimits,
  ReceiverOptions,
  ReceiverRole,
  RetentionDuration,
  RetentionOptions,
  Sources,
} from './public/options.ts'
export type { CredentialUse, EventOf, Health, Metrics, Receiver } from './public/receiver.ts'
export type * from './types.ts'
