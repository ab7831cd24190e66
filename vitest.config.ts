import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { threads } from './scripts/threads.ts'

// Tests start many threads and processes on the sources; compiling those once halves the start of each.
process.env.NODE_COMPILE_CACHE ??= new URL('./node_modules/.cache/compile', import.meta.url).pathname

const src = (path: string) => new URL(`./src/${path}`, import.meta.url).pathname

const SENDERS = readdirSync(src('providers')).join('|')

export default defineConfig({
  plugins: [threads],
  resolve: {
    alias: [
      { find: /^posthorn$/, replacement: src('index.ts') },
      { find: new RegExp(`^posthorn/(${SENDERS})$`), replacement: src('providers/$1/index.ts') },
      { find: 'posthorn/sparkpost', replacement: src('providers/momentum/sparkpost.ts') },
      {
        find: /^posthorn\/(alerts|auth|dashboard|health|otel|prometheus|read|testing|emulators|clients|forwarders\/\w+|zod|zod\/strict)$/,
        replacement: src('$1/index.ts'),
      },
      { find: 'posthorn/memory', replacement: src('inboxes/memory/index.ts') },
      { find: 'posthorn/sqlite', replacement: src('inboxes/sqlite/index.ts') },
      { find: 'posthorn/postgres', replacement: src('inboxes/postgres/index.ts') },
      { find: 'posthorn/sharded', replacement: src('inboxes/sharded/index.ts') },
      { find: /^posthorn\/(node|express|fastify)$/, replacement: src('adapters/$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs: a slow machine takes long for a test that is right.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Most wait for disks, sockets and other processes: two at once even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
