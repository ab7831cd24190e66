/** The configuration of `posthorn serve`. Types only, exported from `posthorn`. */
import type { DashboardOptions } from '../ports/board.ts'
import type { EventsOf, ReceiverOptions, Sources } from './options.ts'
import type { Receiver } from './receiver.ts'

/** Where `posthorn serve` listens. */
export interface ServeOptions {
  /** Default 3_000; `--port` wins. 0: any that is free. */
  readonly port?: number
  /** Default: every address of the machine; `--host` wins. */
  readonly host?: string
  /** What stands before the name of a source in its address. Default `/webhooks`. */
  readonly prefix?: string
  /**
   * What stands at `--ops-port` beside `/live`, `/ready` and `/metrics`, which ask for no credentials. Default: a
   * dashboard that answers this machine alone; false: none.
   */
  readonly dashboard?: DashboardOptions | false
  /**
   * Where `--ops-port` listens. Default: this machine alone, 127.0.0.1 and ::1. Another address asks for `dashboard.auth`, or for
   * `dashboard: false`; `--ops-host` wins.
   */
  readonly opsHost?: string
}

/** The options of `createReceiver`, and what `posthorn serve` needs beside them; the command decides `role`. */
export interface PosthornConfig<S extends Sources = Sources> extends Omit<ReceiverOptions<S>, 'role'> {
  /** Registers the handlers, before the start. Without it nothing is handled: deliveries wait. */
  readonly setup?: (receiver: Receiver<EventsOf<S>, keyof S & string>) => void | Promise<void>
  readonly serve?: ServeOptions
}
