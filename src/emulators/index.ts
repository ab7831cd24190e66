/**
 * The senders themselves, for tests and demos without an account: exported as `posthorn/emulators`. Each behaves as its
 * documents say, over real HTTP, on a clock that a test moves.
 */

export type { BlockCall as EsputnikBlockCall } from './esputnik/block.ts'
export type {
  BlockBody as EsputnikBlockBody,
  BlockOptions as EsputnikBlockOptions,
  Connector as EsputnikConnector,
} from './esputnik/block-settings.ts'
export type {
  ContactKey as EsputnikContactKey,
  ContactOptions as EsputnikContactOptions,
  EventOptions as EsputnikEventOptions,
} from './esputnik/contacts.ts'
export type { Saved as EsputnikSaved } from './esputnik/emulator.ts'
export type { Status as EsputnikStatus } from './esputnik/statuses.ts'
export type { WebhookOptions as EsputnikWebhookOptions } from './esputnik/webhook.ts'
export type {
  EsputnikWorkflows,
  Launch as EsputnikLaunch,
  LaunchOptions as EsputnikLaunchOptions,
  TestOf as EsputnikTestOf,
} from './esputnik/workflows.ts'
export { type EsputnikEmulator, type EsputnikEmulatorOptions, emulateEsputnik } from './esputnik.ts'
export { type Scenario, type ScenarioName, type ScenarioOptions, scenario } from './faults/scenario.ts'
export { judge, type Verdict } from './faults/verdict.ts'
export {
  type EmulatorClock,
  type RealClockOptions,
  realClock,
  type Task as EmulatorTask,
  type VirtualClockOptions,
  virtualClock,
} from './kit/clock.ts'
export type { Duration as EmulatorDuration } from './kit/duration.ts'
export type { Emulator } from './kit/emulator.ts'
export type { InboundAttachment, InboundMail } from './kit/inbound-mail.ts'
export type { EmulatorReport, ReportedWebhook, WebhookState } from './kit/report.ts'
export type { Listening as EmulatorAddress, ListenOptions as EmulatorListenOptions } from './kit/server.ts'
export type { TrafficOptions } from './kit/traffic.ts'
export type {
  Answered as SenderAnswered,
  Fault,
  Manner as PostManner,
  Outcome as SenderOutcome,
  Post as SenderPost,
  Unanswered as SenderUnanswered,
  Wire,
} from './kit/wire.ts'
export type { EventType as MailjetEventType } from './mailjet/event-types.ts'
export { emulateMailjet, type MailjetEmulator, type MailjetEmulatorOptions } from './mailjet.ts'
export { emulateMomentum, type MomentumEmulatorOptions } from './momentum.ts'
export type { ConfiguredWebhook } from './msys/config-file.ts'
export type { MsysOptions as EmulatorOptions } from './msys/emulator.ts'
export { emulateSparkPost, type SparkPostEmulator, type SparkPostEmulatorOptions } from './sparkpost.ts'
