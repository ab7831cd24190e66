/** Clients of the senders' own APIs, for setting webhooks up and for what they lost: exported as `posthorn/clients`. */

export { ApiError, type ApiErrorCode, type TargetAnswer } from './api/api-error.ts'
export type { PullClient, PullOptions, PullPage } from './api/pull.ts'
export type { CallOptions } from './api/settings.ts'
export {
  type EsputnikActivity,
  type EsputnikActivityOptions,
  type EsputnikApiOptions,
  esputnikActivity,
} from './esputnik/activity.ts'
export type { HookChange, HookDifference, HookSender, TestedHook, UnknownHook } from './hooks/change.ts'
export type { HookDefinitions, MailjetHook, MomentumHook } from './hooks/definition.ts'
export { defineHooks, type Hooks } from './hooks/index.ts'
export type { Applied, ApplyOptions, FailedChange, HookPlan } from './hooks/plan.ts'
export type { Probed } from './hooks/probe.ts'
export type { Rotated, RotateOptions } from './hooks/rotate.ts'
export {
  type RotateSecretOptions,
  type RotatingReceiver,
  rotateSecret,
  type SecretRotation,
} from './hooks/rotate-secret.ts'
export type { MailjetApiOptions } from './mailjet/api.ts'
export type { AddressLogin, MailjetCallback, MailjetHookEvent } from './mailjet/callback.ts'
export {
  type EnsuredCallback,
  type MailjetCallbackSettings,
  type MailjetEventCallbacks,
  mailjetEventCallbacks,
} from './mailjet/event-callbacks.ts'
export {
  type MailjetParseRoute,
  type MailjetParseRouteSettings,
  type MailjetParseRoutes,
  mailjetParseRoutes,
} from './mailjet/parse-routes.ts'
export type { MomentumApiOptions } from './momentum/api.ts'
export type { FoundAuth, MomentumHookAuth } from './momentum/auth.ts'
export type { BatchStatus } from './momentum/batch-status.ts'
export { type ConfiguredMomentumWebhook, momentumWebhooksFile } from './momentum/config-file.ts'
export type { DocumentedEvent, DocumentedField } from './momentum/documentation.ts'
export {
  type CatalogueDrift,
  type ChangedSample,
  catalogueDrift,
  type DriftOptions,
  type NewField,
} from './momentum/drift.ts'
export type { MomentumHookEvent } from './momentum/event-types.ts'
export { type SparkPostEvents, type SparkPostEventsOptions, sparkpostEvents } from './momentum/events.ts'
export type { WebhookLink } from './momentum/links.ts'
export {
  type MomentumRelayWebhooks,
  momentumRelayWebhooks,
  type RelayHookAuth,
  type RelayWebhook,
  type RelayWebhookSettings,
} from './momentum/relay-webhooks.ts'
export type { MomentumWebhook, MomentumWebhookPatch, MomentumWebhookSettings } from './momentum/webhook.ts'
export {
  type BatchStatusOptions,
  type EventSamplesOptions,
  type MomentumWebhooks,
  momentumWebhooks,
  type SavedWebhook,
  type ValidateOptions,
} from './momentum/webhooks.ts'
export { type BackfillOptions, type BackfillProgress, type BackfillReport, backfill } from './repair/backfill.ts'
export type { RepairedReceiver } from './repair/receiver.ts'
export {
  type ArrivedBatch,
  type LostBatch,
  type ReconcileOptions,
  type ReconcileReport,
  reconcile,
} from './repair/reconcile.ts'
