import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { wholeNumberOf } from '../values.ts'

export const serveCommand = (done: Done) =>
  new Command('serve')
    .summary('a receiver by its configuration, without a program of your own')
    .description(
      'Runs the receiver that posthorn.config.ts describes (defineConfig from posthorn): sources, inbox, handlers. Says ready: and the address of each source, and runs until a signal.',
    )
    .option('--config <file>', 'the configuration; default: posthorn.config.ts, .js or .mjs in this folder')
    .option('--postgres <url>', 'the inbox in this database, in the place of that of the configuration')
    .option('--schema <name>', 'with --postgres: its schema; default: posthorn')
    .option(
      '--port <port>',
      'where it listens; default: that of the configuration, or 3000',
      wholeNumberOf('--port', 0, 65_535),
    )
    .option('--host <address>', 'on which address; default: that of the configuration, or every one')
    .option(
      '--ops-port <port>',
      'where the dashboard is, and /live, /ready and, with prom-client installed, /metrics are answered',
      wholeNumberOf('--ops-port', 0, 65_535),
    )
    .option(
      '--ops-host <address>',
      'on which address that is; default: this machine alone; another one asks for serve.dashboard.auth in the configuration',
    )
    .option('--check', 'opens nothing: ends with 0 when the configuration and its secrets can be served', false)
    .option('--json', 'one JSON object in the place of the line', false)
    .action(async (options) => {
      const { serve } = await import('../serve.ts')
      done(await serve(options))
    })
